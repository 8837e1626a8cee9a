"""Reads a file as Python's csv and json read it, and holds an export against it.

usage: compare.py csv|jsonl SOURCE ENCODING DELIMITER EXPORT.jsonl EXPORT.csv
"""

import csv
import decimal
import io
import json
import sys

kind, source, encoding, delimiter, as_jsonl, as_csv = sys.argv[1:]
csv.field_size_limit(1 << 30)


def number(text):
    """The digits; an exponent is written out, and minus zero is zero."""
    value = decimal.Decimal(text)
    if "e" in text.lower():
        text = format(value, "f")
    return "number " + (text.lstrip("-") if value.is_zero() else text)


def once(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), "a member is given twice"
    return dict(pairs)


def read_json(text):
    return json.loads(text, parse_float=number, parse_int=number, object_pairs_hook=once)


with open(source, encoding=encoding, newline="") as file:
    text = file.read()
if kind == "csv":
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    header = [name.strip() for name in rows[0]]
    expected = [dict(zip(header, row)) for row in rows[1:] if any(cell.strip(" \t\n\r\f") for cell in row)]
else:
    expected = [read_json(line) for line in text.split("\n") if line.strip()]
    header = list(dict.fromkeys(name for row in expected for name in row))

with open(as_jsonl, encoding="utf-8") as file:
    found = [read_json(line)["source"] for line in file.read().split("\n") if line]
assert found == expected, f"as JSON lines:\n{found}\nexpected:\n{expected}"

with open(as_csv, encoding="utf-8-sig", newline="") as file:
    table = list(csv.reader(file, strict=True))
columns = ["source." + name for name in header]
assert [name for name in table[0] if name.startswith("source.")] == columns, table[0]
if kind == "csv":
    begin = table[0].index(columns[0])
    cells = [dict(zip(header, row[begin : begin + len(header)])) for row in table[1:]]
    assert cells == expected, f"as CSV:\n{cells}\nexpected:\n{expected}"
assert len(table) == len(expected) + 1
