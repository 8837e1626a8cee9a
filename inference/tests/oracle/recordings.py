"""Writes the recordings of the fixtures: tones that we made, so that nobody's voice and nobody's right is in them.

  PYTHONPATH=DIR python3 recordings.py     once; encoders of another version give other bytes of the same sound
"""

from pathlib import Path

import av
import numpy as np
import soundfile

FIXTURES = Path(__file__).parent / "fixtures"


def tones(rate, seconds):
    """Left 440 Hz, right 1000 Hz."""
    t = np.arange(round(rate * seconds)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.25 * np.sin(2 * np.pi * 1000 * t)])


def speechlike(rate, seconds):
    """A gliding, pulsing tone with noise, then near silence: bands of every loudness."""
    random = np.random.default_rng(3)
    t = np.arange(round(rate * seconds)) / rate
    voice = sum(np.sin(2 * np.pi * k * (140 * t + 30 * np.sin(2 * np.pi * t))) / k for k in range(1, 12))
    envelope = np.maximum(0, np.sin(2 * np.pi * 2.5 * t)) * (t < seconds * 0.8)
    return (0.2 * voice * envelope + 0.003 * random.normal(size=t.size) * (t < seconds * 0.9))[None]


def write(name, codec, samples, rate, sample_format, options=None, container_format=None):
    with av.open(str(FIXTURES / name), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.codec_context.layout = "stereo" if len(samples) == 2 else "mono"
        stream.codec_context.format = sample_format
        dtype = {"s16": np.int16, "s32": np.int32, "fltp": np.float32, "s16p": np.int16, "flt": np.float32}[sample_format]
        if dtype == np.float32:
            data = samples.astype(dtype)
        else:
            top = {np.int16: 2 ** 15 - 1, np.int32: (2 ** 23 - 1)}[dtype]
            data = np.round(samples * top).astype(np.int64)
            data = (data << 8).astype(dtype) if dtype == np.int32 else data.astype(dtype)
        if not sample_format.endswith("p"):
            data = data.T.reshape(1, -1)
        frame_size = stream.codec_context.frame_size or 4096
        channels = len(samples)
        step = frame_size if sample_format.endswith("p") else frame_size * channels
        at = 0
        for begin in range(0, data.shape[1], step):
            part = np.ascontiguousarray(data[:, begin:begin + step])
            frame = av.AudioFrame.from_ndarray(part, format=sample_format, layout="stereo" if channels == 2 else "mono")
            frame.sample_rate, frame.pts = rate, at
            at += frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main():
    FIXTURES.mkdir(exist_ok=True)
    write("speechlike.wav", "pcm_s16le", speechlike(8000, 2.3), 8000, "s16")
    write("tones-24bit-96khz.flac", "flac", tones(96_000, 0.2), 96_000, "s32", options={"bits_per_raw_sample": "24"})
    write("tones.wav", "pcm_s16le", tones(22_050, 0.6), 22_050, "s16")
    write("tones.mp3", "libmp3lame", tones(44_100, 1.5), 44_100, "fltp", options={"b": "64k"})
    write("tones.m4a", "aac", tones(44_100, 1.5), 44_100, "fltp", options={"b": "64k"})
    soundfile.write(FIXTURES / "tones.ogg", tones(44_100, 1.5).T, 44_100, format="OGG", subtype="VORBIS")
    write("tones.opus", "libopus", tones(48_000, 0.5), 48_000, "flt", container_format="ogg")
    write("opus.webm", "libopus", tones(48_000, 0.5), 48_000, "flt", container_format="webm")
    write("opus.mp4", "libopus", tones(48_000, 0.5), 48_000, "flt", container_format="mp4")


main()
