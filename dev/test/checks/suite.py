"""Runs the tests of one file and closes with the line that dev/test/run adds up."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run(*command, stdin=None, cwd=ROOT, env=None, ok=True):
    """Output of a command; with ok=False its exit code and all it printed."""
    done = subprocess.run([str(part) for part in command], input=stdin, cwd=cwd, text=True,
                          capture_output=True, env={**os.environ, **(env or {})}, check=False)
    if not ok:
        return done.returncode, done.stdout + done.stderr
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def tool(variable):
    """Path of a tool, as dev/test/run hands it over."""
    try:
        return os.environ[variable].split()
    except KeyError:
        raise SystemExit(f"{variable} is not set: run this through dev/test/run") from None


def establish_types(*kubectl):
    """Waits until the API server serves every resource type. kubectl fails on a type that has no condition yet."""
    deadline = time.monotonic() + 60
    while True:
        code, output = run(*kubectl, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all", ok=False)
        if code == 0:
            return
        if time.monotonic() > deadline:
            raise AssertionError(output)
        time.sleep(0.5)


def main(name):
    print(f"     Running {name}", flush=True)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    word = "FAILED" if failed else "ok"
    print(f"test result: {word}. {max(0, result.testsRun - failed)} passed; {failed} failed;", flush=True)
    sys.exit(1 if failed or not result.testsRun else 0)
