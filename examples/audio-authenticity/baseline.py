"""What a recording tells without listening to the voice: how wide, how loud, how silent, how high, how long it is. A model
that is no better than a regression on these has learned how recordings were made."""

import numpy as np

RATE, FRAME = 8000, 400


def pitch(frame):
    """Hertz between 60 and 400, or none."""
    frame = frame - frame.mean()
    energy = frame @ frame
    if energy < 1e-6:
        return None
    lags = np.correlate(frame, frame, "full")[len(frame):]
    first, last = RATE // 400 - 1, RATE // 60
    best = first + int(np.argmax(lags[first:last]))
    return RATE / (best + 1) if lags[best] > 0.4 * energy else None


def plain(samples):
    spectrum = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    share = np.cumsum(spectrum) / spectrum.sum()
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(float)
    loud = 20 * np.log10(np.sqrt((frames**2).mean(1)) + 1e-6)
    high = [p for p in map(pitch, frames) if p] or [0.0]
    return [
        hertz[np.searchsorted(share, 0.05)], hertz[np.searchsorted(share, 0.95)], hertz[np.searchsorted(share, 0.99)],
        20 * np.log10(np.abs(samples).max() + 1e-6), np.std(loud), np.percentile(loud, 5),
        np.mean(loud < loud.max() - 30), np.median(high), np.std(high), np.log(len(samples) / RATE),
    ]
