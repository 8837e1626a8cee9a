//! The end of a connection whose client still sends. What hyper refuses before any handler is asked is explained: a
//! request that is no HTTP, or headers beyond its limits. Its bare answer becomes the one error body on the way out. It
//! must not touch an answer of ours. And what a client goes on to send after any answer, a file that was refused by its
//! headers, is read and thrown away for a while, so that the answer arrives.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::http::{StatusCode, header};
use bytes::{Buf, Bytes};
use datacrowd_protocol::{names::CORRELATION_HEADER, problem::PROBLEM_CONTENT_TYPE};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, Code},
    guards::security_headers,
};

/// How long a client may go on sending after the last answer. A connection that is closed while bytes arrive is reset,
/// and the answer may be lost with it.
const LINGER: Duration = Duration::from_secs(2);
/// The only headers of hyper's own answer: an answer of ours has others, so it is never taken for one.
const BARE: [&str; 3] = ["content-length", "connection", "date"];

/// A connection whose bare refusals say why, and whose last answer arrives.
pub(super) struct Explained<S> {
    stream: S,
    /// What is left to write in place of hyper's answer.
    instead: Bytes,
    /// Runs from the end of the last answer to the end of the connection.
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> Explained<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            instead: Bytes::new(),
            linger: None,
        }
    }
}

impl<S: AsyncWrite + Unpin> Explained<S> {
    /// Writes the explanation; then says that `bare` was written.
    fn poll_explain(&mut self, cx: &mut Context<'_>, bare: usize) -> Poll<io::Result<usize>> {
        while self.instead.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.advance(written);
        }
        Poll::Ready(Ok(bare))
    }

    /// Whether this write is a bare refusal, new or half explained.
    fn is_refusal(&mut self, bytes: &[u8]) -> bool {
        if !self.instead.has_remaining()
            && let Some(explanation) = explanation(bytes)
        {
            self.instead = explanation;
        }
        self.instead.has_remaining()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_refusal(buf) {
            return self.poll_explain(cx, buf.len());
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|b| !b.is_empty());
        if let Some(first) = first
            && self.is_refusal(first)
        {
            return self.poll_explain(cx, first.len());
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        let this = &mut *self;
        let linger = this.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut scratch = [0; 16 * 1024];
        while linger.as_mut().poll(cx).is_pending() {
            let mut read = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => {}
                // The client is done, one way or another.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The answer that says more, if these bytes are all of a bare refusal. No body of ours holds a line break as
/// such, so none can pass for one, wherever a write begins.
fn explanation(bytes: &[u8]) -> Option<Bytes> {
    if !bytes.starts_with(b"HTTP/1.") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let (first, headers) = head.split_once("\r\n")?;
    let status: u16 = first.split(' ').nth(1)?.parse().ok()?;
    let error = refusal(StatusCode::from_u16(status).ok()?)?;
    let mut date = None;
    for line in headers.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        let bare = BARE.iter().find(|bare| name.eq_ignore_ascii_case(bare))?;
        match *bare {
            "content-length" if value.trim() != "0" => return None,
            "date" => date = Some(value.trim()),
            _ => {}
        }
    }
    Some(rendered(&error, date))
}

fn refusal(status: StatusCode) -> Option<ApiError> {
    match status {
        StatusCode::BAD_REQUEST => Some(ApiError::saying(
            Code::BadRequest,
            "The first line or a header breaks the rules of HTTP; correct it and send the request again.",
        )),
        StatusCode::URI_TOO_LONG => Some(ApiError::new(Code::UriTooLong)),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Some(ApiError::saying(
            Code::HeadersTooLarge,
            "There are more than 100 headers, or more than 16 KiB of them; send fewer or shorter ones.",
        )),
        _ => None,
    }
}

fn rendered(error: &ApiError, date: Option<&str>) -> Bytes {
    let correlation = Uuid::now_v7().to_string();
    // Which path was meant is not known: the request was not read.
    let problem = error.problem(String::new(), correlation.clone());
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let status = error.status();
    let mut text = format!(
        "HTTP/1.1 {} {}\r\n{}: {PROBLEM_CONTENT_TYPE}\r\n{}: {}\r\nconnection: close\r\n{CORRELATION_HEADER}: {correlation}\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        body.len()
    );
    for (name, value) in &security_headers::HEADERS {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(date) = date {
        text += &format!("{}: {date}\r\n", header::DATE);
    }
    text += "\r\n";
    text += &body;
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_explained() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: today\r\n\r\n";
        let told = String::from_utf8(explanation(bare.as_bytes()).unwrap().to_vec()).unwrap();
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("date: today") && head.contains("connection: close"));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["code"], "bad_request");
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-correlation-id: a\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "{\"cell\":\"HTTP/1.1 400 Bad Request\"}",
        ] {
            assert!(explanation(other.as_bytes()).is_none(), "{other}");
        }
    }
}
