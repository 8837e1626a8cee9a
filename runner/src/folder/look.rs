//! What a file is, by its first bytes, and whether the project can show it.

use datacrowd_job::halt::Halt;
use datacrowd_protocol::{files::ListedFile, labeling::DataType};
use imagesize::ImageSize;
use serde::Serialize;

use super::{companion, head::Heads};

/// First bytes that tell what a file is.
const HEAD: usize = 4 * 1024;
/// First bytes of an image that hides its size behind a preview or a colour profile.
const LONG_HEAD: usize = 256 * 1024;
/// Most pixels of an image that a browser shows without pain.
const MOST_PIXELS: usize = 40_000_000;

/// Looks at files.
#[derive(Clone)]
pub(super) struct Look {
    pub heads: Heads,
    /// As what the project shows files.
    pub shown: Option<DataType>,
}

/// The columns that come from the file itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Columns<'a> {
    file: &'a str,
    name: &'a str,
    size_bytes: i64,
    media_type: &'a str,
    etag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<usize>,
}

impl Look {
    /// The file's columns as a line of JSON, or why it becomes no task.
    pub(super) async fn at(&self, file: &ListedFile) -> Result<Result<String, String>, Halt> {
        let refused = |why: &str| Ok(Err(why.to_owned()));
        let Some(url) = &file.url else {
            return refused("has a name that no link can hold; rename it");
        };
        if file.size_bytes == 0 {
            return refused("is empty");
        }
        let etag = Some(file.etag.as_str());
        let gone =
            "was replaced or removed while the folder was read; it can come in a new Dataset";
        let Some(head) = self.heads.read(&file.uri, url, etag, HEAD).await? else {
            return refused(gone);
        };
        let media_type = media_type(&head);
        if let Some(why) = self.shown.and_then(|shown| unfit(shown, media_type)) {
            return Ok(Err(why));
        }
        let mut size = dimensions(media_type, &head);
        if size.is_none() && media_type.starts_with("image/") && head.len() == HEAD {
            let Some(head) = self.heads.read(&file.uri, url, etag, LONG_HEAD).await? else {
                return refused(gone);
            };
            size = dimensions(media_type, &head);
        }
        if let Some(why) = image_refusal(media_type, size) {
            return Ok(Err(why));
        }
        let columns = Columns {
            file: &file.uri,
            name: &file.name,
            size_bytes: file.size_bytes,
            media_type,
            etag: &file.etag,
            width: size.map(|size| size.width),
            height: size.map(|size| size.height),
        };
        let line = serde_json::to_string(&columns).expect("texts and numbers always serialise");
        companion::add(&self.heads, file, line).await
    }
}

/// What the bytes are, whatever the name says.
fn media_type(head: &[u8]) -> &'static str {
    let text = as_text(head);
    if text.is_some_and(|text| text.contains("<svg")) {
        return "image/svg+xml";
    }
    match infer::get(head) {
        Some(kind) => kind.mime_type(),
        None if text.is_some() => "text/plain",
        None => "application/octet-stream",
    }
}

/// The bytes as text, also where they end within a letter.
fn as_text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

/// Why the project cannot show a file of this kind as it says it does.
fn unfit(shown: DataType, media_type: &str) -> Option<String> {
    if shown == DataType::Image && media_type == "image/svg+xml" {
        return Some("is an SVG, which may hold script; convert it to PNG".to_owned());
    }
    let is = |kind: &str| media_type.starts_with(kind);
    let (fits, wanted) = match shown {
        DataType::Image => (is("image/"), "an image"),
        // A recording may come in a container for video.
        DataType::Audio => (is("audio/") || is("video/"), "audio"),
        DataType::Video => (is("audio/") || is("video/"), "video"),
        _ => return None,
    };
    let what = match media_type {
        "application/octet-stream" => "of no known kind",
        known => known,
    };
    (!fits).then(|| format!("is {what}, not {wanted}"))
}

fn dimensions(media_type: &str, head: &[u8]) -> Option<ImageSize> {
    let is_image = media_type.starts_with("image/");
    is_image.then(|| imagesize::blob_size(head).ok())?
}

/// Why an image becomes no task: it would stall whoever opens it, or nobody can open it.
fn image_refusal(media_type: &str, size: Option<ImageSize>) -> Option<String> {
    // These begin with their size.
    let begins_with_size = matches!(
        media_type,
        "image/png" | "image/gif" | "image/bmp" | "image/webp"
    );
    match size {
        None if begins_with_size => Some(format!("is {media_type} with a damaged header")),
        Some(ImageSize { width, height }) if width.saturating_mul(height) > MOST_PIXELS => Some(
            format!("has {width} × {height} pixels, more than 40 million; make it smaller"),
        ),
        Some(ImageSize { width, height }) if width == 0 || height == 0 => {
            Some(format!("is {media_type} with a damaged header"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0]);
        bytes
    }

    #[test]
    fn the_bytes_tell_and_not_the_name() {
        for (head, is) in [
            (&b"RIFF\x24\0\0\0WAVEfmt "[..], "audio/x-wav"),
            (b"fLaC\0\0\0\x22", "audio/x-flac"),
            (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0OpusHead",
                "audio/opus",
            ),
            (&png(3, 2), "image/png"),
            (b"a plain note", "text/plain"),
            (b"<?xml version='1.0'?><svg onload='x'/>", "image/svg+xml"),
            (b"\0\x01\x02\x03\xff", "application/octet-stream"),
        ] {
            assert_eq!(media_type(head), is);
        }
    }

    #[test]
    fn a_file_that_cannot_be_shown_says_what_it_is() {
        let (image, audio) = (DataType::Image, DataType::Audio);
        for (shown, kind, why) in [
            (audio, "audio/x-wav", None),
            (audio, "video/webm", None),
            (audio, "text/plain", Some("is text/plain, not audio")),
            (image, "image/png", None),
            (
                image,
                "application/octet-stream",
                Some("is of no known kind, not an image"),
            ),
            (
                image,
                "image/svg+xml",
                Some("is an SVG, which may hold script; convert it to PNG"),
            ),
            (DataType::Text, "text/plain", None),
        ] {
            assert_eq!(unfit(shown, kind).as_deref(), why, "{kind}");
        }
    }

    #[test]
    fn an_image_is_held_to_its_pixels_by_its_header_alone() {
        let refusal = |bytes: &[u8]| image_refusal("image/png", dimensions("image/png", bytes));
        assert_eq!(refusal(&png(8000, 5000)), None);
        let huge = refusal(&png(60_000, 60_000)).unwrap();
        assert!(huge.starts_with("has 60000 × 60000 pixels"), "{huge}");
        assert!(refusal(&png(0, 7)).unwrap().contains("damaged header"));
        assert!(
            refusal(&png(3, 2)[..18])
                .unwrap()
                .contains("damaged header")
        );
        assert_eq!(image_refusal("image/jpeg", None), None);
    }
}
