//! The body of a form while it arrives: it may take as long as its client's line, but never be silent for long, nor
//! hold more than its reader takes away.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use futures::StreamExt;

/// How long an upload may be silent: a line that is gone, not one that is slow.
pub const UPLOAD_IDLE: Duration = Duration::from_mins(1);
/// Bytes of a form that may come before its reader takes some of them away.
const WINDOW_BYTES: usize = 1024 * 1024;

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing was sent for too long")]
pub struct Silent;

/// More came than anybody takes away.
#[derive(Debug, thiserror::Error)]
#[error("more was sent than is read at once")]
pub struct Overfull;

/// Whether an error comes from one of this kind.
pub fn caused<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What of a form may still come. Its parser keeps whatever stands between two fields, and a field that is read whole
/// keeps itself: without a bound a form of nothing else would fill the memory.
#[derive(Debug, Clone)]
pub struct Window(Arc<AtomicUsize>);

impl Default for Window {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(WINDOW_BYTES)))
    }
}

impl Window {
    /// What came so far was taken away.
    pub fn open(&self) {
        self.0.store(WINDOW_BYTES, Ordering::Relaxed);
    }

    /// Lets a piece in while there is any room at all: how large it is is the connection's business.
    fn admit(&self, bytes: usize) -> Result<(), Overfull> {
        let room = self.0.load(Ordering::Relaxed);
        self.0.store(room.saturating_sub(bytes), Ordering::Relaxed);
        if room == 0 { Err(Overfull) } else { Ok(()) }
    }
}

/// A form's body, which fails with [`Silent`] when nothing of it comes for this long, and with [`Overfull`] when more
/// comes than the window lets in.
pub fn bounded(body: Body, idle: Duration, window: &Window) -> Body {
    let begun = (body.into_data_stream(), window.clone());
    let chunks = futures::stream::unfold(begun, move |(mut chunks, window)| async move {
        // One piece a turn: a parser that takes all there is would run ahead of who opens the window.
        tokio::task::yield_now().await;
        let next = match tokio::time::timeout(idle, chunks.next()).await {
            Ok(next) => next?.map_err(axum::BoxError::from),
            Err(_) => Err(Silent.into()),
        };
        let next = next.and_then(|piece| {
            window.admit(piece.len())?;
            Ok(piece)
        });
        Some((next, (chunks, window)))
    });
    Body::from_stream(chunks)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::{
        extract::{FromRequest, Multipart, Request},
        http::{HeaderValue, header},
    };
    use bytes::Bytes;

    use super::*;

    const TEXT: &str = "--b\r\nContent-Disposition: form-data; name=\"batchSize\"\r\n\r\n";
    /// More than the window, and less than a form may have where no route says otherwise.
    const LONG: usize = WINDOW_BYTES + WINDOW_BYTES / 2;

    /// A form that begins so and holds nothing then that ends a field, until its end.
    async fn long_form(begin: &'static str, window: &Window) -> Multipart {
        let long = vec![Bytes::from(vec![b'x'; LONG / 24]); 24];
        let pieces = std::iter::once(Bytes::from(begin)).chain(long);
        let pieces = pieces.chain([Bytes::from("\r\n--b--\r\n")]);
        let body = futures::stream::iter(pieces.map(Ok::<_, Infallible>));
        let body = bounded(Body::from_stream(body), Duration::from_mins(1), window);
        let mut request = Request::new(body);
        let kind = HeaderValue::from_static("multipart/form-data; boundary=b");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        Multipart::from_request(request, &()).await.unwrap()
    }

    #[tokio::test]
    async fn what_nobody_takes_away_of_a_form_does_not_fill_the_memory() {
        let mut form = long_form(TEXT, &Window::default()).await;
        let field = form.next_field().await.unwrap().unwrap();
        let refused = field.text().await.unwrap_err();
        assert!(caused::<Overfull>(&refused), "read whole: {refused:?}");
        for (begin, what) in [
            ("no field at all", "between two fields"),
            ("--b\r\nContent-Disposition: form-data; name=\"", "a head"),
        ] {
            let mut form = long_form(begin, &Window::default()).await;
            let refused = form.next_field().await.unwrap_err();
            assert!(caused::<Overfull>(&refused), "{what}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn what_is_taken_away_of_a_form_may_be_of_any_length() {
        let window = Window::default();
        let mut form = long_form(TEXT, &window).await;
        let mut field = form.next_field().await.unwrap().unwrap();
        let mut read = 0;
        while let Some(piece) = field.chunk().await.unwrap() {
            window.open();
            read += piece.len();
        }
        assert_eq!(read, LONG);
    }
}
