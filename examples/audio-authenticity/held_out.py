"""A model that never heard one speaker and one machine, recordings of just these, and how often it was right about them.

  held_out.py make WORK SPEAKER MACHINE    model.onnx, clips.zip and truth.json in WORK/held-out
  held_out.py score WORK ANSWERS           ANSWERS: lines of JSON with the file's name and the probability of `synthetic`

`run` has the platform answer in between.
"""

import io
import json
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np

import graph
import report
import train
import voices

CLIPS = 100  # of each kind


def wav(samples):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, voices.RATE, 0, "NONE", ""))
        out.writeframes(np.round(samples * 32768).clip(-32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


def make(work, speaker, machine):
    recordings = voices.recordings(work)
    task, folds = train.Task(recordings), report.Folds(recordings)
    learned, test = next((t, e) for name, t, e in folds.both() if name == f"{speaker}, {machine}")
    slope, offset = task.train(learned)
    folder = Path(work) / "held-out"
    folder.mkdir(exist_ok=True)
    model = graph.model(slope, offset, train.MEL, train.WINDOW)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    random = np.random.default_rng(1)
    kinds = [test[task.truth[test] == kind] for kind in (False, True)]
    # Their names say nothing.
    chosen = random.permutation(np.concatenate([random.choice(kind, min(CLIPS, len(kind)), replace=False) for kind in kinds]))
    plain = task.baseline(learned, chosen)
    truth = {}
    with zipfile.ZipFile(folder / "clips.zip", "w") as out:
        for nth, (at, guess) in enumerate(zip(chosen, plain)):
            clip = recordings[at]
            out.writestr(f"{nth:03}.wav", wav(clip.samples))
            truth[f"{nth:03}.wav"] = {"synthetic": bool(clip.synthetic), "voice": clip.voice, "language": clip.language,
                                      "baseline": float(guess)}
    (folder / "truth.json").write_text(json.dumps(truth))
    for kind, name in ((False, "person.wav"), (True, "machine.wav")):
        at = next(at for at in chosen if recordings[at].synthetic == kind)
        (folder / name).write_bytes(wav(recordings[at].samples))


def score(work, answers):
    truth = json.loads((Path(work) / "held-out/truth.json").read_text())
    said = {line["name"]: line["synthetic"] for line in map(json.loads, Path(answers).read_text().splitlines())}
    names = [name for name in truth if name in said]
    print(f"{len(names)} of {len(truth)} recordings answered")
    of = lambda key: np.array([truth[name][key] for name in names])
    synthetic, p, plain = of("synthetic"), np.array([said[name] for name in names]), of("baseline")

    def line(what, at):
        model = f"{report.interval(synthetic[at], p[at], report.balanced)}, AUC {report.interval(synthetic[at], p[at], report.auc)}"
        base = f"{report.interval(synthetic[at], plain[at], report.balanced)}, AUC {report.interval(synthetic[at], plain[at], report.auc)}"
        print(f"{what:12} {at.sum():4}  accuracy {model}   baseline {base}")

    line("all", np.ones(len(names), bool))
    for language in sorted(set(of("language"))):
        at = of("language") == language
        if 0 < synthetic[at].sum() < at.sum():
            line(language, at)
    for voice in sorted(set(of("voice"))):
        at = of("voice") == voice
        print(f"{voice:24} {at.sum():4}  right {np.mean((p[at] > 0.5) == synthetic[at]):.2f}")


if __name__ == "__main__":
    {"make": make, "score": score}[sys.argv[1]](*sys.argv[2:])
