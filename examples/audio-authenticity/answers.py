"""answers.py PREDICTION: what a Prediction says of each file, as lines of JSON; as the ADMIN of the local platform (.dev/env)."""

import json
import os
import sys
import urllib.request


def call(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["DATACROWD_URL"] + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


login = {"login": os.environ["DATACROWD_ADMIN_USERNAME"], "password": os.environ["DATACROWD_ADMIN_PASSWORD"]}
token = call("POST", "/auth/login", login)["accessToken"]
cursor = ""
while True:
    page = call("GET", f"/predictions/{sys.argv[1]}/items?limit=200{cursor}", token=token)
    for item in page["items"]:
        print(json.dumps({"name": item["externalId"], "synthetic": item["probabilities"]["synthetic"]}))
    if not page["nextCursor"]:
        break
    cursor = f"&cursor={page['nextCursor']}"
