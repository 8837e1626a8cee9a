//! My second step of signing in.

pub mod confirm;
pub mod disable;
pub mod enrol;
pub mod get;
pub mod renew_codes;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Password and code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofAndCode {
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// A code of the device, or a recovery code.
    #[schema(example = "123456")]
    totp: String,
}

/// Each signs in once, without the device; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}
