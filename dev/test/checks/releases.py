"""Two releases of the charts in one cluster: the labels of all they make, and whom each of them selects."""

import re
import unittest
from itertools import permutations

import yaml
from charts import CHART, EVERYTHING, pod_templates, template
from suite import ROOT, main, run, tool

SELECTING = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
RECOMMENDED = SELECTING | {"app.kubernetes.io/version", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "helm.sh/chart"}
# Kinds without a namespace.
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
# Also in one namespace, with names that contain one another; also under one name, in two namespaces.
RELEASES = [("datacrowd", "datacrowd-system"), ("datacrowd-eu", "datacrowd-system"), ("eu", "datacrowd-system"), ("datacrowd", "elsewhere")]


def job_labels():
    """Labels of the pods of Jobs, as the operator makes them: of the runner, and of what runs models."""
    for name in ("the_job_of_a_dataset_with_a_bucket_of_its_own", "the_job_that_looks_at_a_model"):
        snapshot = next((ROOT / "operator/src").rglob(f"*{name}.snap"))
        job = yaml.safe_load(snapshot.read_text().split("\n---\n", 1)[1])
        yield job["spec"]["template"]["metadata"]["labels"]


class Release:
    def __init__(self, name, namespace):
        self.name, self.namespace = name, namespace
        self.tenant = f"tenant-of-{name}-in-{namespace}"
        values = {**EVERYTHING, "operator": {"watchNamespaces": [self.tenant]},
                  "networkPolicies": {**EVERYTHING["networkPolicies"], "runnerNamespaces": [self.tenant]}}
        self.objects = template(values, release=name, namespace=namespace)

    def home(self, o):
        return None if o["kind"] in CLUSTER_WIDE else o["metadata"].get("namespace", self.namespace)

    def pods(self):
        """Namespace and labels of every pod, those of its Jobs among them."""
        for o in self.objects:
            for pod in pod_templates(o):
                yield self.namespace, pod["metadata"]["labels"]
        for labels in job_labels():
            yield self.tenant, {**labels, "app.kubernetes.io/instance": self.told()["DATACROWD_INSTALLATION"]}

    def services(self):
        for o in self.objects:
            if o["kind"] == "Service":
                yield self.namespace, o["metadata"]["labels"]

    def told(self):
        """What the operator is told."""
        pod = next(o for o in self.objects if o["kind"] == "Deployment" and o["metadata"]["name"].endswith("-operator"))
        return {e["name"]: e.get("value") for e in pod["spec"]["template"]["spec"]["containers"][0]["env"]}

    def selectors(self):
        """Object, namespaces that it selects in, selector."""
        for o in self.objects:
            for within, selector in selectors(o):
                if within is None:
                    yield o, lambda namespace, home=self.home(o): namespace == home, selector
                else:
                    yield o, lambda namespace, within=within: chooses(within, {"kubernetes.io/metadata.name": namespace}), selector


def selectors(node):
    """Every selector of pods or Services in a manifest, with that of namespaces beside it."""
    if isinstance(node, list):
        for part in node:
            yield from selectors(part)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "podSelector" or key == "labelSelector" or (key == "selector" and "matchLabels" in value):
            yield node.get("namespaceSelector") if key == "podSelector" else None, value
        elif key == "selector":
            yield None, {"matchLabels": value}
        else:
            yield from selectors(value)


def chooses(selector, labels):
    assert selector.keys() <= {"matchLabels", "matchExpressions"}, selector
    alike = selector.get("matchLabels", {}).items() <= labels.items()
    return alike and all(e["operator"] == "In" and labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


class Labels(unittest.TestCase):
    def test_every_object_has_the_recommended_ones(self):
        crds = list(yaml.safe_load_all(run(*tool("HELM"), "template", "types", ROOT / "charts/datacrowd-crds")))
        self.assertEqual(len(crds), 6)
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
        for name, chart, objects in (("types", "datacrowd-crds", crds), ("eu", "datacrowd", Release("eu", "x").objects)):
            for o in objects:
                labelled = [o, *pod_templates(o)] + ([o["spec"]["jobTemplate"]] if o["kind"] == "CronJob" else [])
                for labels in (part["metadata"]["labels"] for part in labelled):
                    self.assertEqual(RECOMMENDED - labels.keys(), set(), o["metadata"]["name"])
                    self.assertEqual(labels["app.kubernetes.io/name"], chart)
                    self.assertEqual(labels["app.kubernetes.io/instance"], name)
                    self.assertEqual(labels["app.kubernetes.io/part-of"], "datacrowd")
                    self.assertEqual(labels["app.kubernetes.io/managed-by"], "Helm")
                    self.assertEqual(labels["helm.sh/chart"], f"{chart}-{version}")

    def test_they_are_strings_whatever_the_release_is_called(self):
        for o in template(release="2026"):
            self.assertTrue(all(isinstance(v, str) for v in o["metadata"]["labels"].values()), o["metadata"]["name"])

    def test_no_selector_has_one_that_an_upgrade_changes(self):
        for o, _, selector in Release("datacrowd", "datacrowd-system").selectors():
            if chooses(selector, {}):  # of every pod: a user's own peer
                continue
            keys = {*selector.get("matchLabels", {}), *(e["key"] for e in selector.get("matchExpressions", []))}
            self.assertEqual(keys, SELECTING, o["metadata"]["name"])


class Apart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.releases = [Release(*r) for r in RELEASES]

    def test_each_selector_finds_pods_of_its_own(self):
        for release in self.releases:
            for o, within, selector in release.selectors():
                there = release.services() if o["kind"] == "ServiceMonitor" else release.pods()
                self.assertTrue(any(within(n) and chooses(selector, labels) for n, labels in there), (o["kind"], selector))

    def test_no_selector_finds_those_of_another(self):
        for one, other in permutations(self.releases, 2):
            for o, within, selector in one.selectors():
                for namespace, labels in [*other.pods(), *other.services()]:
                    found = within(namespace) and chooses(selector, labels)
                    self.assertFalse(found, (one.name, o["kind"], o["metadata"]["name"], labels))

    def test_every_pod_that_stays_is_denied_what_is_not_allowed(self):
        for release in self.releases:
            deny = next(o for o in release.objects if o["metadata"]["name"].endswith("-default-deny"))
            staying = [pod for o in release.objects if o["kind"] in ("Deployment", "CronJob") for pod in pod_templates(o)]
            self.assertEqual(len(staying), 10)
            for pod in staying:
                self.assertTrue(chooses(deny["spec"]["podSelector"], pod["metadata"]["labels"]), pod["metadata"])

    def test_no_two_make_an_object_of_the_same_name(self):
        for one, other in permutations(self.releases, 2):
            names = [{(o["kind"], r.home(o), o["metadata"]["name"]) for o in r.objects} for r in (one, other)]
            self.assertEqual(names[0] & names[1], set())

    def test_what_an_object_names_is_its_own(self):
        """References by name: accounts, roles, policies, Services, targets."""
        for release in self.releases:
            made = {(o["kind"], o["metadata"]["name"]) for o in release.objects}
            for o in release.objects:
                named = {("ServiceAccount", t["spec"].get("serviceAccountName")) for t in pod_templates(o)}
                named |= {(r["kind"], r["name"]) for r in [o.get("roleRef"), *o.get("subjects", []), o.get("spec", {}).get("scaleTargetRef")] if r}
                named |= {("ValidatingAdmissionPolicy", o["spec"]["policyName"]) if "policyName" in o.get("spec", {}) else None} - {None}
                self.assertLessEqual({n for n in named if n[1]}, made, o["metadata"]["name"])
            for service in (release.told()["DATACROWD_INTERNAL_URL"], release.told()["DATACROWD_RUNNER_INTERNAL_URL"]):
                self.assertIn(("Service", re.match(rf"http://([^.]+)\.{release.namespace}\.svc:8081$", service)[1]), made)
            text = yaml.safe_dump([o for o in release.objects if o["kind"] in ("Ingress", "HTTPRoute")])
            self.assertEqual(set(re.findall(r"\S+-api\b", text)), {name for kind, name in made if kind == "Service" and name.endswith("-api")})

    def test_each_operator_may_hold_its_own_lease_and_no_other(self):
        leases = set()
        for release in self.releases:
            rules = next(o["rules"] for o in release.objects if o["metadata"]["name"].endswith("-operator-lease"))
            (lease,) = next(r["resourceNames"] for r in rules if "resourceNames" in r)
            self.assertEqual(lease, release.told()["DATACROWD_INSTALLATION"] + "-operator")  # as the operator's own test says
            leases.add((release.namespace, lease))
        self.assertEqual(len(leases), len(RELEASES))

    def test_policies_of_admission_guard_the_namespaces_that_are_watched(self):
        for release in self.releases:
            policies = [o["spec"] for o in release.objects if o["kind"] == "ValidatingAdmissionPolicy"]
            self.assertEqual(len(policies), 3)
            for policy in policies:
                within = policy["matchConstraints"]["namespaceSelector"]
                chosen = [r.tenant for r in self.releases if chooses(within, {"kubernetes.io/metadata.name": r.tenant})]
                self.assertEqual(chosen, [release.tenant])
        everywhere = next(o for o in template() if o["kind"] == "ValidatingAdmissionPolicy")
        self.assertEqual(everywhere["spec"]["matchConstraints"]["namespaceSelector"], {})

    def test_alerts_and_dashboards_are_about_their_own_jobs(self):
        for release in self.releases:
            service = next(o["metadata"]["name"] for o in release.objects if o["kind"] == "Service" and o["metadata"]["name"].endswith("-internal"))
            dispatcher = next(o for o in release.objects if o["kind"] == "PodMonitor" and o["metadata"]["name"].endswith("-dispatcher"))
            (job,) = dispatcher["spec"]["podMetricsEndpoints"][0]["relabelings"]
            text = yaml.safe_dump([o for o in release.objects if o["kind"] in ("PrometheusRule", "ConfigMap")], width=10**6)
            self.assertEqual(set(re.findall(r'job=\\*"([^"\\]+)', text)), {service, job["replacement"]})


class Names(unittest.TestCase):
    def test_they_begin_with_the_release(self):
        for release, override, expected in (("datacrowd", "", "datacrowd"), ("eu-datacrowd", "", "eu-datacrowd"), ("eu", "", "eu-datacrowd"),
                                            ("eu", "datacrowd", "datacrowd")):
            names = {o["metadata"]["name"] for o in template({"fullnameOverride": override}, release=release) if o["kind"] == "Deployment"}
            self.assertEqual(names, {f"{expected}-api-server", f"{expected}-dispatcher", f"{expected}-operator"})

    def test_a_long_one_still_fits(self):
        for o in template(EVERYTHING, release="a-datacrowd-with-a-name-as-long-as-helm-lets-it-be-xx"):
            longest = {"CronJob": 52}.get(o["kind"], 253 if o["kind"] in CLUSTER_WIDE else 63)
            self.assertLessEqual(len(o["metadata"]["name"]), longest, o["kind"])
            for value in o["metadata"]["labels"].values():
                self.assertLessEqual(len(value), 63)


if __name__ == "__main__":
    main("two releases")
