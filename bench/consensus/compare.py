"""compare.py [METHOD...]: the methods of crates/consensus beside crowd-kit, on the same files in the same run.

ORACLE is the folder of crowd-kit's packages (crates/consensus/tests/oracle/requirements.txt); FIT the example `fit`:
  cargo build --release --package datacrowd-consensus --example fit

Our time is that of the whole process; crowd-kit's is reading and fitting, without its imports. Memory is the most that
was resident. LARGE=1 adds 10,000,000 answers, where crowd-kit fits Dawid and Skene's model only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
AIMS = {"majority": 5, "dawid_skene": 30, "one_coin": 100}
FRAMES = {"500k": (100_000, 5, 500, 10)}
LARGE = {"10M, 4 labels": (1_000_000, 10, 1_000, 4), "10M, 10 labels": (1_000_000, 10, 1_000, 10)}
ROUNDS = 3


def run(command):
    """What it prints, how long it took, and its peak in MiB."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.environ["ORACLE"]})
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begin
    if status:
        sys.exit(f"{command}: {status}")
    return {**json.loads(printed), "wall": took, "mib": usage.ru_maxrss / 1024}


def compare(name, method, file):
    rounds = ROUNDS if name == "500k" else 1
    ours = min((run([os.environ["FIT"], method, file]) for _ in range(ROUNDS)), key=lambda each: each["wall"])
    theirs = [run([sys.executable, HERE / "peer.py", method, file]) for _ in range(1 if method in ("one_coin", "zero_based") else rounds)]
    theirs = min(theirs, key=lambda each: each["load"] + each["fit"])
    seconds = theirs["load"] + theirs["fit"]
    same = "same" if ours["sum"] == theirs["sum"] else "DIFFER"
    ratio = seconds / ours["wall"]
    aim = f"aim {AIMS[method]}" if name == "500k" and method in AIMS else ""
    print(f"{name:15} {method:12} ours {ours['wall']:7.3f} s (load {ours['load']:.3f}, fit {ours['fit']:.3f}) {ours['mib']:5.0f} MiB   "
          f"crowd-kit {seconds:8.2f} s (load {theirs['load']:.2f}) {theirs['mib']:5.0f} MiB   "
          f"iterations {ours['iterations']}/{theirs['iterations']}   ratio {ratio:6.1f} {aim}   labels {same}", flush=True)


def main(methods):
    frames = FRAMES | (LARGE if os.environ.get("LARGE") else {})
    with tempfile.TemporaryDirectory() as folder:
        for name, sizes in frames.items():
            file = Path(folder) / "answers.csv"
            with file.open("w") as out:
                subprocess.run([sys.executable, HERE / "crowd.py", *map(str, sizes)], stdout=out, check=True,
                               env={**os.environ, "PYTHONPATH": os.environ["ORACLE"]})
            for method in methods or ["majority", "wawa", "zero_based", "dawid_skene", "one_coin"]:
                if name == "500k" or method == "dawid_skene":
                    compare(name, method, file)


if __name__ == "__main__":
    main(sys.argv[1:])
