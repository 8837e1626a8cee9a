//! Access tokens: HS256 and nothing else, under a named key.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{Upper, ids::UserId};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::{
    error::{AccessError, Unavailable},
    sessions::SessionId,
    settings::Settings,
    user::Role,
};

/// By how much the clocks of two replicas may differ.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// What an access token says. The role is for the holder's eyes; rights are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) role: Upper<Role>,
    pub(crate) sid: SessionId,
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
}

impl Claims {
    pub(crate) fn new(
        settings: &Settings,
        now: DateTime<Utc>,
        user_id: UserId,
        username: &str,
        role: Role,
        sid: SessionId,
    ) -> Self {
        Self {
            sub: user_id.to_string(),
            user_id,
            username: username.to_owned(),
            role: Upper(role),
            sid,
            iss: settings.issuer.to_owned(),
            aud: settings.audience.to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + settings.access).timestamp(),
        }
    }
}

pub(crate) fn sign(settings: &Settings, claims: &Claims) -> Result<String, Unavailable> {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(settings.current.kid.clone());
    encode(&header, claims, &settings.current.encoding).map_err(Unavailable::Signing)
}

/// The claims of a token that one of our keys signed for us and whose time it is.
pub(crate) fn verify(
    settings: &Settings,
    now: DateTime<Utc>,
    token: &str,
) -> Result<Claims, AccessError> {
    let header = decode_header(token).map_err(|_| AccessError::Invalid)?;
    let key = std::iter::once(&settings.current)
        .chain(&settings.previous)
        .find(|key| header.kid.as_deref() == Some(&key.kid))
        .ok_or(AccessError::Invalid)?;

    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[settings.issuer]);
    validation.set_audience(&[settings.audience]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // The library would ask the machine's clock; we ask ours below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(token, &key.decoding, &validation)
        .map_err(|_| AccessError::Invalid)?
        .claims;

    if claims.exp <= now.timestamp() {
        return Err(AccessError::Expired);
    }
    if claims.nbf > (now + SKEW).timestamp() || claims.sub != claims.user_id.to_string() {
        return Err(AccessError::Invalid);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests;
