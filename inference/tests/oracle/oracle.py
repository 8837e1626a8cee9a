"""Writes models, and what NumPy and onnxruntime compute by them, into fixtures/, for cargo test to compare.

  python3 -m pip install --no-deps --target DIR --requirement requirements.txt
  PYTHONPATH=DIR python3 oracle.py            writes the fixtures
  PYTHONPATH=DIR python3 oracle.py --check    fails where a fixture is not what is computed now
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime

from features import log_mel, windows
from models import models, rows

FIXTURES = Path(__file__).parent / "fixtures"
DIGITS = 7
MEL = {"n_fft": 256, "hop": 80, "n_mels": 20, "f_min": 100, "f_max": 4000}
WINDOW, HOP, RATE = 8000, 4000, 8000


def recording():
    with wave.open(str(FIXTURES / "speechlike.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def session(name):
    return onnxruntime.InferenceSession(str(FIXTURES / f"{name}.onnx"), providers=["CPUExecutionProvider"])


def said(name, x):
    """Each item alone: some of the models take one."""
    run = session(name)
    wanted = [output.name for output in run.get_outputs() if output.type == "tensor(float)"][-1]
    return np.concatenate([run.run([wanted], {run.get_inputs()[0].name: item[None]})[0] for item in x])


def audio():
    begins, cut = windows(recording(), WINDOW, HOP)
    features = np.stack([log_mel(window, RATE, **MEL) for window in cut])
    inputs = {"pooled": features, "image": features[:, None], "flat": features.reshape(len(cut), -1), "waveform": cut[:, None], "loudness": cut[:, None]}
    answers = {}
    for name, x in inputs.items():
        of_windows = said(name, x)
        surest = of_windows[of_windows.max(1).argmax()]
        answers[name] = {"windows": of_windows.tolist(), "mean": of_windows.mean(0).tolist(), "max": surest.tolist()}
    return {"begins": begins, "features": features.reshape(len(cut), -1).tolist(), "answers": answers}


def columns():
    x = rows()[0][:25]
    return {"rows": x.tolist(), "answers": {name: said(name, x).tolist() for name in ("logistic", "mlp", "forest", "linear", "regressor")}}


def rounded(value):
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def close(kept, now):
    if isinstance(kept, dict):
        return kept.keys() == now.keys() and all(close(kept[key], now[key]) for key in kept)
    if isinstance(kept, list):
        return len(kept) == len(now) and all(map(close, kept, now))
    return abs(kept - now) <= 1e-5


def main(check):
    failed = []
    for name, model in models():
        path, content = FIXTURES / f"{name}.onnx", model.SerializeToString()
        if not check:
            path.write_bytes(content)
        elif path.read_bytes() != content:
            failed.append(path.name)
    for name, content in (("audio", audio()), ("columns", columns())):
        path = FIXTURES / f"{name}.json"
        if not check:
            path.write_text(json.dumps(rounded(content), separators=(",", ":")) + "\n")
        elif not close(json.loads(path.read_text()), content):
            failed.append(path.name)
    print(*failed, sep="\n", end="\n" if failed else "")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--check"]))
