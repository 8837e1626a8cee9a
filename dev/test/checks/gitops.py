"""What GitOps controllers make of our resources: health in Argo CD, kstatus in Flux and Helm."""

import json
import re
import tempfile
import unittest
from pathlib import Path

import yaml
from charts import CHART
from suite import ROOT, main, run, tool

ARGOCD = ROOT / "examples/argocd"
FLUX = ROOT / "examples/flux"
KINDS = ("Project", "Dataset", "Export", "Model", "Prediction", "Webhook")
STANDING = ("Project", "Webhook")  # these never end, and have no condition Succeeded
# For each phase of the table.
HEALTH = {"Unseen": "Progressing", "Waiting": "Suspended", "Running": "Progressing", "Done": "Healthy", "Failed": "Degraded"}
KSTATUS = {"Unseen": "InProgress", "Waiting": "InProgress", "Running": "InProgress", "Done": "Current", "Failed": "Failed"}


def phases():
    """The operator's own table, as its types told it."""
    return json.loads((ROOT / "crds/phases.json").read_text())


def resource(kind, phase, generation=3, observed=3, **metadata):
    conditions = [{"type": t, "status": s, "reason": "Because", "message": "act.", "observedGeneration": observed,
                   "lastTransitionTime": "2026-01-01T00:00:00Z"}
                  for t, s in phases()[phase].items() if not (kind in STANDING and t == "Succeeded")]
    return {"apiVersion": "datacrowd.io/v1alpha1", "kind": kind,
            "metadata": {"name": f"{kind}-{phase}".lower(), "namespace": "t", "generation": generation, **metadata},
            "status": {"observedGeneration": observed, "conditions": conditions}}


def lua(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'["{k}"] = {lua(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def healths(objects):
    script = "".join(f"obj = {lua(o)}\nlocal h = dofile([[{ARGOCD}/health.lua]])\nprint(h.status, h.message)\n" for o in objects)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script.replace("local h", "h"))
        file.flush()
        return [line.split("\t") for line in run(*tool("LUA"), file.name).splitlines()]


class Health(unittest.TestCase):
    def test_every_state_of_every_kind_has_its_health(self):
        self.assertEqual(set(phases()), set(HEALTH))
        cases = [(kind, phase) for kind in KINDS for phase in HEALTH]
        for (kind, phase), (status, message) in zip(cases, healths([resource(*c) for c in cases]), strict=True):
            self.assertEqual(status, HEALTH[phase], (kind, phase))
            self.assertEqual(message, "Because: act.")

    def test_what_was_not_looked_at_or_goes_away_is_progressing(self):
        fresh = {"metadata": {"name": "x", "generation": 1}}
        defaulted = {"metadata": {"name": "x", "generation": 1}, "status": {"observedGeneration": -1}}
        edited = resource("Dataset", "Done", generation=4)
        leaving = resource("Dataset", "Failed", deletionTimestamp="2026-01-01T00:00:00Z")
        for status, _ in healths([fresh, defaulted, edited, leaving]):
            self.assertEqual(status, "Progressing")

    def test_argo_cd_is_given_the_same_script_for_each_kind(self):
        data = yaml.safe_load((ARGOCD / "argocd-cm.yaml").read_text())["data"]
        for kind in KINDS:
            self.assertEqual(data[f"resource.customizations.health.datacrowd.io_{kind}"], (ARGOCD / "health.lua").read_text())

    def test_kstatus_understands_every_state(self):
        cases = [(kind, phase) for kind in KINDS for phase in KSTATUS]
        text = yaml.safe_dump_all(resource(*c) for c in cases)
        seen = [line.split() for line in run(*tool("MANIFEST_CHECK"), "status", stdin=text).splitlines()]
        self.assertEqual([s[2] for s in seen], [KSTATUS[phase] for _, phase in cases])
        unseen = {**resource("Dataset", "Done"), "status": {"observedGeneration": -1}}
        self.assertIn("InProgress", run(*tool("MANIFEST_CHECK"), "status", stdin=yaml.safe_dump(unseen)))


class Examples(unittest.TestCase):
    def applications(self):
        return {a["metadata"]["name"]: a for a in (yaml.safe_load((ARGOCD / f"{n}.yaml").read_text())
                                                   for n in ("crds", "platform", "tenants"))}

    def test_types_come_before_the_platform_and_the_platform_before_tenants(self):
        waves = {n: int(a["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) for n, a in self.applications().items()}
        self.assertEqual(sorted(waves, key=waves.get), ["datacrowd-crds", "datacrowd", "reviews"])
        self.assertEqual(len(set(waves.values())), 3)

    def test_paths_exist_and_types_are_never_pruned(self):
        for name, application in self.applications().items():
            self.assertTrue((ROOT / application["spec"]["source"]["path"]).is_dir(), name)
        self.assertFalse(self.applications()["datacrowd-crds"]["spec"]["syncPolicy"]["automated"]["prune"])

    def test_the_project_allows_exactly_the_cluster_wide_kinds_that_the_charts_make(self):
        allowed = {k["kind"] for k in yaml.safe_load((ARGOCD / "project.yaml").read_text())["spec"]["clusterResourceWhitelist"]}
        values = self.applications()["datacrowd"]["spec"]["source"]["helm"]["valuesObject"]
        made = run(*tool("HELM"), "template", "x", CHART, "--values", "-", stdin=yaml.safe_dump(values))
        made += "\n---\n" + run(*tool("HELM"), "template", "x", ROOT / "charts/datacrowd-crds")
        kinds = {o["kind"] for o in yaml.safe_load_all(made) if o}
        cluster_wide = {k for k in kinds if k.startswith(("Cluster", "ValidatingAdmission", "CustomResource"))} | {"Namespace"}
        self.assertEqual(allowed, cluster_wide)

    def test_the_flux_variant_is_what_its_types_say_and_renders(self):
        text = "\n---\n".join(p.read_text() for p in sorted(FLUX.glob("*.yaml")))
        self.assertEqual(len(run(*tool("MANIFEST_CHECK"), stdin=text).splitlines()), 4)
        for o in yaml.safe_load_all(text):
            if o["kind"] == "HelmRelease":
                chart = ROOT / o["spec"]["chart"]["spec"]["chart"]
                run(*tool("HELM"), "template", "x", chart, "--values", "-", stdin=yaml.safe_dump(o["spec"].get("values", {})))
            if o["kind"] == "Kustomization":
                self.assertTrue((ROOT / Path(o["spec"]["path"])).is_dir())

    def test_versions_are_the_charts_own(self):
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
        text = "".join(p.read_text() for folder in (ARGOCD, FLUX) for p in folder.glob("*.yaml"))
        self.assertEqual(set(re.findall(r"(?:Revision: v|tag: v|server:|operator:|runner:|inference:)(\d\S*?)\}?$", text, re.M)), {version})


if __name__ == "__main__":
    main("GitOps")
