//! Any file that is read here, as samples of one channel, piece by piece.

use std::{
    fs::File,
    io::{ErrorKind, Read as _, Seek as _},
};

use datacrowd_protocol::model::{ItemFailed, ItemFailure};
use symphonia::core::{
    codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions, well_known},
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::MediaSourceStream,
    meta::MetadataOptions,
};

use super::{MOST_SECONDS, empty, too_long};
use crate::item::failed;

/// Of how many packets one may be broken.
const BROKEN: u64 = 10;

/// A recording that is being decoded.
pub(super) struct Recording {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Samples a second, once known.
    rate: Option<u32>,
    interleaved: Vec<f32>,
    packets: u64,
    broken: u64,
    has_sound: bool,
}

impl Recording {
    /// Finds out what kind of file it is, by its bytes first and its name last.
    pub(super) fn open(mut file: File, name: &str) -> Result<Self, ItemFailed> {
        let mut head = Vec::new();
        let unreadable = |error: &std::io::Error| undecodable(&error.to_string());
        file.by_ref()
            .take(256)
            .read_to_end(&mut head)
            .map_err(|error| unreadable(&error))?;
        if head.is_empty() {
            return Err(empty());
        }
        if let Some(kind) = foreign(&head) {
            return Err(unsupported(kind));
        }
        file.rewind().map_err(|error| unreadable(&error))?;
        let mut hint = Hint::new();
        if let Some((_, extension)) = name.rsplit_once('.') {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let format = symphonia::default::get_probe()
            .probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(|error| not_opened(&error))?;
        Self::of(format)
    }

    fn of(format: Box<dyn FormatReader>) -> Result<Self, ItemFailed> {
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| undecodable("there is no sound track in it"))?;
        let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
        let parameters = parameters.ok_or_else(|| unsupported("an unknown codec"))?;
        if let (Some(frames), Some(rate)) = (track.num_frames, parameters.sample_rate)
            && frames / u64::from(rate.max(1)) > MOST_SECONDS
        {
            return Err(too_long());
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| match error {
                Error::Unsupported(_) => unsupported(codec_name(parameters.codec)),
                other => undecodable(&other.to_string()),
            })?;
        let track = track.id;
        Ok(Self {
            format,
            decoder,
            track,
            rate: None,
            interleaved: Vec::new(),
            packets: 0,
            broken: 0,
            has_sound: false,
        })
    }

    /// Replaces what is in `mono` by the next samples, and says how many of them are a second; none at the end.
    ///
    /// A broken packet is passed over as every player does, unless many are. A file that ends early is read as far as it
    /// goes: a recorder that lost its power leaves such files.
    pub(super) fn next(&mut self, mono: &mut Vec<f32>) -> Result<Option<u32>, ItemFailed> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return self.end(),
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return self.end();
                }
                Err(Error::ResetRequired) => {
                    return Err(undecodable("it is several recordings in a row"));
                }
                Err(error) => return Err(undecodable(&error.to_string())),
            };
            if packet.track_id != self.track {
                continue;
            }
            self.packets += 1;
            let buffer = match self.decoder.decode(&packet) {
                Ok(buffer) => buffer,
                Err(Error::DecodeError(_) | Error::IoError(_)) => {
                    self.broken += 1;
                    continue;
                }
                Err(error) => return Err(undecodable(&error.to_string())),
            };
            let (rate, channels) = (buffer.spec().rate(), buffer.num_planes());
            if buffer.frames() == 0 || channels == 0 {
                continue;
            }
            if *self.rate.get_or_insert(rate) != rate {
                return Err(undecodable("its rate changes on the way"));
            }
            buffer.copy_to_vec_interleaved(&mut self.interleaved);
            mix(&self.interleaved, channels, mono);
            self.has_sound = true;
            return Ok(Some(rate));
        }
    }

    fn end(&self) -> Result<Option<u32>, ItemFailed> {
        if self.broken * BROKEN > self.packets {
            let why = format!("{} of its {} packets are broken", self.broken, self.packets);
            return Err(undecodable(&why));
        }
        if !self.has_sound {
            return Err(empty());
        }
        Ok(None)
    }
}

/// The mean of all channels. A sample that is no number is silence.
fn mix(interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) {
    #[expect(clippy::cast_precision_loss, reason = "some channels")]
    let share = 1.0 / channels as f32;
    mono.clear();
    mono.extend(interleaved.chunks_exact(channels).map(|frame| {
        let sample = frame.iter().sum::<f32>() * share;
        if sample.is_finite() { sample } else { 0.0 }
    }));
}

fn undecodable(why: &str) -> ItemFailed {
    failed(
        ItemFailure::Undecodable,
        format!(
            "The file cannot be read as a recording: {why}. Upload it again, or convert it to FLAC, WAV, MP3, AAC or Ogg Vorbis."
        ),
    )
}

fn unsupported(what: &str) -> ItemFailed {
    failed(
        ItemFailure::UnsupportedCodec,
        format!("{what} is not read here; convert it to FLAC, WAV, MP3, AAC or Ogg Vorbis."),
    )
}

fn not_opened(error: &Error) -> ItemFailed {
    match error {
        Error::Unsupported(what) if !what.contains("probe") => unsupported(what),
        Error::Unsupported(_) => undecodable("it is of no kind that is known here"),
        Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            undecodable("it ends within its header")
        }
        other => undecodable(&other.to_string()),
    }
}

/// What is told apart by its first bytes, and not read.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let holds = |what: &[u8]| head.windows(what.len()).any(|at| at == what);
    match head {
        [b'O', b'g', b'g', b'S', ..] if holds(b"OpusHead") => Some("Opus"),
        [b'O', b'g', b'g', b'S', ..] if holds(b"Speex   ") => Some("Speex"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("WebM or Matroska"),
        [b'#', b'!', b'A', b'M', b'R', ..] => Some("AMR"),
        [b'F', b'O', b'R', b'M', ..] => Some("AIFF"),
        [b'c', b'a', b'f', b'f', ..] => Some("CAF"),
        [0x30, 0x26, 0xb2, 0x75, ..] => Some("WMA"),
        _ => None,
    }
}

fn codec_name(codec: AudioCodecId) -> &'static str {
    match codec {
        well_known::CODEC_ID_OPUS => "Opus",
        well_known::CODEC_ID_ALAC => "Apple Lossless",
        well_known::CODEC_ID_AC3 => "AC-3",
        well_known::CODEC_ID_EAC3 => "E-AC-3",
        well_known::CODEC_ID_SPEEX => "Speex",
        _ => "Its codec",
    }
}
