//! Every request says which host it means.

use axum::{
    extract::Request,
    http::{header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::error::{ApiError, Code};

/// Refuses who does not say which host is meant, or says it twice: proxies and servers that choose differently
/// are how requests are smuggled.
pub async fn require(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host
            .to_str()
            .is_ok_and(|host| host.parse::<Authority>().is_ok()),
        _ => false,
    };
    if is_named {
        return next.run(request).await;
    }
    ApiError::new(Code::HostRequired).into_response()
}
