"""How a recording becomes a model's input, as `LogMel` in crates/protocol/src/model.rs and inference/src/audio/windows.rs
say it. Training makes its features by this file; the tests of `inference` hold the Rust code against it.
"""

import numpy as np

FLOOR = 1e-10


def windows(samples, window, hop):
    """Begins of windows, and the windows: at 0, hop, 2 hop, ... as long as they are whole; where samples are left behind
    the last one, one more that ends with the recording; a recording that is shorter than a window is followed by zeros."""
    length = len(samples)
    if length == 0:
        return [], np.zeros((0, window), np.float32)
    if length < window:
        return [0], np.pad(samples, (0, window - length))[None].astype(np.float32)
    begins = list(range(0, length - window + 1, hop))
    if begins[-1] + window < length:
        begins.append(length - window)
    return begins, np.stack([samples[begin:begin + window] for begin in begins]).astype(np.float32)


def mel(hertz):
    return 2595 * np.log10(1 + np.asarray(hertz, float) / 700)


def hertz(mels):
    return 700 * (10 ** (np.asarray(mels, float) / 2595) - 1)


def bands(rate, n_fft, n_mels, f_min, f_max):
    """Triangles of height 1, a row each, over the frequencies of a frame."""
    corners = hertz(np.linspace(mel(f_min), mel(f_max), n_mels + 2))
    bins = np.arange(n_fft // 2 + 1) * rate / n_fft
    up = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    down = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down))


def log_mel(window, rate, n_fft, hop, n_mels, f_min, f_max):
    """The spectrogram of one window: bands by frames, float32."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    frames = (len(window) - n_fft) // hop + 1
    cut = np.stack([window[n * hop:n * hop + n_fft] for n in range(frames)]).astype(np.float64)
    power = np.abs(np.fft.rfft(cut * hann)) ** 2
    energy = power @ bands(rate, n_fft, n_mels, f_min, f_max).T
    return np.log(np.maximum(energy, FLOOR)).T.astype(np.float32)
