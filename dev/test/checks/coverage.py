"""Which lines the tests ran, by crate, and whether they are enough: `coverage.py LCOV`.

The limits: 80 % of the workspace's lines, 70 % of each library crate's. Tests, test tools and benches are
not counted."""

import collections
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
WORKSPACE, LIBRARY = 80.0, 70.0


def crate(path):
    relative = pathlib.Path(path).relative_to(ROOT)
    return "/".join(relative.parts[: 2 if relative.parts[0] == "crates" else 1])


def lines_of(lcov):
    """Whether each line ran, by crate."""
    crates, lines = collections.defaultdict(dict), {}
    for line in lcov:
        key, _, value = line.strip().partition(":")
        if key == "SF":
            file = value
            lines = crates[crate(file)]
        elif key == "DA":
            number, times = value.split(",")[:2]
            lines[file, number] = lines.get((file, number), False) or int(times) > 0
    return crates


def percent(lines):
    return 100 * sum(lines.values()) / len(lines)


def main():
    with open(sys.argv[1]) as lcov:
        crates = lines_of(lcov)
    every = {key: ran for lines in crates.values() for key, ran in lines.items()}
    short = []
    for name, lines in [*sorted(crates.items()), ("workspace", every)]:
        library = name.startswith("crates/") or name == "crds"
        limit = WORKSPACE if name == "workspace" else LIBRARY if library else None
        print(f"{name:24} {sum(lines.values()):6} of {len(lines):6} lines  {percent(lines):5.1f} %" + (f"  (at least {limit:.0f} %)" if limit else ""))
        if limit and percent(lines) < limit:
            short.append(name)
    if short:
        sys.exit(f"too few lines ran in {', '.join(short)}; see {ROOT}/target/coverage/html/index.html, and test what is red")


main()
