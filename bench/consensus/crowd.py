"""crowd.py TASKS ANSWERS WORKERS LABELS: a seeded crowd's answers, as CSV.

Workers are right with a probability from 0.3 to 0.95 each; wrong answers are spread evenly.
"""

import sys

import numpy as np

BLOCK = 50_000


def main(tasks, answers, workers, labels):
    random = np.random.default_rng(20261127)
    skill = 0.3 + 0.65 * random.random(workers)
    sys.stdout.write("task,worker,label\n")
    for begin in range(0, tasks, BLOCK):
        size = min(BLOCK, tasks - begin)
        truth = random.integers(labels, size=size)
        # Distinct workers: a start and a stride, both drawn.
        start = random.integers(workers, size=(size, 1))
        stride = random.integers(1, workers // answers, size=(size, 1))
        who = (start + stride * np.arange(answers)) % workers
        right = random.random((size, answers)) < skill[who]
        wrong = (truth[:, None] + random.integers(1, labels, size=(size, answers))) % labels
        said = np.where(right, truth[:, None], wrong)
        task = np.repeat(np.arange(begin, begin + size), answers)
        sys.stdout.write("\n".join(map("%d,%d,%d".__mod__, zip(task.tolist(), who.ravel().tolist(), said.ravel().tolist()))) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
