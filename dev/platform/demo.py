"""JSON for dev/platform/demo: python3 is on every machine, jq is not."""

import json
import sys

SECRETS = {"password", "accessToken", "refreshToken"}
LONGEST = 160


def shown(value, name=None):
    """A copy for people: secrets left out, long texts and lists cut."""
    if isinstance(value, dict):
        return {k: shown(v, k) for k, v in value.items()}
    if isinstance(value, list):
        cut = [shown(v) for v in value[:9]]
        return cut + [f"… {len(value) - 9} more"] if len(value) > 9 else cut
    if isinstance(value, str) and name in SECRETS:
        return "…"
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    return value


def show():
    text = sys.stdin.read()
    try:
        print(json.dumps(shown(json.loads(text)), indent=2, ensure_ascii=False))
    except ValueError:
        print(text[:2000])


def get(*path):
    value = json.load(sys.stdin)
    for step in path:
        value = value[int(step)] if isinstance(value, list) else value[step]
    print(value)


def build(*words):
    body, words = {}, list(words)
    while words:
        word = words.pop(0)
        if ":=" in word:
            name, text = word.split(":=", 1)
            body[name] = json.loads(text)
        else:
            body[word] = words.pop(0)
    print(json.dumps(body, ensure_ascii=False))


def labeling(points, choice, requeue):
    """The form; REST and resources spell enumerations differently."""
    return {
        "instructions": "Read the sentence and rate the feeling it **expresses**, from -4 (very negative) to 4 "
                        "(very positive). A question or a plain statement is 0.",
        "display": [{"column": "text", "kind": "TEXT" if choice.isupper() else "Text"}],
        "externalIdColumn": "id",
        "fields": [{
            "name": "rating",
            "title": "How does the sentence feel?",
            "type": choice,
            "options": [str(n) for n in range(-4, 5)],
            "required": True,
        }],
        "answersPerTask": 1,
        "reviewersPerAnswer": 1,
        "rewardPoints": int(points),
        "lockSeconds": 600,
        "onReject": requeue,
    }


def project(points):
    print(json.dumps({
        "displayName": "Product reviews",
        "description": "How positive or negative is each sentence of a customer's review?",
        "dataType": "TEXT",
        "labeling": labeling(points, "SINGLE_CHOICE", "REQUEUE"),
    }))


def manifest(name, points, source):
    """A Project and a Dataset, for kubectl apply."""
    def resource(kind, spec):
        return {"apiVersion": "datacrowd.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}

    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        resource("Project", {
            "displayName": "Product reviews, declared",
            "dataType": "Text",
            "labeling": labeling(points, "SingleChoice", "Requeue"),
        }),
        resource("Dataset", {"projectRef": {"name": name}, "source": {"uri": source, "format": "CSV"}, "batchSize": 100}),
    ]}))


def ratings(path):
    """The first recorded rating of each item."""
    with open(path, encoding="utf-8") as lines:
        items = map(json.loads, lines)
        return {item["id"]: str(item["ratings"][0]) for item in items}


def answers(path):
    recorded = ratings(path)
    for task in json.load(sys.stdin)["tasks"]:
        print(task["id"], task["lease"]["token"], recorded[task["payload"]["id"]])


def reviews():
    for review in json.load(sys.stdin)["reviews"]:
        print(review["answerId"])


def check(path, rows, file):
    recorded = ratings(path)
    with open(file, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    ids = {record["externalId"] for record in records}
    wrong = [r["externalId"] for r in records if r["answer"]["rating"] != recorded[r["externalId"]]]
    if len(records) != int(rows) or len(ids) != int(rows) or wrong:
        sys.exit(f"error: {len(records)} records of {len(ids)} items, not as recorded: {wrong}")
    print(f"   {rows} items, each once, each with the recorded rating; the rejected answer is not among them")


COMMANDS = {
    "show": show, "get": get, "json": build, "project": project, "manifest": manifest,
    "answers": answers, "reviews": reviews, "check": check,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
