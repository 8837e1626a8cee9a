"""compare.py BINARY [FILES]: the example's model over recordings, by `datacrowd-inference try` and by Python with onnxruntime,
on one core, in turns in the same run. Decoding, features and windows are included on both sides, and so is starting.

ORACLE is the folder of inference/tests/oracle/requirements.txt; build BINARY with --release:
  PYTHONPATH=ORACLE python3 bench/inference/compare.py target/x86_64-unknown-linux-gnu/release/datacrowd-inference 200
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/audio-authenticity"
ROUNDS = 5


def peer(files):
    """What a person would write in Python."""
    sys.path.append(str(ROOT / "inference/tests/oracle"))
    import numpy as np
    import onnxruntime
    import soundfile
    from features import log_mel, windows

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(EXAMPLE / "model.onnx"), options, providers=["CPUExecutionProvider"])
    for file in files:
        samples, rate = soundfile.read(file, dtype="float32")
        _, cut = windows(samples, rate, rate // 2)
        features = np.stack([log_mel(window, rate, 256, 80, 32, 200, 3400) for window in cut])
        probabilities = session.run(None, {"mel": features})[0].mean(0)
        print(json.dumps({"file": file, "probabilities": dict(zip(("human", "synthetic"), map(float, probabilities)))}))


def recordings(folder, count):
    """Ten seconds of coloured noise each, as WAV: nobody's voice, and none like another."""
    import numpy as np
    import soundfile

    files = []
    for at in range(count):
        noise = np.cumsum(np.random.default_rng(at).normal(size=80_000))
        noise -= np.convolve(noise, np.ones(200) / 200, "same")
        files.append(f"{folder}/{at}.wav")
        soundfile.write(files[-1], 0.1 * noise / noise.std(), 8000, subtype="PCM_16")
    return files


def answers(command):
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    took = time.perf_counter() - begin
    return took, [json.loads(line)["probabilities"]["synthetic"] for line in done.stdout.splitlines()]


def main(binary, count):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        files = recordings(folder, count)
        ours = [binary, "try", "--model", EXAMPLE / "model.onnx", "--spec", EXAMPLE / "model.yaml", *files]
        theirs = [sys.executable, __file__, "peer", *files]
        times = {"ours": [], "onnxruntime": []}
        for _ in range(ROUNDS):
            took, said = answers(ours)
            times["ours"].append(took)
            took, expected = answers(theirs)
            times["onnxruntime"].append(took)
            assert len(said) == len(expected) == count
            assert max(abs(a - b) for a, b in zip(said, expected)) < 1e-4, "they answer differently"
    rates = {name: count / statistics.median(took) for name, took in times.items()}
    for name, rate in rates.items():
        print(f"{name:12} {rate:8.1f} recordings of 10 s a second")
    print(f"ratio        {rates['ours'] / rates['onnxruntime']:8.2f}")


if __name__ == "__main__":
    if sys.argv[1] == "peer":
        peer(sys.argv[2:])
    else:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100)
