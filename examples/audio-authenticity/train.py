"""Trains the model of this example, and says how far it may be trusted.

  apt-get install espeak-ng flite festival festvox-{kallpc16k,kdlpc16k,us-slt-hts,italp16k,itapc16k,ru}
  python3 -m pip install --no-deps --target DIR --requirement requirements.txt
  PYTHONPATH=DIR python3 train.py WORK     writes model.onnx and REPORT.md; recordings stay in the folder WORK
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "inference/tests/oracle"))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same sums in the same order on every machine

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import graph
import report
import voices
from baseline import plain
from features import log_mel, windows

MEL = {"n_fft": 256, "hop": 80, "n_mels": 32, "f_min": 200, "f_max": 3400}
WINDOW, HOP = 8000, 4000
STRENGTH = 0.01  # of the regression: the fewer voices, the less it may believe in any one band


class Windows:
    """The windows of all recordings, each as the numbers that the regression reads."""

    def __init__(self, recordings):
        self.owner, numbers = [], []
        for at, recording in enumerate(recordings):
            _, cut = windows(recording.samples, WINDOW, HOP)
            self.owner += [at] * len(cut)
            numbers += [graph.pooled(log_mel(window, voices.RATE, **MEL)) for window in cut]
        self.owner, self.numbers = np.array(self.owner), np.array(numbers)

    def of(self, chosen):
        return np.flatnonzero(np.isin(self.owner, chosen))


def weights(recordings, owners):
    """Both kinds weigh the same, in each of them every source, and in a source every recording."""
    keys = [(recordings[at].synthetic, recordings[at].source) for at in owners]
    sources = {kind: len({key for key in keys if key[0] == kind}) for kind in (False, True)}
    members = {key: {at for at, k in zip(owners, keys) if k == key} for key in set(keys)}
    pieces = np.bincount(owners)
    weight = [1 / (sources[key[0]] * len(members[key]) * pieces[at]) for at, key in zip(owners, keys)]
    return np.array(weight) / np.mean(weight)


def fit(numbers, truth, weight):
    scaler = StandardScaler().fit(numbers)
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(scaler.transform(numbers), truth, weight)
    # Folded together: the file holds one multiplication.
    slope = model.coef_[0] / scaler.scale_
    return slope, model.intercept_[0] - scaler.mean_ @ slope


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Task:
    """Trains on some recordings and answers others, by the model and by the baseline."""

    def __init__(self, recordings):
        self.recordings, self.windows = recordings, Windows(recordings)
        self.truth = np.array([recording.synthetic for recording in recordings])
        self.plain = np.array([plain(recording.samples) for recording in recordings])

    def train(self, chosen):
        at = self.windows.of(chosen)
        owners = self.windows.owner[at]
        return fit(self.windows.numbers[at], self.truth[owners], weights(self.recordings, owners))

    def answer(self, model, chosen, temperature=1.0):
        """The mean over windows, as the platform makes it."""
        at = self.windows.of(chosen)
        of_windows = sigmoid((self.windows.numbers[at] @ model[0] + model[1]) / temperature)
        sums = np.bincount(self.windows.owner[at], of_windows, len(self.recordings))
        return (sums / np.maximum(1, np.bincount(self.windows.owner[at], minlength=len(self.recordings))))[chosen]

    def baseline(self, train, test):
        model = fit(self.plain[train], self.truth[train], weights(self.recordings, train))
        return sigmoid(self.plain[test] @ model[0] + model[1])


def temperature(task, folds):
    """By how much answers to voices that were not trained on are too sure: the one with the least loss over all folds."""
    def loss(t):
        total = 0
        for model, test in folds:
            p = np.clip(task.answer(model, test, t), 1e-6, 1 - 1e-6)
            truth = task.truth[test]
            total -= np.mean(np.log(p[truth])) + np.mean(np.log(1 - p[~truth]))
        return total

    return min(np.geomspace(0.25, 16, 49), key=loss)


def main(work):
    recordings = voices.recordings(work)
    task = Task(recordings)
    folds = report.Folds(recordings)
    strict = [(task.train(train), test) for _, train, test in folds.both()]
    calm = temperature(task, strict)
    everything = np.arange(len(recordings))
    slope, offset = task.train(everything)
    model = graph.model(slope / calm, offset / calm, MEL, WINDOW)
    (HERE / "model.onnx").write_bytes(model.SerializeToString())
    (HERE / "REPORT.md").write_text(report.text(task, folds, calm, len(model.SerializeToString())))
    print((HERE / "REPORT.md").read_text())


if __name__ == "__main__":
    main(sys.argv[1])
