//! Record streams: bytes go in, in pieces of any size; records come out with the offset behind them.
//!
//! Nothing here knows where bytes come from or where records go. The API server's preview and upload
//! check and the runner read by the same code, so they cannot disagree. Memory is bounded by one record
//! of [`MAX_RECORD_BYTES`], however long a line is, and a stream that begins at any record's end offset
//! goes on as if it had never been broken.
//!
//! [`MAX_RECORD_BYTES`]: datacrowd_protocol::chunk::MAX_RECORD_BYTES

mod bom;
mod csv;
mod decode;
mod head;
pub mod json;
mod jsonl;
mod record;
mod shown;
mod sniff;
mod stream;
mod unpack;

pub use head::{Head, Row, head};
pub use record::{BadInput, Position, Record};
pub use stream::{Begin, Options, Records, row};
pub use unpack::{MAGIC_BYTES, Unpacker, is_packed};

#[cfg(test)]
mod tests;
