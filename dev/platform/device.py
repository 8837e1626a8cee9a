"""A person with a device for the second step, for the drill: device.py enrol FILE registers one and turns the second
step on; device.py sign-in FILE signs in with a code of the device. DATACROWD_URL is the platform's."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PASSWORD = "correct horse battery staple"


def call(path, body, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(os.environ["DATACROWD_URL"] + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{path}: {refused.code} {refused.read().decode()}")


def code(secret, step):
    """RFC 6238, as every authenticator app computes it."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def step():
    return int(time.time()) // 30


def enrol(file):
    name = f"device-{secrets.token_hex(4)}"
    call("/auth/register", {"email": f"{name}@example.com", "username": name, "password": PASSWORD})
    token = call("/auth/login", {"login": name, "password": PASSWORD})["accessToken"]
    secret = call("/me/totp", {"password": PASSWORD}, token)["secret"]
    call("/me/totp/confirm", {"totp": code(secret, step())}, token)
    file.write_text(json.dumps({"login": name, "secret": secret}))


def sign_in(file):
    kept = json.loads(file.read_text())
    call("/auth/login", {"login": kept["login"], "password": PASSWORD, "totp": code(kept["secret"], step())})


{"enrol": enrol, "sign-in": sign_in}[sys.argv[1]](Path(sys.argv[2]))
