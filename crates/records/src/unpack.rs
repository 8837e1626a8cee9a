//! Compressed sources: gzip and zstd, recognised by their first bytes and unpacked as they stream.
//!
//! Memory is bounded by one step, whatever the bytes claim. What ends too early is refused, so no row is lost unseen.

use std::{
    borrow::Cow,
    io::{self, Write as _},
};

use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, Operation as _};

use crate::record::BadInput;

/// Bytes that tell whether a source is compressed.
pub const MAGIC_BYTES: usize = 4;
/// What one step takes of gzip, which grows at most 1,032 times.
const GZIP_STEP: usize = 1024;
/// What one step gives of zstd, of which four bytes may become 128 KiB.
const ZSTD_STEP: usize = 128 * 1024;
/// log2 of what a zstd decoder has to remember: 8 MiB, which every level without `--ultra` and `--long` keeps to.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Unpacked bytes of a head that are looked at.
const MOST_OF_HEAD: usize = 1024 * 1024;

/// How far a source may grow. Tables shrink to a tenth, seldom to a hundredth.
#[derive(Debug, Clone, Copy)]
struct Caps {
    /// Unpacked bytes for each compressed one.
    ratio: u64,
    /// Unpacked bytes up to which the ratio does not count.
    free: u64,
    /// Unpacked bytes in all.
    total: u64,
}

const CAPS: Caps = Caps {
    ratio: 250,
    free: 64 << 20,
    total: 256 << 30,
};

enum Form {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd {
        decoder: Decoder<'static>,
        /// Inside a frame.
        open: bool,
        /// More comes out without more going in.
        full: bool,
    },
}

impl Form {
    fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Zstd { .. } => "zstd",
        }
    }
}

/// Unpacks one compressed source, members or frames one behind the other included.
pub struct Unpacker {
    form: Form,
    caps: Caps,
    taken: u64,
    given: u64,
}

/// Whether a source that begins so is compressed.
#[must_use]
pub fn is_packed(begin: &[u8]) -> bool {
    is_gzip(begin) || is_zstd(begin)
}

fn is_gzip(begin: &[u8]) -> bool {
    begin.starts_with(b"\x1f\x8b\x08")
}

/// A frame of zstd, or one that its parallel compressor writes before it and that is skipped.
fn is_zstd(begin: &[u8]) -> bool {
    begin.starts_with(b"\x28\xb5\x2f\xfd") || matches!(begin, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl Unpacker {
    /// An unpacker for a source that begins so; `None` when it is not compressed.
    ///
    /// # Errors
    /// The decoder could not be made.
    pub fn new(begin: &[u8]) -> Result<Option<Self>, BadInput> {
        let form = if is_gzip(begin) {
            Form::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
        } else if is_zstd(begin) {
            Form::Zstd {
                decoder: zstd_decoder().map_err(|error| {
                    BadInput::Content(format!("The file cannot be unpacked: {error}."))
                })?,
                open: false,
                full: false,
            }
        } else {
            return Ok(None);
        };
        Ok(Some(Self {
            form,
            caps: CAPS,
            taken: 0,
            given: 0,
        }))
    }

    /// Whether [`step`](Self::step) has more to give, also for an input that is used up.
    #[must_use]
    pub fn has_more(&self) -> bool {
        matches!(self.form, Form::Zstd { full: true, .. })
    }

    /// Takes some bytes off `input` and gives what they unpack to, which may be nothing, and is about 1 MiB at most.
    ///
    /// # Errors
    /// The bytes are damaged, or unpack to more than a table does.
    pub fn step(&mut self, input: &mut &[u8]) -> Result<Vec<u8>, BadInput> {
        let before = input.len();
        let name = self.form.name();
        let out = match &mut self.form {
            Form::Gzip(decoder) => gzip_step(decoder, input),
            Form::Zstd {
                decoder,
                open,
                full,
            } => zstd_step(decoder, input, open, full),
        };
        let out = out.map_err(|error| damaged(name, self.given, &error))?;
        self.taken += (before - input.len()) as u64;
        self.given += out.len() as u64;
        self.check_caps()?;
        Ok(out)
    }

    /// The source has ended: gives what was held back.
    ///
    /// # Errors
    /// The compressed bytes have not ended, or are damaged.
    pub fn finish(self) -> Result<Vec<u8>, BadInput> {
        let name = self.form.name();
        let out = match self.form {
            Form::Gzip(decoder) => decoder.finish().ok(),
            Form::Zstd { open, .. } => (!open).then(Vec::new),
        };
        out.ok_or_else(|| {
            BadInput::Content(format!(
                "The file's {name} ends too early, or its checksum differs, after {} unpacked bytes; compress it again and upload it whole.",
                self.given
            ))
        })
    }

    fn check_caps(&self) -> Result<(), BadInput> {
        let Caps { ratio, free, total } = self.caps;
        let why = if self.given > total {
            format!("more than {} GiB", total >> 30)
        } else if self.given > free && self.given / ratio > self.taken {
            format!("more than {ratio} times its size")
        } else {
            return Ok(());
        };
        BadInput::content(format!(
            "The file unpacks to {why}; split it, or upload it unpacked."
        ))
    }
}

fn zstd_decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
    Ok(decoder)
}

fn gzip_step(decoder: &mut MultiGzDecoder<Vec<u8>>, input: &mut &[u8]) -> io::Result<Vec<u8>> {
    let (mut step, rest) = input.split_at(input.len().min(GZIP_STEP));
    *input = rest;
    while !step.is_empty() {
        match decoder.write(step)? {
            0 => return Err(io::ErrorKind::InvalidData.into()),
            taken => step = &step[taken..],
        }
    }
    Ok(std::mem::take(decoder.get_mut()))
}

fn zstd_step(
    decoder: &mut Decoder<'static>,
    input: &mut &[u8],
    open: &mut bool,
    full: &mut bool,
) -> io::Result<Vec<u8>> {
    let mut out = vec![0; ZSTD_STEP];
    let status = decoder.run_on_buffers(input, &mut out)?;
    *input = &input[status.bytes_read..];
    *open = status.remaining > 0;
    *full = *open && status.bytes_written == out.len();
    out.truncate(status.bytes_written);
    Ok(out)
}

fn damaged(name: &str, given: u64, error: &io::Error) -> BadInput {
    let text = error.to_string();
    BadInput::Content(if text.contains("too much memory") {
        "The file's zstd needs more than 8 MiB to unpack; compress it again without --ultra and --long.".to_owned()
    } else {
        format!("The file's {name} is damaged after {given} unpacked bytes; compress it again.")
    })
}

/// The first bytes of a source as a reader of records wants them, and whether they are all of it.
pub(crate) fn head(bytes: &[u8], whole: bool) -> Result<(Cow<'_, [u8]>, bool), BadInput> {
    let Some(mut unpacker) = Unpacker::new(bytes)? else {
        return Ok((bytes.into(), whole));
    };
    let (mut rest, mut text) = (bytes, Vec::new());
    while !rest.is_empty() || unpacker.has_more() {
        if text.len() >= MOST_OF_HEAD {
            return Ok((text.into(), false));
        }
        text.append(&mut unpacker.step(&mut rest)?);
    }
    if whole {
        text.append(&mut unpacker.finish()?);
    }
    Ok((text.into(), whole))
}

#[cfg(test)]
mod tests;
