//! What `Upload-Metadata` says: pairs of a key and a value in base64, separated by commas.

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::UPLOAD_METADATA;
use crate::error::{ApiError, ApiResult};

/// What is read of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// Path within the folder.
    pub(super) filename: String,
    /// Media type.
    pub(super) filetype: Option<String>,
}

/// Reads it.
pub(super) fn metadata(headers: &HeaderMap) -> ApiResult<Metadata> {
    let text = headers.get(UPLOAD_METADATA);
    let text = text.and_then(|text| text.to_str().ok()).unwrap_or_default();
    let mut read = Metadata::default();
    for pair in text.split(',').map(str::trim) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        match key {
            "filename" => read.filename = decoded(value)?,
            "filetype" => read.filetype = Some(decoded(value)?),
            _ => {}
        }
    }
    match read.filename.is_empty() {
        true => Err(refused(
            "lacks the file's name; send filename and its name in base64",
        )),
        false => Ok(read),
    }
}

fn decoded(value: &str) -> ApiResult<String> {
    let bytes = STANDARD.decode(value).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| refused("must hold values of UTF-8 in base64"))
}

fn refused(why: &str) -> ApiError {
    ApiError::invalid_member(UPLOAD_METADATA.as_str(), why)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(text: &'static str) -> ApiResult<Metadata> {
        metadata(&HeaderMap::from_iter([(
            UPLOAD_METADATA,
            HeaderValue::from_static(text),
        )]))
    }

    #[test]
    fn name_and_type_are_read_beside_other_keys() {
        let read = read("is_confidential,filename YS9iLndhdg==, filetype YXVkaW8vd2F2").unwrap();
        assert_eq!(read.filename, "a/b.wav");
        assert_eq!(read.filetype.as_deref(), Some("audio/wav"));
    }

    #[test]
    fn without_a_name_in_base64_it_is_refused() {
        for text in [
            "",
            "filename",
            "filetype YXVkaW8vd2F2",
            "filename ~~",
            "filename /w==",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(metadata(&HeaderMap::new()).is_err());
    }
}
