//! What clients are told of: every type by a real flow, in order, numbered without gaps, once.

mod causes;
mod crowd;
mod flow;
mod killed;
mod live;
mod nats;
mod relay;
pub mod support;
