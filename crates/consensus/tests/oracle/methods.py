"""Labels, probabilities and skills as crowd-kit computes them, of frames of numbers."""

import numpy as np
import pandas as pd
from crowdkit.aggregation import BinaryRelevance, DawidSkene, MajorityVote, OneCoinDawidSkene, Wawa, ZeroBasedSkill
from crowdkit.aggregation.utils import get_accuracy
from scipy.stats import median_abs_deviation

# Neither stops before: what is compared is the arithmetic.
ITERATIONS, NEVER = 10, -1e9


def listed(values):
    return [None if np.isnan(value) else float(value) for value in np.asarray(values, dtype=float).ravel()]


def voted(model, skills):
    """Rows by task, columns by label. Where all weights are 0 crowd-kit has no label."""
    return {"probabilities": listed(model.probas_.sort_index()), "skill": listed(skills.sort_index())}


def fitted(model):
    probas, errors = model.probas_.sort_index(), model.errors_.sort_index()
    return {
        "probabilities": listed(probas[sorted(probas.columns)]),
        "priors": listed(model.priors_.sort_index()),
        "errors": [[int(worker), int(label), *listed(row[sorted(errors.columns)])] for (worker, label), row in errors.iterrows()],
        "bounds": listed(model.loss_history_),
    }


def methods(answers, gold):
    frame = pd.DataFrame(answers, columns=["task", "worker", "label"])
    truth = pd.Series(dict(gold), dtype=int)
    result = {}
    majority = MajorityVote().fit(frame)
    result["majority"] = voted(majority, majority.skills_)
    wawa = Wawa().fit(frame)
    wawa.predict(frame)
    result["wawa"] = voted(wawa, wawa.skills_)
    zero_based = ZeroBasedSkill().fit(frame)
    zero_based.predict(frame)
    result["zero_based"] = voted(zero_based, zero_based.skills_)
    if gold:
        known = get_accuracy(frame, truth, by="worker")
        weighted = MajorityVote(on_missing_skill="value", default_skill=0.5).fit(frame, known)
        result["gold"] = voted(weighted, known.reindex(sorted(frame.worker.unique())))
        result["dawid_skene_gold"] = fitted(DawidSkene(n_iter=ITERATIONS, tol=NEVER).fit(frame, true_labels=truth))
    result["dawid_skene"] = fitted(DawidSkene(n_iter=ITERATIONS, tol=NEVER).fit(frame))
    coin = OneCoinDawidSkene(n_iter=ITERATIONS, tol=NEVER).fit(frame)
    result["one_coin"] = {**fitted(coin), "skill": listed(coin.skills_.sort_index())}
    del result["one_coin"]["errors"]
    # By their own rule to stop.
    result["stops"] = [len(DawidSkene().fit(frame).loss_history_), len(OneCoinDawidSkene().fit(frame).loss_history_)]
    return result


def choices(answers):
    """Several labels an answer: which labels each task gets."""
    frame = pd.DataFrame([(task, worker, list(labels)) for task, worker, labels in answers], columns=["task", "worker", "label"])
    chosen = BinaryRelevance().fit_predict(frame)
    return [[int(label) for label in chosen[task]] for task in sorted(chosen.index)]


def medians(answers):
    """Median and median absolute deviation by task."""
    groups = pd.DataFrame(answers, columns=["task", "worker", "value"]).groupby("task").value
    return [[float(np.median(values)), float(median_abs_deviation(values))] for _, values in groups]
