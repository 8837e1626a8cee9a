//! The form of an upload: its members and its file as they arrive, for the first request and for its repetitions.

pub mod body;

use std::collections::BTreeMap;

use axum::{
    extract::{
        DefaultBodyLimit, FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
};
use bytes::Bytes;
use futures::{Stream, stream};

use self::body::{Overfull, Silent, Window};
use crate::{
    digest,
    error::{ApiError, ApiResult, Code},
    guards::time_limit::TimeLimit,
    state::Settings,
};

/// What the file is called.
pub const FILE: &str = "file";
/// Where an item goes, by the id of a dataset.
pub const INBOX: &str = "inbox";
/// What else a form may say.
const MEMBERS: [&str; 9] = [
    INBOX,
    "batchSize",
    "maxInvalidRows",
    "delimiter",
    "encoding",
    "multiline",
    "purpose",
    "goldColumns",
    "explainColumn",
];
/// Parts of a form that says all it may.
pub const MOST_PARTS: usize = MEMBERS.len() + 1;

/// A form that is being read.
pub struct FormReader {
    form: Multipart,
    window: Window,
    max_file_bytes: u64,
    /// Members as they were sent, by name.
    members: BTreeMap<&'static str, String>,
    /// What the client calls its file, once that came.
    file_name: Option<String>,
}

/// A part of a form.
pub enum Part<'a> {
    /// The file, still to be read.
    File(Box<File<'a>>),
    /// A member.
    Member {
        /// One of those that a form may have.
        name: &'static str,
        /// Without the blanks around it.
        text: String,
    },
    /// Whatever else it holds: of no meaning, or sent twice. It is not read.
    Unknown(String),
}

/// What a form is known by when it is sent again: its members and its file, whatever their order and what stands
/// between them. An answer carries it to where it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormDigest(pub String);

impl FormReader {
    /// Begins to read. From here on the request may take as long as its client's line: only for a caller who was let in.
    pub async fn open(request: Request, settings: &Settings) -> ApiResult<Self> {
        TimeLimit::of(request.extensions()).lift();
        let window = Window::default();
        let mut request = request.map(|body| body::bounded(body, settings.upload_idle, &window));
        // The file has a limit of its own, and everything else has the window.
        DefaultBodyLimit::disable().apply(&mut request);
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|_| {
            ApiError::saying(Code::BadRequest, "The form's Content-Type names nothing that separates its parts; send multipart/form-data with a file.")
        })?;
        Ok(Self {
            form,
            window,
            max_file_bytes: settings.max_upload_bytes,
            members: BTreeMap::new(),
            file_name: None,
        })
    }

    /// The next part; none at the form's end.
    pub async fn next(&mut self) -> ApiResult<Option<Part<'_>>> {
        let Some(field) = self.form.next_field().await.map_err(broken)? else {
            return Ok(None);
        };
        self.window.open();
        let name = field.name().unwrap_or_default();
        if name == FILE && self.file_name.is_none() {
            let name = field.file_name().unwrap_or_default().to_owned();
            self.file_name = Some(name.clone());
            return Ok(Some(Part::File(Box::new(File {
                name,
                field,
                window: &self.window,
                left: self.max_file_bytes,
            }))));
        }
        let known = MEMBERS.into_iter().find(|known| *known == name);
        match known.filter(|known| !self.members.contains_key(known)) {
            Some(name) => {
                let text = field.text().await.map_err(broken)?.trim().to_owned();
                self.members.insert(name, text.clone());
                Ok(Some(Part::Member { name, text }))
            }
            None => Ok(Some(Part::Unknown(name.to_owned()))),
        }
    }

    /// What it is known by, once it is read to its end and its file has this hash.
    pub fn digest(&self, sha256: &str) -> FormDigest {
        let mut all = self.members.clone();
        let name = self.file_name.as_deref().unwrap_or_default();
        all.insert(FILE, format!("{sha256} {name}"));
        let text = serde_json::to_string(&all).expect("texts by name are JSON");
        FormDigest(hex::encode(digest::of([text.as_bytes()])))
    }
}

/// The file of a form.
pub struct File<'a> {
    /// As the client calls it.
    pub name: String,
    field: Field<'a>,
    window: &'a Window,
    /// Bytes that may still come.
    left: u64,
}

impl<'a> File<'a> {
    /// Its next bytes; none at its end.
    pub async fn chunk(&mut self) -> ApiResult<Option<Bytes>> {
        let chunk = self.field.chunk().await.map_err(broken)?;
        self.window.open();
        if let Some(chunk) = &chunk {
            let left = self.left.checked_sub(chunk.len() as u64);
            self.left = left.ok_or_else(too_large)?;
        }
        Ok(chunk)
    }

    /// What is left of it.
    pub fn rest(self) -> impl Stream<Item = ApiResult<Bytes>> + Send + use<'a> {
        stream::try_unfold(self, |mut file| async move {
            let chunk = file.chunk().await?;
            ApiResult::Ok(chunk.map(|chunk| (chunk, file)))
        })
    }
}

/// A file that is longer than one may be.
pub fn too_large() -> ApiError {
    ApiError::saying(
        Code::PayloadTooLarge,
        "The file is larger than this server takes; put it into a bucket and send sourceUri instead.",
    )
}

/// A form that cannot be read to its end, and what to do about it.
fn broken(error: MultipartError) -> ApiError {
    if body::caused::<Silent>(&error) {
        return ApiError::saying(
            Code::RequestTimeout,
            "Nothing of the form came for too long; send it again.",
        );
    }
    if body::caused::<Overfull>(&error) {
        return ApiError::saying(
            Code::PayloadTooLarge,
            "A part of the form other than the file is longer than 1 MiB; shorten it.",
        );
    }
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE),
        _ => ApiError::saying(
            Code::BadRequest,
            "The form broke off, or is no multipart/form-data; send it again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, time::Duration};

    use axum::{body::Body, http::header};

    use super::*;

    fn settings() -> Settings {
        Settings {
            internal_tokens: Vec::new(),
            max_upload_bytes: 10,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            requests_per_address: 0,
            requests_per_account: 0,
            console: None,
            request_time: Duration::from_mins(1),
            upload_idle: Duration::from_mins(1),
            scheduled_tasks: Vec::new(),
        }
    }

    /// A form of these members, and then of this file.
    async fn form(members: &[(&str, &str)], (name, bytes): (&str, &str)) -> FormReader {
        let mut text = String::new();
        let head = "--b\r\nContent-Disposition: form-data; name=";
        for (name, value) in members {
            write!(text, "{head}\"{name}\"\r\n\r\n{value}\r\n").unwrap();
        }
        write!(
            text,
            "{head}\"file\"; filename=\"{name}\"\r\n\r\n{bytes}\r\n--b--\r\n"
        )
        .unwrap();
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(text))
            .unwrap();
        FormReader::open(request, &settings()).await.unwrap()
    }

    /// What a form is known by, and what of it has no meaning.
    async fn read(members: &[(&str, &str)], file: (&str, &str)) -> (FormDigest, Vec<String>) {
        let mut form = form(members, file).await;
        let (mut bytes, mut unknown) = (Vec::new(), Vec::new());
        while let Some(part) = form.next().await.unwrap() {
            match part {
                Part::File(mut file) => {
                    while let Some(chunk) = file.chunk().await.unwrap() {
                        bytes.extend_from_slice(&chunk);
                    }
                }
                Part::Member { .. } => {}
                Part::Unknown(name) => unknown.push(name),
            }
        }
        (form.digest(&hex::encode(bytes)), unknown)
    }

    #[tokio::test]
    async fn a_form_is_known_by_its_members_and_its_file_in_any_order() {
        let file = ("items.csv", "ab");
        let (size, most) = (("batchSize", "10"), ("maxInvalidRows", "1"));
        let form = read(&[size, most], file).await;
        assert_eq!(read(&[most, ("batchSize", " 10")], file).await, form);
        for (members, file) in [
            (vec![size], file),
            (vec![most, ("batchSize", "99")], file),
            (vec![size, most, ("multiline", "true")], file),
            (vec![size, most], ("items.csv", "ac")),
            (vec![size, most], ("items.jsonl", "ab")),
        ] {
            assert_ne!(read(&members, file).await.0, form.0);
        }
    }

    #[tokio::test]
    async fn what_is_not_known_or_comes_twice_has_no_meaning() {
        let (size, again, evil) = (("batchSize", "10"), ("batchSize", "99"), ("evil", "1"));
        let (known_by, unknown) = read(&[size, evil, again], ("a.csv", "a")).await;
        assert_eq!(unknown, ["evil", "batchSize"]);
        assert_eq!(known_by, read(&[size], ("a.csv", "a")).await.0);
        let twice = [("file", "a"), size];
        assert_eq!(read(&twice, ("a.csv", "a")).await.1, ["file"]);
    }

    #[tokio::test]
    async fn a_file_that_is_too_large_is_refused_wherever_it_is_read() {
        let mut form = form(&[], ("a.csv", "12345678901")).await;
        let Some(Part::File(mut file)) = form.next().await.unwrap() else {
            panic!("the file comes first");
        };
        let refused = loop {
            match file.chunk().await {
                Ok(Some(_)) => {}
                end => break end.unwrap_err(),
            }
        };
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
