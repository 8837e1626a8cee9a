//! Who is calling, as extractors: a handler without one gets no data.

mod caller;
mod owner;
pub mod refresh_cookie;
mod roles;
mod sessions;

pub use self::{
    caller::bearer,
    owner::Owner,
    roles::{Admin, SignedIn, TakingWorker, Worker},
    sessions::{InSession, Proven, ProvenAdmin},
};
