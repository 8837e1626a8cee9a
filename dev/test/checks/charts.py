"""The chart beside what it has to agree with: the settings of the binaries, the defaults in Rust, its own schema.

What it renders from which values, and what it refuses, is tested by charts/datacrowd/tests.
"""

import json
import re
import unittest

import yaml
from suite import ROOT, main, run, tool

CHART = ROOT / "charts/datacrowd"
VALUES = ROOT / "dev/platform/values.yaml"
EVERYTHING = yaml.safe_load((CHART / "tests/everything.yaml").read_text())


def template(values=None, release="datacrowd", namespace="datacrowd-system"):
    command = [*tool("HELM"), "template", release, CHART, "--namespace", namespace, "--values", VALUES, "--values", "-"]
    out = run(*command, stdin=json.dumps(values or {}))
    return list(filter(None, yaml.load_all(out, yaml.CSafeLoader)))


def find(objects, kind, name):
    return next(o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name))


def pod_templates(o):
    """The pod that an object describes, if any."""
    if o["kind"] == "Deployment":
        yield o["spec"]["template"]
    if o["kind"] == "CronJob":
        yield o["spec"]["jobTemplate"]["spec"]["template"]
    if o["kind"] == "Pod":
        yield o


def environment(container):
    return {e["name"]: e for e in container["env"]}


def settings(crate):
    """What each command of a binary takes from its environment, as the binary told it."""
    return json.loads((ROOT / crate / "settings.json").read_text())


def required(command):
    return {name for name, setting in command.items() if setting["required"]}


class Settings(unittest.TestCase):
    def test_every_setting_the_chart_makes_is_one_that_a_binary_knows(self):
        known = {name for crate in ("api-server", "operator") for command in settings(crate).values() for name in command}
        known |= {"DATACROWD_LOG", "GLIBC_TUNABLES", "PGSSLMODE", "PGSSLROOTCERT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                  "EXTRA", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}
        seen = 0
        for pod in (pod["spec"] for o in template(EVERYTHING) for pod in pod_templates(o)):
            for container in pod["containers"] + pod.get("initContainers", []):
                seen += 1
                self.assertLessEqual({e["name"] for e in container.get("env", [])}, known, container["name"])
        self.assertEqual(seen, 13)

    def test_every_task_of_the_api_server_has_a_cronjob_and_every_setting_that_it_requires(self):
        tasks = {name.removeprefix("run "): command for name, command in settings("api-server").items() if name.startswith("run ")}
        self.assertGreater(len(tasks), 5)
        jobs = {o["metadata"]["name"]: o for o in template(EVERYTHING) if o["kind"] == "CronJob"}
        self.assertEqual({f"datacrowd-{name}" for name in tasks}, set(jobs))
        for name, command in tasks.items():
            container = next(pod_templates(jobs[f"datacrowd-{name}"]))["spec"]["containers"][0]
            self.assertEqual(container["args"], ["run", name])
            self.assertIn("CORE_DATABASE_URL", required(command))
            self.assertLessEqual(required(command), set(environment(container)), name)

    def test_every_setting_that_a_binary_requires_is_given(self):
        objects = template()
        for crate, command, deployment in (("api-server", "serve", "datacrowd-api-server"),
                                           ("api-server", "dispatch", "datacrowd-dispatcher"),
                                           ("operator", "operator", "datacrowd-operator")):
            names = required(settings(crate)[command])
            self.assertGreater(len(names), 3)
            pod = find(objects, "Deployment", deployment)["spec"]["template"]["spec"]
            self.assertLessEqual(names, set(environment(pod["containers"][0])), deployment)


class Rights(unittest.TestCase):
    def test_each_rule_has_its_reason(self):
        for name in ("operator-rbac.yaml", "api-server.yaml", "scheduled-tasks.yaml"):
            lines = (CHART / "templates" / name).read_text().splitlines()
            rules = [i for i, line in enumerate(lines) if line.startswith("- apiGroups:")]
            self.assertTrue(rules)
            for i in rules:
                explained = lines[i - 1].startswith("#") or "leases" in lines[i + 1]
                self.assertTrue(explained, f"{name}:{i + 1}")


class Values(unittest.TestCase):
    def test_the_defaults_pass_lint(self):
        code, output = run(*tool("HELM"), "lint", CHART, ok=False)
        self.assertEqual(code, 0, output)
        self.assertNotIn("[ERROR]", output)

    def test_tenants_buckets_may_be_where_the_operator_and_runner_let_them(self):
        default = yaml.safe_load((CHART / "values.yaml").read_text())["objectStore"]["tenantEndpoints"]
        told = settings("operator")["operator"]["DATACROWD_TENANT_ENDPOINTS"]
        self.assertEqual(",".join(default), told["default"])

    def test_every_value_is_explained_and_described_by_the_schema(self):
        lines = (CHART / "values.yaml").read_text().splitlines()
        for i, line in enumerate(lines):
            key = re.match(r" *(\w+): *(\S*)", line)
            if key and key[2] and key[1] not in ("requests", "limits", "matchLabels"):
                self.assertTrue(lines[i - 1].lstrip().startswith("#"), f"values.yaml:{i + 1}")
        schema = json.loads((CHART / "values.schema.json").read_text())

        def walk(values, part, path):
            part = schema["definitions"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
            if isinstance(values, dict) and "properties" in part:
                self.assertFalse(part["additionalProperties"], path)
                self.assertEqual(set(part["properties"]) - {"global"}, set(values), path)
                for name, value in values.items():
                    walk(value, part["properties"][name], f"{path}.{name}")

        walk(yaml.safe_load("\n".join(lines)), schema, "")

    def test_each_version_is_the_same(self):
        versions = set()
        for name in ("datacrowd", "datacrowd-crds"):
            chart = yaml.safe_load((ROOT / "charts" / name / "Chart.yaml").read_text())
            versions |= {chart["version"], str(chart["appVersion"])}
        versions |= set(re.findall(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M)[:1])
        self.assertEqual(len(versions), 1, versions)


if __name__ == "__main__":
    main("charts")
