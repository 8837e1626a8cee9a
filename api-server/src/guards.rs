//! What every request passes before its handler, and every answer after it: one file a guard. In which order, `router`
//! says.

pub mod body_limit;
pub mod conditional;
pub mod correlation;
pub mod cors;
pub mod deprecation;
pub mod host;
pub mod limits;
pub mod metrics;
pub mod problems;
pub mod security_headers;
pub mod time_limit;
