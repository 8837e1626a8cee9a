//! Recordings of every kind that is read, and what is wrong with others.

use std::{
    f64::consts::TAU,
    fs::File,
    io::{Seek as _, Write as _},
};

use datacrowd_inference::audio;
use datacrowd_protocol::model::{AudioFeatures, AudioInput, ItemFailed, ItemFailure};

use crate::fixtures::{bytes, path};

/// A recording whole, at another rate.
fn samples(file: File, name: &str, rate: i32) -> Result<Vec<f32>, ItemFailed> {
    let input = AudioInput {
        sample_rate_hz: rate,
        window_millis: 100,
        hop_millis: 100,
        features: AudioFeatures::Waveform,
        log_mel: None,
    };
    let mut all: Vec<f32> = Vec::new();
    audio::read(file, name, &input, |begin, window| {
        all.truncate(usize::try_from(begin).unwrap());
        all.extend_from_slice(window);
        Ok(())
    })?;
    Ok(all)
}

fn of(bytes: &[u8], name: &str) -> Result<Vec<f32>, ItemFailed> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    samples(file, name, 8000)
}

/// How loud a tone is.
fn amplitude(samples: &[f32], hertz: f64, rate: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let turn = TAU * hertz * at as f64 / rate;
        real += f64::from(*sample) * turn.cos();
        imaginary += f64::from(*sample) * turn.sin();
    }
    2.0 * f64::hypot(real, imaginary) / samples.len() as f64
}

#[test]
fn every_kind_is_mixed_and_brought_to_the_rate() {
    for (name, seconds) in [
        ("tones.wav", 0.6),
        ("tones-24bit-96khz.flac", 0.2),
        ("tones.mp3", 1.5),
        ("tones.m4a", 1.5),
        ("tones.ogg", 1.5),
    ] {
        let found = samples(File::open(path(name)).unwrap(), name, 16_000).unwrap();
        let long = found.len() as f64 / 16_000.0;
        assert!((long - seconds).abs() < 0.07, "{name}: {long} s");
        let middle = &found[found.len() / 4..found.len() / 4 + 1600];
        for (hertz, expected) in [(440.0, 0.25), (1000.0, 0.125), (2500.0, 0.0)] {
            let loud = amplitude(middle, hertz, 16_000.0);
            assert!(
                (loud - expected).abs() < 0.03,
                "{name}: {loud} at {hertz} Hz"
            );
        }
        // By its bytes, whatever its name says.
        assert!(
            of(&bytes(name), "wrong.mp3").is_ok() && of(&bytes(name), "none").is_ok(),
            "{name}"
        );
    }
}

#[test]
fn all_24_bits_of_a_flac_at_96_khz_arrive() {
    let name = "tones-24bit-96khz.flac";
    let found = samples(File::open(path(name)).unwrap(), name, 96_000).unwrap();
    assert_eq!(found.len(), 19_200);
    let whole = f64::from((1 << 23) - 1);
    for (at, sample) in found.iter().enumerate() {
        let tone = |loud: f64, hertz: f64| loud * (TAU * hertz * at as f64 / 96_000.0).sin();
        let expected =
            f64::midpoint(tone(0.5, 440.0), tone(0.25, 1000.0)) * whole / f64::from(1 << 23);
        let off = (f64::from(*sample) - expected).abs();
        assert!(
            off < 1.5 / f64::from(1 << 23),
            "{at}: {sample} is not {expected}"
        );
    }
}

#[test]
fn what_is_no_recording_says_why() {
    let wav = bytes("tones.wav");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let mut headless = bytes("tones-24bit-96khz.flac");
    headless[8..30].fill(0xff);
    for (file, name, reason, word) in [
        (&b""[..], "a.wav", ItemFailure::Empty, "upload"),
        (&of_header(&wav)[..], "a.wav", ItemFailure::Empty, "upload"),
        (
            b"Dear all,\nthis is no recording.\n",
            "a.mp3",
            ItemFailure::Undecodable,
            "convert it to FLAC",
        ),
        (
            &noise[..],
            "a.flac",
            ItemFailure::Undecodable,
            "convert it to FLAC",
        ),
        (
            &wav[..30],
            "a.wav",
            ItemFailure::Undecodable,
            "convert it to FLAC",
        ),
        (
            &headless[..],
            "a.flac",
            ItemFailure::Undecodable,
            "convert it to FLAC",
        ),
        (
            &bytes("tones.opus")[..],
            "a.ogg",
            ItemFailure::UnsupportedCodec,
            "Opus",
        ),
        (
            &bytes("opus.webm")[..],
            "a.webm",
            ItemFailure::UnsupportedCodec,
            "WebM",
        ),
        (
            &bytes("opus.mp4")[..],
            "a.m4a",
            ItemFailure::UnsupportedCodec,
            "Opus",
        ),
        (
            b"FORM....AIFF",
            "a.aiff",
            ItemFailure::UnsupportedCodec,
            "AIFF",
        ),
    ] {
        let failed = of(file, name).map(|samples| samples.len()).unwrap_err();
        assert_eq!(failed.reason, reason, "{name}: {}", failed.message);
        assert!(failed.message.contains(word), "{name}: {}", failed.message);
        assert!(
            failed.message.chars().count() <= 200 && failed.message.ends_with('.'),
            "{}",
            failed.message
        );
    }
}

/// A WAV without any sample.
fn of_header(wav: &[u8]) -> Vec<u8> {
    let data = wav.windows(4).position(|four| four == b"data").unwrap();
    let mut header = wav[..data + 8].to_vec();
    header[data + 4..].fill(0);
    header
}

/// A WAV of silence, 8 bits, one channel, of which nothing is on the disk.
pub fn silence(rate: u32, seconds: u32) -> File {
    let size = rate * seconds;
    let mut file = tempfile::tempfile().unwrap();
    let mut header = b"RIFF".to_vec();
    header.extend((size + 36).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend([rate.to_le_bytes(), rate.to_le_bytes()].concat());
    header.extend(b"\x01\0\x08\0data");
    header.extend(size.to_le_bytes());
    file.write_all(&header).unwrap();
    file.set_len(u64::from(size) + 44).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn more_than_four_hours_are_too_long() {
    let four = 4 * 60 * 60;
    let failed = samples(silence(1000, four + 1), "a.wav", 1000).unwrap_err();
    assert_eq!(failed.reason, ItemFailure::TooLong);
    assert!(failed.message.contains("4 hours"), "{}", failed.message);
    assert_eq!(
        samples(silence(1000, 60), "a.wav", 1000).unwrap().len(),
        60_000
    );
}

#[test]
fn a_recording_that_breaks_off_is_read_as_far_as_it_goes() {
    for name in ["tones.wav", "tones.mp3"] {
        let whole = bytes(name);
        let found = of(&whole[..whole.len() * 3 / 4], name).unwrap();
        assert!(found.len() > 2000, "{name}: {}", found.len());
    }
}
