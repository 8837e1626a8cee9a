"""Prints docs/errors.md: every code that an error's body can carry, read from where the sources make it."""

import http
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# Errors

Every error, the framework's own included, is one body: `application/problem+json` with `type`, `title`, `status`, `timestamp`,
`path`, `message`, `code`, `correlationId` and `details` (per member of the request, or facts that a program acts on). Programs
decide by `code`, which does not change; `message` is for people and ends with what to do. An answer with `Retry-After` says when
to try again. A client's own tenant aside, what is another's does not exist: both are 404 `not_found`.

Made by `make generate` from the sources. `…` stands for what differs each time.
"""
TEXT = r'"((?:[^"\\]|\\.)*)"'
MESSAGE = rf"(?:Some\()?(?:format!\(\s*)?{TEXT}"
STATUS = {status.name: status.value for status in http.HTTPStatus}
# What the crate http and Python call by different names.
STATUS |= {"PAYLOAD_TOO_LARGE": 413, "UNPROCESSABLE_ENTITY": 422, "URI_TOO_LONG": 414}
INVALID = "The request does not fit; correct the members named in details."


def sources(folder):
    """Each file without its tests."""
    for path in sorted((ROOT / folder).rglob("*.rs")):
        if path.name != "tests.rs":
            yield path.read_text().split("#[cfg(test)]")[0]


def arms(text, name):
    """Variants and values of each `match` arm that names variants of an enumeration."""
    variant = rf"{name}::(\w+)(?:\s*\{{[^}}]*\}}|\([^)]*\))?"
    for arm in re.finditer(rf"((?:{variant}\s*\|?\s*)+)=>\s*(?:\{{\s*)?", text):
        yield re.findall(variant, arm[1]), text[arm.end():]


def function(text, signature):
    """The body of a function, by its closing brace's indentation."""
    begin = re.search(rf"^( *)(?:pub )?fn {signature}\b.*$", text, re.M)
    return re.split(rf"^{begin[1]}\}}", text[begin.end():], maxsplit=1, flags=re.M)[0] if begin else ""


def refusals(found):
    """The contexts' own codes, with the statuses that the API server gives them."""
    mapping = "".join(sources("api-server/src/error"))
    for path in sorted((ROOT / "crates").glob("*/src/error.rs")):
        text = path.read_text()
        code = function(text, "code")
        if not code:
            continue
        short = "R" if path.parts[-3] == "labelling" else f"{path.parts[-3].capitalize()}Refusal"
        statuses = {v: m[1] for vs, rest in arms(mapping, short) for v in vs if (m := re.match(r"StatusCode::(\w+)", rest))}
        other = re.search(rf"match refusal \{{\s*(?:{short}[^_]*)+.*?_ => StatusCode::(\w+)", mapping, re.S)
        messages = {v: m[1] for vs, rest in arms(function(text, "message"), "Self") for v in vs
                    if (m := re.search(MESSAGE, re.split(r"\n\s+Self::", rest, maxsplit=1)[0]))}
        for variants, rest in arms(code, "Self"):
            value = re.match(TEXT, rest)
            for variant in variants if value else []:
                status = statuses.get(variant) or (other[1] if other else None)
                if not status:
                    sys.exit(f"{path}: {variant} has no status in api-server/src/error/")
                found.append((STATUS[status], value[1], messages.get(variant, "")))


def codes():
    found = []
    for text in sources("api-server/src"):
        for m in re.finditer(rf'StatusCode::(\w+)(?:,| => \()\s*"([a-z0-9_]+)",\s*{MESSAGE}', text):
            found.append((STATUS[m[1]], m[2], m[3]))
        for m in re.finditer(rf's if s\.is_client_error\(\) => \(\s*"([a-z0-9_]+)",\s*{MESSAGE}', text):
            found.append((400, m[1], m[2]))
        for m in re.finditer(rf'unauthorized\(\s*"([a-z0-9_]+)",\s*{TEXT}', text):
            found.append((401, m[1], m[2]))
        for m in re.finditer(r'(?:Self|ApiError)::invalid\(\s*"([a-z0-9_]+)"', text):
            found.append((422, m[1], INVALID))
    refusals(found)
    return found


def main():
    rows = {}
    for status, code, message in codes():
        message = re.sub(r"\\\s*\n\s*", "", message).replace('\\"', '"')
        message = re.sub(r"\{[^}]*\}", "…", message).replace("|", "\\|")
        rows.setdefault((status, code), []).append(message)
    print(HEAD)
    print("| status | code | says |\n|--:|---|---|")
    for (status, code), messages in sorted(rows.items()):
        # Of several places the first that says something.
        print(f"| {status} | `{code}` | {next((m for m in messages if m), '…')} |")


main()
