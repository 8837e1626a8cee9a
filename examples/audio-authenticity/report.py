"""What may be said of the model: always on voices, machines or languages that training never saw."""

from zlib import crc32

import numpy as np

RESAMPLED = 1000
WRONG = 0.05  # share of wrong answers that is borne where the model answers


class Folds:
    """Which recordings train and which test. Of the kind that is not left out, a quarter of the sentences tests."""

    def __init__(self, recordings):
        self.source = np.array([r.source for r in recordings])
        self.language = np.array([r.language for r in recordings])
        self.synthetic = np.array([r.synthetic for r in recordings])
        self.quarter = np.array([crc32(r.sentence.encode()) % 4 == 0 for r in recordings])

    def sources(self, synthetic):
        return sorted(set(self.source[self.synthetic == synthetic]))

    def one(self, left):
        """A speaker or a machine is left out; the other kind is tested in the same languages."""
        mine = self.source == left
        kind = self.synthetic[mine][0]
        spoken = np.isin(self.language, list(set(self.language[mine])))
        others = (self.synthetic != kind) & self.quarter
        return np.flatnonzero(~mine & ~others), np.flatnonzero(mine | (others & spoken))

    def speakers(self):
        return [(name, *self.one(name)) for name in self.sources(False)]

    def machines(self):
        return [(name, *self.one(name)) for name in self.sources(True)]

    def languages(self):
        for name in sorted(set(self.language)):
            mine = self.language == name
            yield name, np.flatnonzero(~mine), np.flatnonzero(mine)

    def both(self):
        """A speaker and a machine are left out together."""
        for speaker in self.sources(False):
            for machine in self.sources(True):
                mine = (self.source == speaker) | (self.source == machine)
                yield f"{speaker}, {machine}", np.flatnonzero(~mine), np.flatnonzero(mine)


def auc(truth, p):
    """How often a synthetic recording gets more than a human one; half of the ties count."""
    people = np.sort(p[~truth])
    below = (np.searchsorted(people, p[truth], "left") + np.searchsorted(people, p[truth], "right")) / 2
    return below.mean() / len(people)


def balanced(truth, p):
    return (np.mean(p[truth] > 0.5) + np.mean(p[~truth] <= 0.5)) / 2


def interval(truth, p, measure):
    """The measure, and where it lies for 95 of 100 samples of recordings of each kind."""
    random = np.random.default_rng(1)
    kinds = [np.flatnonzero(truth), np.flatnonzero(~truth)]
    drawn = [np.concatenate([random.choice(kind, len(kind)) for kind in kinds]) for _ in range(RESAMPLED)]
    low, high = np.percentile([measure(truth[at], p[at]) for at in drawn], [2.5, 97.5])
    return f"{measure(truth, p):.2f} ({low:.2f}–{high:.2f})"


def rows(task, folds, calm):
    for name, train, test in folds:
        truth = task.truth[test]
        p, plain = task.answer(task.train(train), test, calm), task.baseline(train, test)
        yield name, truth, p, plain, (
            f"| {name} | {np.sum(~truth)} + {np.sum(truth)} | {interval(truth, p, balanced)} | {interval(truth, p, auc)} "
            f"| {interval(truth, plain, balanced)} | {interval(truth, plain, auc)} |")


HEAD = """| {} | people + machines | accuracy | AUC | baseline: accuracy | baseline: AUC |
|---|---|---|---|---|---|"""


def table(title, rows):
    return "\n".join([HEAD.format(title), *(row for *_, row in rows)])


def calibration(truth, p):
    """Of recordings that got such a probability, how many were synthetic; both kinds weigh the same."""
    weight = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    lines, error = [], 0
    for low in np.arange(0, 1, 0.2):
        within = (p >= low) & ((p < low + 0.2) | (low > 0.79))
        if within.any():
            said, was = (np.average(x[within], weights=weight[within]) for x in (p, truth))
            error += weight[within].sum() / weight.sum() * abs(said - was)
            lines.append(f"| {low:.1f}–{low + 0.2:.1f} | {within.sum()} | {said:.2f} | {was:.2f} |")
    return "\n".join(["| probability of `synthetic` | recordings | mean said | share that was |", "|---|---|---|---|", *lines]), error


def band(truth, p):
    """The least probability of an answer with which at most `WRONG` of either kind of answer are wrong."""
    weight = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    sure, right = np.maximum(p, 1 - p), (p > 0.5) == truth
    for least in np.arange(0.5, 1, 0.01):
        answers = [(sure >= least) & ((p > 0.5) == kind) for kind in (True, False)]
        if all(a.any() and np.average(~right[a], weights=weight[a]) <= WRONG for a in answers):
            return least, np.average(sure >= least, weights=weight)
    return None, 0.0


def text(task, folds, calm, size):
    both = list(rows(task, folds.both(), calm))
    truth, p = (np.concatenate([row[at] for row in both]) for at in (1, 2))
    bins, error = calibration(truth, p)
    least, share = band(truth, p)
    pairs = [(auc(truth, p), auc(truth, plain)) for _, truth, p, plain, _ in both]
    worst, better = min(ours for ours, _ in pairs), sum(ours > theirs for ours, theirs in pairs)
    means = [np.mean(column) for column in zip(*pairs)]
    known = "no probability is high enough for that: every answer belongs to a person" if least is None else (
        f"answers from a probability of {least:.2f} on are right so often, and {share:.0%} of recordings get one; "
        f"`answerAbove: {least:.2f}` leaves the others to people")
    return f"""# How far the example's model may be trusted

Made by `train.py`. {np.sum(~task.truth)} recordings of people ({len(folds.sources(False))} speakers, {len(set(folds.language))} languages) and {np.sum(task.truth)} of machines
({len(folds.sources(True))} synthesizers) say the same sentences in one form: 8 kHz, 200–3,400 Hz, trimmed, equally loud. The model is a regression on
mean, spread and unrest of 32 mel bands, {size / 1000:.1f} kB. In parentheses: 95 % intervals by resampling recordings. They do not know how other speakers
would do: there are {len(folds.sources(False))}. Accuracy is the mean of both kinds, so that guessing gives 0.50. The **baseline** reads bandwidth, loudness, silence, pitch and length only.

## A machine that training never saw

{table("left out", rows(task, folds.machines(), calm))}

## A speaker that training never saw

{table("left out", rows(task, folds.speakers(), calm))}

## A language that training never saw

{table("left out", rows(task, folds.languages(), calm))}

## Neither the speaker nor the machine was seen

The case that counts: a stranger's voice, or a machine that is new.

{table("left out", both)}

## Whether its probabilities mean what they say

On the recordings of the last table, after division of all logits by {calm:.2f}, which was chosen on the same folds and flatters a little. Mean distance: {error:.2f}.

{bins}

**Don't know.** With at most {WRONG:.0%} wrong among the answers of either kind: {known}.

## What this shows, and what it does not

- That recordings, features, model and platform fit together, and that the number printed is the one that was trained for.
- Not that the model hears what the baseline does not: of the {len(pairs)} pairs of a new speaker and a new machine it is better in {better}, with a mean AUC of {means[0]:.2f}
  against {means[1]:.2f}. Band edges, loudness and pitch of so few sources give away which one it is, and that is easier to learn than what a machine's voice has.
- Not that synthetic speech is recognised. The machines speak by formants, diphones, recorded units and hidden Markov models; none is a neural one, and the
  voices that deceive people today are. There are {len(folds.sources(False))} speakers, each in one studio: a table cannot say what belongs to the speaker and what to the studio.
- The worst pair above has an AUC of {worst:.2f}. Where a row is near its baseline, the model knows no more there than how such recordings sound on average.
- Music, several voices, other noise, telephone codecs and replayed recordings were not tried.
- Nobody should be accused of anything by this number.
"""
