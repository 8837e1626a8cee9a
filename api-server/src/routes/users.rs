//! What an ADMIN does with people.

pub mod list;
pub mod role;
pub mod status;
