//! The refresh token of a browser: in a cookie that scripts cannot read and other sites cannot have sent.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use datacrowd_accounts::Tokens;

use crate::paths::VERSIONED;

/// Browsers take a name with this prefix over TLS, or from their own machine, only.
const NAME: &str = "__Secure-datacrowd-refresh";

/// The header that keeps the token of a session which begins or goes on.
pub fn set(tokens: &Tokens) -> (HeaderName, HeaderValue) {
    let lifetime = tokens.refresh_expires_in.num_seconds();
    header(&tokens.refresh_token, lifetime)
}

/// The header that removes it.
pub fn clear() -> (HeaderName, HeaderValue) {
    header("", 0)
}

/// The token that a browser sent.
pub fn get(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// `lifetime` in seconds. Only signing in, refreshing and signing out are sent the cookie.
fn header(token: &str, lifetime: i64) -> (HeaderName, HeaderValue) {
    let cookie = format!(
        "{NAME}={token}; Path={VERSIONED}/auth; Max-Age={lifetime}; HttpOnly; Secure; SameSite=Strict"
    );
    let mut value = HeaderValue::try_from(cookie).expect("tokens are letters and digits");
    value.set_sensitive(true);
    (header::SET_COOKIE, value)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::get;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        for (sent, token) in [
            (&["__Secure-datacrowd-refresh=dcr_1"][..], Some("dcr_1")),
            (
                &["a=b; __Secure-datacrowd-refresh=dcr_1;c=d"],
                Some("dcr_1"),
            ),
            (&["a=b", "__Secure-datacrowd-refresh=dcr_1"], Some("dcr_1")),
            (&["__Secure-datacrowd-refresher=dcr_1"], None),
            (&["x__Secure-datacrowd-refresh=dcr_1"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(header::COOKIE, HeaderValue::from_static(value));
            }
            assert_eq!(get(&headers), token, "{sent:?}");
        }
    }
}
