"""detect.py INBOX PROJECT FILE: sends a recording to an Inbox and prints what its models say, as the ADMIN of the local platform (.dev/env)."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

PATIENCE = 120


def call(method, path, data=None, headers=None):
    request = urllib.request.Request(os.environ["DATACROWD_URL"] + path, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        details = problem.get("details")
        sys.exit(f"{problem['message']} {json.dumps(details)}" if details else problem["message"])


def form(boundary, inbox, name, content):
    part = f"--{boundary}\r\nContent-Disposition: form-data; name="
    before = f'{part}"inbox"\r\n\r\n{inbox}\r\n{part}"file"; filename="{name}"\r\n\r\n'
    return before.encode() + content + f"\r\n--{boundary}--\r\n".encode()


inbox, project, file = sys.argv[1:]
login = {"login": os.environ["DATACROWD_ADMIN_USERNAME"], "password": os.environ["DATACROWD_ADMIN_PASSWORD"]}
token = call("POST", "/auth/login", json.dumps(login).encode(), {"Content-Type": "application/json"})["accessToken"]
as_admin = {"Authorization": f"Bearer {token}"}
boundary = uuid.uuid4().hex
with open(file, "rb") as recording:
    body = form(boundary, inbox, os.path.basename(file).replace('"', ""), recording.read())
begun = time.monotonic()
sent = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": boundary}
item = call("POST", f"/projects/{project}/items", body, as_admin | sent)
while True:
    seen = call("GET", f"/items/{item['itemId']}", headers=as_admin)
    if seen["state"] != "QUEUED":
        break
    if time.monotonic() - begun > PATIENCE:
        sys.exit(f"no answer after {PATIENCE} s; see: kubectl -n voices get pods -l datacrowd.io/predictor")
    time.sleep(0.1)
took = time.monotonic() - begun
for word in seen["models"]:
    match word["state"]:
        case "PREDICTED":
            labels = ", ".join(f"{label} {probability:.3f}" for label, probability in word["labels"].items())
            print(f"{file}: {word['label']} ({labels}) by {word['model']}, {took:.1f} s, {word['millis']:.0f} ms of them in the model")
        case _:
            print(f"{file}: no answer by {word['model']}: {word.get('message', word['state'])}")
sys.exit(seen["state"] != "PREDICTED")
