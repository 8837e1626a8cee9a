"""The answers that both sides are given: lists of (task, worker, label), sorted."""

import json
from pathlib import Path
from random import Random

RATINGS = Path(__file__).parents[4] / "examples/reviews/data/ratings.jsonl"

# The two frames of crowd-kit's own tests (tests/conftest.py, Apache-2.0), with numbers for names in sorted order.
TOY = {
    "answers": [
        (0, 0, 0), (0, 1, 1), (0, 3, 1), (0, 4, 0), (1, 0, 1), (1, 1, 1), (1, 2, 1), (1, 3, 0), (1, 4, 0), (2, 0, 1), (2, 1, 0), (2, 2, 0),
        (2, 3, 1), (2, 4, 0), (3, 0, 1), (3, 1, 1), (3, 2, 1), (3, 3, 1), (3, 4, 1), (4, 0, 1), (4, 1, 0), (4, 2, 0), (4, 3, 0), (4, 4, 0),
    ],
    "gold": [(0, 1), (1, 1)],
}
SIMPLE = {
    "answers": [
        (0, 0, 2), (0, 1, 0), (0, 3, 0), (1, 1, 0), (1, 2, 0), (1, 3, 0), (1, 5, 1), (2, 0, 2), (2, 1, 1), (2, 2, 1), (2, 4, 1), (3, 0, 2),
        (3, 3, 2), (3, 4, 2), (3, 5, 2), (4, 0, 2), (4, 3, 0), (4, 5, 1), (5, 2, 2), (5, 4, 2), (5, 5, 2), (6, 1, 1), (6, 3, 1), (6, 4, 1),
        (7, 0, 2), (7, 2, 1), (7, 4, 1), (8, 0, 2), (8, 3, 2), (8, 5, 2), (9, 2, 2), (9, 4, 2), (9, 5, 2),
    ],
    "gold": [],
}


def crowd(seed, labels, tasks, workers, per_task, skill=(0.3, 0.95), spammers=0):
    """Workers with a skill each, and spammers who always give one label; a fifth of the tasks is gold."""
    random = Random(seed)
    skills = [skill[0] + (skill[1] - skill[0]) * random.random() for _ in range(workers)]
    answers, gold = [], []
    for task in range(tasks):
        truth = int(random.random() * labels)
        if random.random() < 0.2:
            gold.append((task, truth))
        least, most = per_task
        count = least + int(random.random() * (most - least + 1))
        chosen = sorted(sorted(range(workers), key=lambda _: random.random())[:count])
        for worker in chosen:
            if worker < spammers:
                label = worker % labels
            elif random.random() < skills[worker]:
                label = truth
            else:
                label = (truth + 1 + int(random.random() * (labels - 1))) % labels
            answers.append((task, worker, label))
    return {"answers": answers, "gold": gold}


def ratings(items):
    """The first real ratings. A position stands for a worker here, which it is not: only the arithmetic is compared."""
    answers = []
    with RATINGS.open() as file:
        for task, line in zip(range(items), file):
            answers += [(task, worker, rating) for worker, rating in enumerate(json.loads(line)["ratings"])]
    return {"answers": answers, "gold": [(task, 0) for task in range(0, items, 7)]}


def frames():
    yield "toy", TOY
    yield "simple", SIMPLE
    for labels in (2, 4, 10):
        yield f"missing-{labels}", crowd(10 + labels, labels, 40, 12, (1, 5))
        yield f"ties-{labels}", crowd(30 + labels, labels, 30, 8, (2, 4), skill=(0.1, 0.6))
    yield "full-3", crowd(3, 3, 24, 6, (6, 6))
    yield "single-4", crowd(24, 4, 30, 8, (1, 1))
    yield "spam-4", crowd(44, 4, 40, 10, (3, 6), spammers=3)
    yield "ratings", ratings(40)
