//! Who presents a token, and what it may be used for.

use axum::http::{HeaderMap, header, request::Parts};
use datacrowd_accounts::{Caller, Credential, Role, Scope};
use datacrowd_protocol::WireEnum;

use crate::{
    error::{ApiError, ApiResult, Code},
    state::App,
};

/// The token of `Authorization: Bearer`; the scheme's name has no case (RFC 9110).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

/// Who calls, with whatever they call.
pub async fn bearer_of(parts: &Parts, app: &App) -> ApiResult<Caller> {
    let token = bearer(&parts.headers).ok_or_else(|| ApiError::new(Code::Unauthenticated))?;
    let caller = app.accounts.verify_access(token, app.now()).await?;
    app.limits().account(caller.user_id)?;
    Ok(caller)
}

/// Whether what somebody calls with may be used for this; a session may be for everything.
pub fn has_scope(caller: &Caller, scope: Scope) -> bool {
    match &caller.credential {
        Credential::Session(_) => true,
        Credential::Token { scopes, .. } => scopes.contains(&scope),
    }
}

pub fn insufficient(scope: Scope) -> ApiError {
    ApiError::filled(Code::InsufficientScope, &[&scope.upper()])
}

/// Who calls, when what they call with may be used for `scope`; `READ` is enough to change nothing.
pub async fn caller(parts: &Parts, app: &App, scope: Scope) -> ApiResult<Caller> {
    let caller = bearer_of(parts, app).await?;
    let reads = parts.method.is_safe() && has_scope(&caller, Scope::Read);
    match reads || has_scope(&caller, scope) {
        true => Ok(caller),
        false => Err(insufficient(scope)),
    }
}

/// Somebody, when they have this role.
pub fn in_role(caller: Caller, role: Role) -> ApiResult<Caller> {
    match caller.role == role {
        true => Ok(caller),
        false => Err(ApiError::forbidden(role.upper())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_scheme_has_no_case() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("BEARER   abc", Some("abc")),
            ("Basic abc", None),
            ("Bearerabc", None),
            ("abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), token, "{value}");
        }
    }
}
