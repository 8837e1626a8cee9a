"""The receivers of examples/webhooks against vectors, and the official libraries' signatures against our own.

`sign` is written from the specification alone: what it signs the receivers verify by the official library of their
language, and what those libraries sign is what it signs.
"""

import base64
import hashlib
import hmac
import http.client
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import unittest
import uuid
from datetime import datetime, timezone
from pathlib import Path

from suite import ROOT, main, run, tool

EXAMPLES = ROOT / "examples/webhooks"
SIGNERS = ROOT / "dev/test/webhook-sign"
VECTORS = json.loads((ROOT / "crates/notifications/tests/vectors.json").read_text())
SECRET, OTHER = ("whsec_" + base64.b64encode(bytes(range(first, first + 32))).decode() for first in (0, 32))
PATIENCE = 30  # seconds


def sign(secret, webhook_id, timestamp, body):
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def event(sequence):
    project = "/tenants/0197c1f0-0000-7000-8000-000000000001/projects/0197c1f0-0000-7000-8000-000000000002"
    # As the dispatcher writes it: without blanks, and not in ASCII.
    return json.dumps({
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": project, "type": "io.datacrowd.batch.done.v1", "subject": "batches/17",
        "time": "2026-11-28T10:00:00.123456Z", "datacontenttype": "application/json", "sequence": f"{sequence:020}",
        "data": {"projectId": project[-36:], "batchId": 17, "tasks": 100, "approved": 97, "rejected": 3, "name": "отзывы 🎧"},
    }, ensure_ascii=False, separators=(",", ":")).encode()


def told(sequence):
    return f"event {sequence} io.datacrowd.batch.done.v1 batches/17"


class Receiver:
    """A process that was given a port, and what it wrote so far."""

    def __init__(self, command, scratch, environment):
        self.output = scratch / f"{uuid.uuid4()}.log"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=(scratch / "refusals.log").open("a"))
        self.port = int(self.eventually(lambda lines: lines, "a port")[0].removeprefix("listening on port "))

    def lines(self):
        return [line for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def eventually(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition(lines := [line.rstrip("\n") for line in self.lines()]):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"no {what}; it wrote {lines}")
            time.sleep(0.01)
        return lines

    def post(self, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/", body, {"content-type": "application/cloudevents+json; charset=utf-8", **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def end(self):
        self.process.kill()
        self.process.wait()


class Promises:
    """What every receiver keeps; a language adds how one is started."""

    def setUp(self):
        self.receiver = Receiver(self.command(), SCRATCH, self.environment(WEBHOOK_SECRET=SECRET))
        self.addCleanup(self.receiver.end)

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(SCRATCH), "TMPDIR": str(SCRATCH), "PYTHONDONTWRITEBYTECODE": "1", "PORT": "0", **more}

    def send(self, sequence, *, webhook_id=None, age=0, secrets=(SECRET,), signature=None, body=None, sent=None, without=()):
        """Signs an event, or `body`, and sends it, or `sent` in its place."""
        body = event(sequence) if body is None else body
        webhook_id, timestamp = webhook_id or str(uuid.uuid4()), int(time.time()) - age
        headers = {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp),
                   "webhook-signature": signature or " ".join(sign(secret, webhook_id, timestamp, body) for secret in secrets)}
        return self.receiver.post(body if sent is None else sent, {k: v for k, v in headers.items() if k not in without})

    def assert_told(self, *lines):
        """These and no others. A line follows its answer, so they are awaited behind a last event, which leaves a gap of its own."""
        last = 10 ** 18
        self.assertEqual(self.send(last), 204)

        def of_the_last(line):
            return line == told(last) or line.endswith(f" to {last - 1}")
        seen = self.receiver.eventually(lambda seen: told(last) in seen and sum(not of_the_last(line) for line in seen[1:]) >= len(lines),
                                        f"{lines} and what ends them")
        self.assertCountEqual([line for line in seen[1:] if not of_the_last(line)], lines)

    def test_what_is_signed_is_taken(self):
        self.assertEqual(self.send(42), 204)
        self.assertEqual(self.send(43, age=280), 204)
        self.assertEqual(self.send(44, age=-280), 204)
        self.assert_told(told(42), told(43), told(44))

    def test_one_signature_that_fits_is_enough(self):
        self.assertEqual(self.send(1, secrets=(OTHER, SECRET)), 204)
        self.assertEqual(self.send(2, secrets=(SECRET, OTHER)), 204)
        self.assertEqual(self.send(3, secrets=(OTHER, OTHER)), 400)
        self.assert_told(told(1), told(2))

    def test_another_secret_is_refused(self):
        self.assertEqual(self.send(1, secrets=(OTHER,)), 400)
        self.assert_told()

    def test_a_body_that_changed_is_refused(self):
        body = event(1)
        self.assertEqual(self.send(1, body=body, sent=body.replace(b'"approved":97', b'"approved":98')), 400)
        self.assertEqual(self.send(1, body=body, sent=json.dumps(json.loads(body)).encode()), 400, "the same, written in another way")
        self.assertEqual(self.send(1, body=body, sent=body + b"\n"), 400)
        self.assertEqual(self.send(1, body=body, sent=b""), 400)
        self.assert_told()

    def test_what_is_old_or_of_the_future_is_refused(self):
        self.assertEqual(self.send(1, age=360), 400)
        self.assertEqual(self.send(1, age=-360), 400)
        self.assert_told()

    def test_each_header_is_wanted(self):
        every = ("webhook-id", "webhook-timestamp", "webhook-signature")
        for without in (*([name] for name in every), every):
            self.assertEqual(self.send(1, without=without), 400, without)
        self.assert_told()

    def test_what_is_no_signature_is_refused_and_breaks_nothing(self):
        for signature in ("v1", "v1,", "v1,!", "v1,AAAA", "nothing", ",", "v2,AAAA v1,", "v1a,AAAA"):
            self.assertEqual(self.send(1, signature=signature), 400, signature)
        self.assertEqual(self.send(1, body=b"\xff\xfe", signature="v1,AAAA"), 400)
        self.assert_told()

    def test_what_is_signed_and_no_event_is_refused(self):
        for body in (b"", b"{", b"[]", b"17", b"null", b"{}", b'{"sequence":"next"}'):
            self.assertEqual(self.send(1, body=body), 400, body)
        self.assert_told()

    def test_a_body_beyond_measure_is_refused(self):
        try:
            self.assertEqual(self.send(1, body=b" " * (2 << 20) + event(1)), 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was read
        self.assert_told()

    def test_a_repeat_is_answered_and_dropped(self):
        self.assertEqual([self.send(7, webhook_id="one"), self.send(7, webhook_id="one")], [204, 204])
        self.assert_told(told(7), "repeat one")

    def test_of_many_at_once_one_is_taken(self):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.send(7, webhook_id="one"))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [204] * 16)
        self.assert_told(told(7), *["repeat one"] * 15)

    def test_of_many_connections_none_waits_for_the_kernel_to_try_again(self):
        address, begin = ("127.0.0.1", self.receiver.port), time.monotonic()
        connections = [socket.create_connection(address, PATIENCE) for _ in range(32)]
        self.assertLess(time.monotonic() - begin, 2)  # it tries again after a second, and after two more
        for connection in connections:
            connection.close()
        self.assert_told()

    def test_what_was_refused_is_not_remembered(self):
        self.assertEqual(self.send(7, webhook_id="one", secrets=(OTHER,)), 400)
        self.assertEqual(self.send(9000, webhook_id="two", secrets=(OTHER,)), 400)
        self.assertEqual([self.send(6), self.send(7, webhook_id="one"), self.send(9)], [204] * 3)
        self.assert_told(told(6), told(7), told(9), "gap 8 to 8")

    def test_a_gap_is_told_and_closes_quietly(self):
        first = 2 ** 53  # from where on not every number of JavaScript has a successor
        for n in (0, 1, 4, 3, 2, 5):
            self.assertEqual(self.send(first + n), 204)
        self.assert_told(f"gap {first + 2} to {first + 3}", *(told(first + n) for n in range(6)))

    def test_without_a_secret_none_starts(self):
        for more in ({}, {"WEBHOOK_SECRET": ""}):
            ended = subprocess.run(self.command(), cwd=SCRATCH, env=self.environment(**more), capture_output=True, text=True,
                                   timeout=PATIENCE, check=False)
            self.assertNotEqual(ended.returncode, 0)
            self.assertEqual(ended.stdout, "")
            self.assertIn("set WEBHOOK_SECRET", ended.stderr)


class Python(Promises, unittest.TestCase):
    def command(self):
        return [sys.executable, EXAMPLES / "python/receiver.py"]

    def environment(self, **more):
        return super().environment(PYTHONPATH=tool("WEBHOOKS_PYTHON")[0], **more)


class Node(Promises, unittest.TestCase):
    def command(self):
        return [NODE, SCRATCH / "receiver.js"]


class Go(Promises, unittest.TestCase):
    def command(self):
        return [Path(tool("WEBHOOKS_GO")[0]) / "receiver"]


class Rust(unittest.TestCase):
    def test_it_is_formatted_and_stands_outside_the_workspace(self):
        package = tomllib.loads((EXAMPLES / "rust/Cargo.toml").read_text())
        self.assertEqual(package["workspace"], {})
        run("rustfmt", "--check", "--edition", package["package"]["edition"], EXAMPLES / "rust/src/main.rs")


class Signatures(unittest.TestCase):
    def setUp(self):
        self.ours = [sign(v["secret"], v["id"], v["timestamp"], v["body"].encode()) for v in VECTORS]

    def test_the_vectors_are_what_we_sign(self):
        self.assertEqual([v["signature"] for v in VECTORS], self.ours)

    def test_they_have_an_empty_body_and_some_outside_ascii(self):
        bodies = [v["body"] for v in VECTORS]
        self.assertIn("", bodies)
        self.assertGreaterEqual(sum(not body.isascii() for body in bodies), 2)
        self.assertEqual({len(base64.b64decode(v["secret"].removeprefix("whsec_"))) for v in VECTORS}, {24, 32, 64})

    def test_the_library_for_python_signs_the_same(self):
        sys.path.append(tool("WEBHOOKS_PYTHON")[0])
        library = importlib.import_module("standardwebhooks")
        theirs = [library.Webhook(v["secret"]).sign(v["id"], datetime.fromtimestamp(v["timestamp"], timezone.utc), v["body"]) for v in VECTORS]
        self.assertEqual(theirs, self.ours)

    def test_the_library_for_javascript_signs_the_same(self):
        self.assertEqual(run(NODE, SCRATCH / "sign.js", stdin=json.dumps(VECTORS), cwd=SCRATCH).split(), self.ours)

    def test_the_library_for_go_signs_the_same(self):
        signer = Path(tool("WEBHOOKS_GO")[0]) / "webhook-sign"
        self.assertEqual(run(signer, stdin=json.dumps(VECTORS), cwd=SCRATCH).split(), self.ours)

    def test_verification_by_hand_is_what_the_page_says(self):
        code = re.search(r"```python\n(.*?)```", (EXAMPLES / "README.md").read_text(), re.S)[1]
        page = {}
        exec(compile(code, "examples/webhooks/README.md", "exec"), page)  # noqa: S102
        verify, now = page["verify"], int(time.time())
        for v in VECTORS:
            body = v["body"].encode()

            def headers(secrets, timestamp=now, v=v, body=body):
                return {"webhook-id": v["id"], "webhook-timestamp": str(timestamp),
                        "webhook-signature": " ".join(sign(secret, v["id"], timestamp, body) for secret in secrets)}
            self.assertTrue(verify(v["secret"], headers([v["secret"]]), body))
            self.assertTrue(verify(v["secret"], headers([OTHER, v["secret"]]), body))
            self.assertFalse(verify(v["secret"], headers([OTHER]), body))
            self.assertFalse(verify(v["secret"], headers([v["secret"]]), body + b" "))
            self.assertFalse(verify(v["secret"], headers([v["secret"]], now - 360), body))
            self.assertFalse(verify(v["secret"], headers([v["secret"]], now + 360), body))


def tree():
    """Every file of the examples and signers, with when it was written."""
    return {path: path.stat().st_mtime_ns for folder in (EXAMPLES, SIGNERS) for path in folder.rglob("*")}


def setUpModule():
    global SCRATCH, BEFORE, NODE
    BEFORE = tree()
    NODE = run(*tool("NODE"), "-p", "process.execPath").strip()  # once: it may have to install one
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    SCRATCH = Path(folder.name)
    # Node looks for packages beside the script.
    for file in (EXAMPLES / "node/receiver.js", EXAMPLES / "node/package.json", SIGNERS / "sign.js"):
        shutil.copy(file, SCRATCH)
    (SCRATCH / "node_modules").symlink_to(Path(tool("WEBHOOKS_NODE")[0]) / "node_modules")


def tearDownModule():
    assert tree() == BEFORE, "a receiver wrote outside its folder"


if __name__ == "__main__":
    main("webhooks")
