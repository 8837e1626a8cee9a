//! What operator, runner and API server share: ids, enumerations, the labeling model, the bodies of
//! the internal API, exit codes. It owns no I/O and depends on no other room.

pub mod audit;
pub mod chunk;
pub mod decimal;
pub mod endpoint;
pub mod exit;
pub mod export;
pub mod files;
pub mod ids;
pub mod internal;
pub mod labeling;
pub mod model;
pub mod names;
pub mod object;
pub mod payment;
pub mod problem;
pub mod range;
pub mod raw;
pub mod run;
pub mod source;
mod wire;
pub mod work;

#[doc(hidden)] // for what wire_enum! writes
pub use utoipa;
#[doc(hidden)]
pub use wire::variants;
pub use wire::{Upper, WireEnum};
