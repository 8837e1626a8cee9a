//! The source's text, whether its bytes are compressed or not: their beginning tells, not the file's name.
//!
//! A checkpoint counts unpacked bytes. Compressed ones cannot be entered in the middle, so a resumed run reads them
//! from their beginning and skips what was loaded.

use bytes::{Buf as _, Bytes};
use datacrowd_job::halt::Halt;
use datacrowd_protocol::run::RunReason;
use datacrowd_records::{BadInput, MAGIC_BYTES, Unpacker, is_packed};
use tokio::sync::mpsc;

use crate::source::{Piece, Source};

enum State {
    /// The first bytes are awaited.
    Begin,
    Plain,
    Packed(Box<Unpacker>),
    Ended,
}

/// Pieces of text. Blocks: it belongs on the thread of whoever reads them.
pub struct Text {
    pieces: mpsc::Receiver<Piece>,
    state: State,
    /// Read and not yet given or unpacked.
    held: Bytes,
    /// The last piece was received.
    received: bool,
    /// Text that is not given out, since it was before.
    skip: u64,
}

impl Text {
    /// The text of a source that is read from its first byte, behind the first `skip` bytes of text.
    #[must_use]
    pub fn new(pieces: mpsc::Receiver<Piece>, skip: u64) -> Self {
        Self {
            pieces,
            state: State::Begin,
            held: Bytes::new(),
            received: false,
            skip,
        }
    }

    /// The text of a source that is not compressed, read from anywhere.
    #[must_use]
    pub fn plain(pieces: mpsc::Receiver<Piece>) -> Self {
        Self {
            state: State::Plain,
            ..Self::new(pieces, 0)
        }
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// The source broke off, or what is compressed is damaged.
    pub fn read(&mut self) -> Result<Option<Bytes>, Halt> {
        loop {
            let Some(mut text) = self.any()? else {
                return Ok(None);
            };
            let skipped = usize::try_from(self.skip)
                .unwrap_or(usize::MAX)
                .min(text.len());
            self.skip -= skipped as u64;
            text.advance(skipped);
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
    }

    /// The next piece of text, which may be empty.
    fn any(&mut self) -> Result<Option<Bytes>, Halt> {
        if matches!(self.state, State::Begin) {
            self.begin()?;
        }
        match &mut self.state {
            State::Packed(unpacker) if !self.held.is_empty() || unpacker.has_more() => {
                let mut rest = &self.held[..];
                let text = unpacker.step(&mut rest).map_err(unreadable)?;
                let taken = self.held.len() - rest.len();
                self.held.advance(taken);
                return Ok(Some(text.into()));
            }
            State::Plain if !self.held.is_empty() => {
                return Ok(Some(std::mem::take(&mut self.held)));
            }
            State::Ended => return Ok(None),
            _ => {}
        }
        if let Some(piece) = self.receive()? {
            self.held = piece;
            return Ok(Some(Bytes::new()));
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Packed(unpacker) => Ok(Some(unpacker.finish().map_err(unreadable)?.into())),
            _ => Ok(None),
        }
    }

    /// Gathers the first bytes, however small their pieces are.
    fn begin(&mut self) -> Result<(), Halt> {
        let mut begin = Vec::new();
        while begin.len() < MAGIC_BYTES {
            match self.receive()? {
                Some(piece) => begin.extend_from_slice(&piece),
                None => break,
            }
        }
        self.state = match Unpacker::new(&begin).map_err(unreadable)? {
            Some(unpacker) => State::Packed(Box::new(unpacker)),
            None if begin.is_empty() => State::Ended,
            None => State::Plain,
        };
        self.held = begin.into();
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Bytes>, Halt> {
        if self.received {
            return Ok(None);
        }
        let piece = self
            .pieces
            .blocking_recv()
            .unwrap_or_else(|| Err(Halt::TryAgain("the source's reader has stopped".to_owned())))?;
        self.received = piece.is_none();
        Ok(piece)
    }
}

/// A source that is not what its format says.
pub(crate) fn unreadable(error: BadInput) -> Halt {
    Halt::failed(RunReason::BadInput, error.to_string())
}

/// Whether the object is compressed, by its first bytes. A source that is to be read from its first byte.
///
/// # Errors
/// The source cannot be read.
pub async fn begins_packed(source: Source) -> Result<bool, Halt> {
    let (mut pieces, _reader) = source.start();
    let mut begin = Vec::new();
    while begin.len() < MAGIC_BYTES
        && let Some(piece) = pieces.recv().await
        && let Some(piece) = piece?
    {
        begin.extend_from_slice(&piece);
    }
    Ok(is_packed(&begin))
}
