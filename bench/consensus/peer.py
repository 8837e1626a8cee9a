"""peer.py METHOD FILE: what fit does, by crowd-kit. Its imports are not counted."""

import json
import sys
import time
import warnings

import pandas as pd
from crowdkit.aggregation import DawidSkene, MajorityVote, OneCoinDawidSkene, Wawa, ZeroBasedSkill

METHODS = {"majority": MajorityVote, "wawa": Wawa, "zero_based": ZeroBasedSkill, "dawid_skene": DawidSkene, "one_coin": OneCoinDawidSkene}


def main(method, file):
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    frame = pd.read_csv(file)
    loaded = time.perf_counter()
    model = METHODS[method]()
    labels = model.fit_predict(frame)
    fitted = time.perf_counter()
    # The same sum as fit prints: of labels' lengths and places, in sorted order of their text.
    places = {label: len(str(label)) + place for place, label in enumerate(sorted(frame.label.unique(), key=str))}
    print(json.dumps({"load": loaded - begin, "fit": fitted - loaded, "iterations": len(getattr(model, "loss_history_", [0])),
                      "sum": int(labels.map(places).sum())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
