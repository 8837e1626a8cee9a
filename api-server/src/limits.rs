//! How much one client may ask of one replica: requests per second by address and by account, size of
//! headers, time per request. Counts are kept in memory, so several replicas allow as many times more.

use std::{
    convert::Infallible,
    error::Error,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use datacrowd_protocol::ids::UserId;
use futures::StreamExt;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

use crate::{
    app::App,
    client::ClientAddress,
    error::{ApiError, ApiResult},
    routes::{self, MAX_JSON_BYTES, UPLOADS},
};

/// How long a request may take, other than an upload; more than a statement may.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// How long an upload may be silent: a line that is gone, not one that is slow.
pub const UPLOAD_IDLE: Duration = Duration::from_secs(60);
/// Bytes of a form that may come before its reader takes some of them away.
const WINDOW_BYTES: usize = 1024 * 1024;
/// Bytes of all header names and values together.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Bytes of a body that is too large which are read all the same.
const MAX_DISCARDED_BYTES: usize = 32 * 1024 * 1024;
/// Seconds' worth of requests that may come at once.
const BURST_SECONDS: u32 = 2;

/// Counts requests by who sends them.
#[derive(Debug)]
pub struct RateLimits {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    accounts: Option<DefaultKeyedRateLimiter<UserId>>,
}

impl RateLimits {
    /// Requests per second from one address and of one account; 0 sets no limit.
    #[must_use]
    pub fn new(per_address: u32, per_account: u32) -> Self {
        Self {
            addresses: quota(per_address).map(RateLimiter::dashmap),
            accounts: quota(per_account).map(RateLimiter::dashmap),
        }
    }

    /// Whether this account may ask now.
    pub fn account(&self, user: UserId) -> ApiResult<()> {
        check(self.accounts.as_ref(), &user)
    }

    fn address(&self, address: IpAddr) -> ApiResult<()> {
        check(self.addresses.as_ref(), &network(address))
    }

    /// Forgets who has been quiet.
    pub fn forget_idle(&self) {
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
        if let Some(accounts) = &self.accounts {
            accounts.retain_recent();
        }
    }
}

fn quota(per_second: u32) -> Option<Quota> {
    let per_second = NonZeroU32::new(per_second)?;
    let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECONDS)?);
    Some(Quota::per_second(per_second).allow_burst(burst))
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: Option<&DefaultKeyedRateLimiter<K>>,
    key: &K,
) -> ApiResult<()> {
    let Some(limiter) = limiter else {
        return Ok(());
    };
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(limiter.clock().now());
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX - 1) + 1;
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            format!("Too many requests; try again in {seconds} seconds, and send fewer at once."),
        )
        .retry_after(seconds)
    })
}

/// A client may choose among the addresses of its IPv6 network, so they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// The time that a request may take, until somebody who may upload lifts it.
#[derive(Debug, Clone, Default)]
pub struct TimeLimit(Arc<AtomicBool>);

impl TimeLimit {
    /// Lets this request take as long as its client's line. Only for a caller who was let in, and a body that
    /// ends by [`form`].
    pub fn lift(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Waits for the end of the time; for ever when it was lifted.
    async fn over(&self, time: Duration) {
        tokio::time::sleep(time).await;
        if self.0.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TimeLimit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

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
pub fn form(body: Body, idle: Duration, window: &Window) -> Body {
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

/// Refuses what is too much before anything is kept.
pub async fn enforce(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if let Err(refused) = admit(&app, &request) {
        return refused.into_response();
    }
    let limit = TimeLimit::default();
    request.extensions_mut().insert(limit.clone());
    let answer = async {
        match is_upload(&request) {
            true => next.run(request).await,
            false => run(request, next).await,
        }
    };
    tokio::select! {
        response = answer => response,
        () = limit.over(app.settings.request_time) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

async fn run(request: Request, next: Next) -> Response {
    if declared_length(request.headers()) <= MAX_JSON_BYTES {
        return next.run(request).await;
    }
    // A client that is still writing would meet a closed connection instead of the answer.
    if !request.headers().contains_key(header::EXPECT) {
        let mut body = request.into_body().into_data_stream();
        let mut discarded = 0;
        while discarded < MAX_DISCARDED_BYTES
            && let Some(Ok(bytes)) = body.next().await
        {
            discarded += bytes.len();
        }
    }
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

fn declared_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

fn admit(app: &App, request: &Request) -> ApiResult<()> {
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(ApiError::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "The headers hold more than 16 KiB; send fewer or shorter ones.",
        ));
    }
    match request.extensions().get::<ClientAddress>() {
        Some(ClientAddress(Some(address))) => app.limits().address(*address),
        _ => Ok(()),
    }
}

/// A file may be larger than any other body; its size is limited where it is read.
fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST
        && routes::unversioned(routes::pattern(request)) == UPLOADS
        && is_form(request.headers())
}

/// Whether the body is form data.
pub fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"multipart/form-data"))
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::{FromRequest, Multipart},
        http::HeaderValue,
    };
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_limit() {
        let limits = RateLimits::new(1, 0);
        let from = |text: &str| limits.address(text.parse().unwrap()).is_ok();
        assert!(from("2001:db8::1") && from("2001:db8::2"));
        assert!(!from("2001:db8::3"), "the burst is two");
        assert!(from("2001:db8:0:1::1"));
        assert!(from("203.0.113.1"));
    }

    const TEXT: &str = "--b\r\nContent-Disposition: form-data; name=\"batchSize\"\r\n\r\n";
    /// More than the window, and less than a form may have where no route says otherwise.
    const LONG: usize = WINDOW_BYTES + WINDOW_BYTES / 2;

    /// A form that begins so and holds nothing then that ends a field, until its end.
    async fn long_form(begin: &'static str, window: &Window) -> Multipart {
        let long = vec![Bytes::from(vec![b'x'; LONG / 24]); 24];
        let pieces = std::iter::once(Bytes::from(begin)).chain(long);
        let pieces = pieces.chain([Bytes::from("\r\n--b--\r\n")]);
        let body = futures::stream::iter(pieces.map(Ok::<_, Infallible>));
        let body = form(Body::from_stream(body), Duration::from_secs(60), window);
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
