"""Prints the part of docs/configuration.md that is about the chart: each value with the comment above it."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# Configuration

Made by `make generate`; change values in `charts/datacrowd/values.yaml`, settings in `api-server/src/args.rs` and `operator/src/args.rs`.

## Values of the chart

| value | default | what |
|---|---|---|
"""


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def values():
    """Each key with the comment above it; a group has none of its own."""
    comment, path = [], []
    for line in (ROOT / "charts/datacrowd/values.yaml").read_text().splitlines():
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        key = re.match(r"(\w+):(.*)", stripped)
        if stripped.startswith("#"):
            comment.append(stripped.lstrip("# "))
            continue
        if not stripped:
            comment = []
        if key and indent % 2 == 0 and indent // 2 <= len(path):
            path = [*path[: indent // 2], key[1]]
            if comment and path[-1] not in ("requests", "limits", "matchLabels"):
                yield ".".join(path), " ".join(comment)
        comment = []


def default(path):
    value = yaml.safe_load((ROOT / "charts/datacrowd/values.yaml").read_text())
    for key in path.split("."):
        value = value[key]
    if isinstance(value, dict) and value:
        whole = path.rsplit(".", 1)[-1] in ("resources", "labels") or "schedule" in value
        return None if not whole else cell(yaml.safe_dump(value, default_flow_style=True, width=1000))
    return cell(yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n"))


def main():
    out = HEAD
    for path, text in values():
        known = default(path)
        out += f"| `{path}` | {f'`{known}`' if known is not None else ''} | {cell(text)} |\n"
    print(out, end="")


main()
