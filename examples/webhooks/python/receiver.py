"""Takes webhooks of DataCrowd Lab: verifies each, answers, drops repeats, and tells where one is missing.

WEBHOOK_SECRET=whsec_… PORT=8080 python3 receiver.py
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 1 << 20  # bytes; an event has less than 20 kB
REMEMBERED = 100_000  # ids


class Inbox:
    """What came already. In a service this is a table with a unique webhook-id, which a restart does not empty."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ids = {}  # in the order in which they came
        self.latest = None

    def take(self, webhook_id, sequence):
        """Whether this is new. Two attempts may arrive at once: it is asked and noted in one step."""
        with self.lock:
            if webhook_id in self.ids:
                return False
            self.ids[webhook_id] = None
            if len(self.ids) > REMEMBERED:
                del self.ids[next(iter(self.ids))]
            if self.latest is not None and sequence > self.latest + 1:
                print(f"gap {self.latest + 1} to {sequence - 1}", flush=True)
            self.latest = max(sequence, self.latest or 0)
            return True


def handle(event):
    """Your work. The sender has its answer by now, so it may take its time."""
    print(f"event {int(event['sequence'])} {event['type']} {event['subject']}", flush=True)


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # of connections that wait; with the usual 5, of 32 at once the last waits four seconds


class Receiver(BaseHTTPRequestHandler):
    timeout = 15  # seconds that a silent connection is kept

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            return self.answer(411)
        if int(length) > LARGEST:
            return self.answer(413)
        body = self.rfile.read(int(length))  # as it came: JSON that was parsed and written again has another signature
        try:
            event = webhook.verify(body, dict(self.headers.items()))
            sequence = int(event["sequence"])
        except (WebhookVerificationError, ValueError, KeyError, TypeError) as refusal:  # ValueError: no base64, UTF-8, JSON
            print(f"refused: {refusal!r}", file=sys.stderr, flush=True)
            return self.answer(400)
        webhook_id = self.headers["webhook-id"]
        new = inbox.take(webhook_id, sequence)
        self.answer(204)  # also to a repeat, or it comes again
        if new:
            handle(event)
        else:
            print(f"repeat {webhook_id}", flush=True)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """Requests are not logged; what comes of them is."""


if not os.environ.get("WEBHOOK_SECRET"):
    sys.exit("set WEBHOOK_SECRET to the secret of the endpoint: whsec_…")
webhook = Webhook(os.environ["WEBHOOK_SECRET"])
inbox = Inbox()
server = Server((os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080"))), Receiver)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
