"""Agreement as krippendorff, irrCAC, statsmodels and scikit-learn see it."""

import irrCAC.raw
import irrCAC.weights
import krippendorff
import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

SAMPLES = 60


def table(answers):
    """Tasks by workers, with gaps."""
    frame = pd.DataFrame(answers, columns=["task", "worker", "label"])
    return frame.pivot(index="task", columns="worker", values="label")


def alpha(ratings, level, labels):
    """Nothing where the package refuses: one label alone, or no task of two answers."""
    try:
        found = krippendorff.alpha(ratings.to_numpy(dtype=float).T, value_domain=labels, level_of_measurement=level)
    except ValueError:
        return None
    return None if np.isnan(found) else float(found)


def gwet_family(ratings, labels, weights):
    """Raw agreement, Fleiss' kappa and AC1 or AC2."""
    # irrCAC counts labels column by column; a repeated index of a sample would not matter but for its replace.
    cac = irrCAC.raw.CAC(ratings.reset_index(drop=True), weights=weights, categories=labels, digits=15)
    gwet, fleiss = cac.gwet()["est"], cac.fleiss()["est"]
    return [float(gwet["pa"]), float(fleiss["coefficient_value"]), float(gwet["coefficient_value"])]


def cohen(ratings, labels):
    """The first pairs of workers with enough tasks in common."""
    found = []
    workers = list(ratings.columns)
    for first, second in zip(workers, workers[1:]):
        both = ratings[[first, second]].dropna().astype(int)
        if len(both) < 3 or len(found) == 3:
            continue
        a, b = both[first], both[second]
        if len(set(a) | set(b)) < 2:
            continue
        places = {label: place for place, label in enumerate(labels)}
        values = [cohen_kappa_score(a.map(places), b.map(places), labels=range(len(labels)), weights=weights)
                  for weights in (None, "linear", "quadratic")]
        found.append([int(first), int(second), *map(float, values)])
    return found


def split_mix(seed):
    """SplitMix64, one number at a time."""
    mask = (1 << 64) - 1
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def interval(ratings, seed, statistic):
    """The percentile interval of 90 % over samples of whole tasks."""
    draws, values = split_mix(seed), []
    for _ in range(SAMPLES):
        rows = [(next(draws) * len(ratings)) >> 64 for _ in range(len(ratings))]
        value = statistic(ratings.iloc[rows])
        if value is not None:
            values.append(value)
    return [*map(float, np.percentile(values, [5, 95])), len(values)]


def measures(answers, bootstrap):
    ratings = table(answers)
    labels = sorted({label for _, _, label in answers})
    result = {"cohen": cohen(ratings, labels)}
    levels = ["nominal", "ordinal", "interval"] + (["ratio"] if labels[0] >= 0 else [])
    result["alpha"] = {level: alpha(ratings, level, labels) for level in levels}
    if (ratings.notna().sum(axis=1) > 1).any():
        result["gwet"] = {weights: gwet_family(ratings, labels, weights)
                          for weights in ("identity", "linear", "quadratic", "ordinal")}
    if ratings.notna().all(axis=None):
        counts, _ = aggregate_raters(ratings.to_numpy(dtype=int))
        result["fleiss"] = float(fleiss_kappa(counts))
    if bootstrap:
        result["intervals"] = {
            "nominal": interval(ratings, 7, lambda sample: alpha(sample, "nominal", labels)),
            "ordinal": interval(ratings, 8, lambda sample: alpha(sample, "ordinal", labels)),
            "ac1": interval(ratings, 9, lambda sample: gwet_family(sample, labels, "identity")[2]),
        }
    return result
