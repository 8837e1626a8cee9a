"""Alerts and dashboards: sound, about metrics that are really exported, each with its runbook."""

import json
import re
import tempfile
import unittest

import yaml
from charts import EVERYTHING, template
from suite import ROOT, main, run, tool

CHART = ROOT / "charts/datacrowd"
RULES = CHART / "rules/datacrowd.yaml"
STANDARD = {"up"}  # Prometheus makes it


def exported():
    """What docs/metrics.md lists, as Prometheus sees it."""
    names = set()
    for name, kind in re.findall(r"^\| `(\w+)(?:\{[\w,]+\})?` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M):
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def used(expression):
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|on|without|ignoring)\s*\([^)]*\)', " ", re.sub(r'"[^"]*"', "", expression))
    words = set(re.findall(r"\b[a-z][a-z0-9_]*\b(?!\s*\()", bare))
    return words - {"or", "and", "unless", "offset", "by", "on", "h", "m", "s"}


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted((CHART / "dashboards").glob("*.json"))}


class Monitoring(unittest.TestCase):
    def test_the_expressions_are_promql(self):
        self.assertIn("SUCCESS", run("promtool", "check", "rules", RULES))
        groups = [{"name": name, "rules": [
            {"record": f"panel:{panel['id']}:{target['refId']}", "expr": target["expr"]}
            for panel in board["panels"] for target in panel["targets"]]} for name, board in dashboards().items()]
        self.assertGreater(sum(len(g["rules"]) for g in groups), 10)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": groups}, file)
            run("promtool", "check", "rules", file.name)

    def test_alerts_fire_when_they_should_and_only_then(self):
        run("promtool", "test", "rules", "alerts.yaml", cwd=ROOT / "dev/test/checks")

    def test_every_alert_is_tried(self):
        tried = (ROOT / "dev/test/checks/alerts.yaml").read_text()
        for rule in rules():
            self.assertIn(f"alertname: {rule['alert']}\n", tried)

    def test_every_metric_is_exported(self):
        there = exported() | STANDARD
        self.assertIn("http_server_request_duration_seconds_bucket", there)
        expressions = [(rule["alert"], rule["expr"]) for rule in rules()]
        for name, board in dashboards().items():
            expressions += [(f"{name}: {p['title']}", t["expr"]) for p in board["panels"] for t in p["targets"]]
        for where, expression in expressions:
            self.assertTrue(used(expression), where)
            self.assertLessEqual(used(expression), there, where)

    def test_every_alert_has_a_severity_and_a_runbook_and_every_runbook_an_alert(self):
        named = set()
        for rule in rules():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
            text = (ROOT / rule["annotations"]["runbook"]).read_text()
            self.assertIn(rule["alert"], text)
            named.add(rule["annotations"]["runbook"])
        there = {str(p.relative_to(ROOT)) for p in (ROOT / "docs/runbooks").glob("*.md") if p.name != "README.md"}
        self.assertEqual(named, there)

    def test_reasons_in_expressions_are_reasons(self):
        known = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/reasons.md").read_text(), re.M))
        self.assertIn("Accepted", known)
        for rule in rules():
            for alternatives in re.findall(r'reason=~?"([^"]+)"', rule["expr"]):
                self.assertLessEqual(set(alternatives.split("|")), known, rule["alert"])

    def test_the_chart_hands_on_the_files_as_they_are(self):
        objects = template(EVERYTHING)
        wrapped = next(o for o in objects if o["kind"] == "PrometheusRule")
        self.assertEqual(wrapped["spec"], yaml.safe_load(RULES.read_text()))
        shown = {k: json.loads(v) for o in objects if o["kind"] == "ConfigMap" for k, v in o["data"].items()}
        self.assertEqual(shown, {f"datacrowd-{name}": board for name, board in dashboards().items()})

    def test_foreign_kinds_are_what_their_own_types_say(self):
        seen = run(*tool("MANIFEST_CHECK"), stdin=yaml.safe_dump_all(template(EVERYTHING))).split()
        self.assertEqual(set(seen[::2]), {"HTTPRoute", "PodMonitor", "PrometheusRule", "ServiceMonitor"})
        wrong = next(o for o in template(EVERYTHING) if o["kind"] == "ServiceMonitor")
        wrong["spec"]["endpoint"] = []
        code, output = run(*tool("MANIFEST_CHECK"), stdin=yaml.safe_dump(wrong), ok=False)
        self.assertNotEqual(code, 0)
        self.assertIn("endpoint", output)


if __name__ == "__main__":
    main("alerts and dashboards")
