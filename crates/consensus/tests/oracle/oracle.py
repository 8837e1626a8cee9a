"""Writes what others compute of the same answers into fixtures/, for cargo test to compare; or compares it itself.

  python3 -m pip install --no-deps --target DIR --requirement requirements.txt
  PYTHONPATH=DIR python3 oracle.py            writes the fixtures
  PYTHONPATH=DIR python3 oracle.py --check    fails where a fixture is not what the packages compute
"""

import json
import math
import sys
import warnings
from pathlib import Path
from random import Random

warnings.simplefilter("ignore")  # pandas about crowd-kit, numpy about rows without weight

from frames import frames
from measures import measures
from methods import choices, medians, methods

FIXTURES = Path(__file__).parent / "fixtures"
DIGITS = 9


def several(random):
    return [(task, worker, sorted(label for label in range(4) if random.random() < (0.7 if label == task % 4 else 0.3)))
            for task in range(30) for worker in range(8) if random.random() < 0.6]


def numbers(random):
    return [(task, worker, round(random.gauss(task, 1 + worker), 3))
            for task in range(30) for worker in range(7) if worker == task % 7 or random.random() < 0.6]


def compute():
    for name, frame in frames():
        yield name, {
            "answers": frame["answers"],
            "gold": frame["gold"],
            "methods": methods(frame["answers"], frame["gold"]),
            "agreement": measures(frame["answers"], bootstrap=name in ("missing-4", "full-3")),
        }
    random = Random(99)
    answers = several(random)
    yield "choices", {"answers": answers, "chosen": choices(answers)}
    answers = numbers(random)
    yield "numbers", {"answers": answers, "medians": medians(answers)}


def rounded(value):
    if isinstance(value, float):
        value = round(value, DIGITS)
        return int(value) if value == int(value) else value
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def differences(path, kept, now):
    """Where two values are not the same but for rounding."""
    if isinstance(kept, dict) and isinstance(now, dict) and kept.keys() == now.keys():
        for key in kept:
            yield from differences(f"{path}.{key}", kept[key], now[key])
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for place, pair in enumerate(zip(kept, now)):
            yield from differences(f"{path}[{place}]", *pair)
    elif isinstance(kept, (int, float)) and isinstance(now, (int, float)):
        if not math.isclose(kept, now, rel_tol=1e-7, abs_tol=1e-7):
            yield f"{path}: {kept} is kept, {now} computed"
    elif kept != now:
        yield f"{path}: {kept} is kept, {now} computed"


def main(check):
    wrong, seen = [], 0
    for name, content in compute():
        path, content = FIXTURES / f"{name}.json", rounded(content)
        seen += 1
        if check:
            wrong += differences(name, json.loads(path.read_text()), content)
        else:
            FIXTURES.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    if check and seen != len(list(FIXTURES.glob("*.json"))):
        wrong.append("fixtures that nothing computes")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{seen - len({line.split('.')[0] for line in wrong})} passed, {len({line.split('.')[0] for line in wrong})} failed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--check"]))
