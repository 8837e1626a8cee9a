"""A server of its own, asked whatever its description allows, and more, as each role: it must never
fail (5xx), and never answer other than it says. `contract.py [SECONDS]`; the seed is printed.

Takes a Postgres and an S3 server (dev/test/services), a Kubernetes API server (dev/cluster/control-plane) and the
built binary from the environment; leaves nothing behind in the first."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from suite import establish_types

ROOT = pathlib.Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery staple"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
ENV = os.environ


def run(*command, **options):
    subprocess.run(command, check=True, **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def databases():
    """A database per context, with the roles that a deployment has."""
    admin = ENV["TEST_DATABASE_ADMIN_URL"]
    mark = f"contract_{os.getpid()}"
    urls = {}
    names = {context: f"{mark}_{context}" for context in ("auth", "core", "payments", "notifications")}
    try:
        for context, name in names.items():
            run("psql", "--no-psqlrc", "--quiet", "-v", f"context={context}", "-v", f"database={name}",
                "-v", "owner_password=test", "-v", "app_password=test", "-f", ROOT / "dev/platform/provision.sql", admin,
                stdout=subprocess.DEVNULL)
            for role in ("owner", "app"):
                base = admin.replace("//postgres@", f"//{context}_{role}:test@").rsplit("/", 1)[0]
                urls[context, role] = f"{base}/{name}"
        yield urls
    finally:
        for name in names.values():
            run("psql", "--no-psqlrc", "--quiet", admin, "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def server(urls, log):
    """The binary as a pod would run it; its address."""
    port = free_port()
    env = {
        "PATH": ENV["PATH"],
        "KUBECONFIG": ENV["TEST_KUBECONFIG"],
        "AWS_ACCESS_KEY_ID": ENV["TEST_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": ENV["TEST_S3_SECRET_KEY"],
        "AWS_ENDPOINT_URL": ENV["TEST_S3_ENDPOINT"],
        "DATACROWD_BUCKET": ENV["TEST_S3_BUCKET"],
        "DATACROWD_LISTEN": f"127.0.0.1:{port}",
        "DATACROWD_INTERNAL_LISTEN": f"127.0.0.1:{free_port()}",
        "DATACROWD_INTERNAL_TOKEN": "an internal token",
        "DATACROWD_JWT_SECRET": "a signing key for the contract, long enough",
        "DATACROWD_TOTP_KEY": "a sealing key for the contract, long enough",
        "DATACROWD_WEBHOOK_KEY": "a sealing key for the contract, long enough",
        "DATACROWD_ADMIN_USERNAME": "admin",
        "DATACROWD_ADMIN_EMAIL": "admin@example.com",
        "DATACROWD_ADMIN_PASSWORD": PASSWORD,
        "DATACROWD_BILLING_MODE": "disabled",
        # The limits have tests of their own.
        "DATACROWD_REQUESTS_PER_ADDRESS": "0",
        "DATACROWD_REQUESTS_PER_ACCOUNT": "0",
        "DATACROWD_DRAIN_DELAY_SECONDS": "0",
    }
    for (context, role), url in urls.items():
        env[f"{context.upper()}{'_OWNER' if role == 'owner' else ''}_DATABASE_URL"] = url
    binary = ENV["API_SERVER"]
    run(binary, "migrate", env=env, stdout=log, stderr=log)
    process = subprocess.Popen([binary, "serve"], env=env, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while status(f"{url}/readyz") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the server did not start, see {log.name}")
            time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class People:
    """Everybody the fuzzing needs, and something of a tenant's to work on."""

    def __init__(self, url):
        self.url = url
        self.admin = self.login("admin")
        _, self.worker = self.register("wanda")
        other, _ = self.register("clara")
        self.call("PATCH", f"/admin/users/{other}/role", self.admin, {"role": "CLIENT"})
        self.client = self.login("clara")
        form = {"fields": [{"name": "ok", "type": "BOOLEAN"}]}
        new = {"displayName": "Reviews", "dataType": "TEXT", "labeling": form}
        self.project = self.call("POST", "/projects", self.client, new)["id"]
        self.export = self.call("POST", f"/projects/{self.project}/export", self.client, {"format": "CSV"})["exportId"]

    def call(self, method, path, token, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def register(self, name):
        person = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        return self.call("POST", "/auth/register", None, person)["id"], self.login(name)

    def login(self, name):
        return self.call("POST", "/auth/login", None, {"login": name, "password": PASSWORD})["accessToken"]


def fuzz(role, token, people, seconds, seed):
    """One role's share; true when nothing was found. One worker: several threads compile at the same time
    what CPython 3.11 then confuses, and that is reported as an error of ours."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{people.url}/openapi.json", "--url", people.url,
               "--checks", CHECKS, "--max-time", str(seconds), "--seed", str(seed), "--no-color",
               "--phases", "examples,coverage,fuzzing", "--workers", "1", "--continue-on-failure",
               "--suppress-health-check", "all",
               # Its answer goes on for a quarter of an hour.
               "--exclude-operation-id", "event_stream", "--warnings", "off", "--request-timeout", "30"]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    ids = {"projects": people.project, "exports": people.export}
    env = {**ENV, "SCHEMATHESIS_HOOKS": "contract_hooks", "CONTRACT_IDS": json.dumps(ids),
           "PYTHONPATH": f"{ENV['PYTHONPATH']}:{ROOT / 'dev/test/checks'}"}
    with tempfile.TemporaryDirectory() as folder:  # it keeps its examples where it runs
        asked = subprocess.run(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(f"==== {role}, seed {seed}\n{asked.stdout}", flush=True)
    return asked.returncode == 0


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    seed = int(ENV.get("CONTRACT_SEED", random.randrange(2**32)))
    state = ROOT / ".dev"
    state.mkdir(exist_ok=True)
    kubectl = shlex.split(ENV["KUBECTL"]) + ["--kubeconfig", ENV["TEST_KUBECONFIG"]]
    run(*kubectl, "apply", "--server-side", "--force-conflicts", "-f", ROOT / "crds/manifests", stdout=subprocess.DEVNULL)
    establish_types(*kubectl)
    with databases() as urls, open(state / "contract.log", "w") as log, server(urls, log) as url:
        people = People(url)
        roles = {"nobody": None, "WORKER": people.worker, "CLIENT": people.client, "ADMIN": people.admin}
        share = max(1, seconds // len(roles))
        with concurrent.futures.ThreadPoolExecutor(2) as at_once:
            good = at_once.map(lambda item: fuzz(*item, people, share, seed), roles.items())
        failed = [role for role, is_good in zip(roles, good) if not is_good]
    if failed:
        sys.exit(f"the contract is broken as {', '.join(failed)}; repeat with CONTRACT_SEED={seed}, and see {state}/contract.log")


main()
