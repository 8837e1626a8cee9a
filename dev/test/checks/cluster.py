"""The charts on a real API server: installed, guarded, upgraded, removed, installed again.

The control plane has no nodes: pods are admitted and stay pending. That they run is
what the end-to-end tests show.
"""

import json
import os
import shutil
import tempfile
import time
import unittest

import yaml
from charts import EVERYTHING, find, template
from suite import ROOT, establish_types, main, run, tool

SYSTEM = "datacrowd-system"
OPERATOR = f"system:serviceaccount:{SYSTEM}:datacrowd-operator"
API_SERVER = f"system:serviceaccount:{SYSTEM}:datacrowd-api-server"
DISPATCHER = f"system:serviceaccount:{SYSTEM}:datacrowd-dispatcher"
LOST_RESOURCES = f"system:serviceaccount:{SYSTEM}:datacrowd-lost-resources"
RELEASE = ["--namespace", SYSTEM, "datacrowd", ROOT / "charts/datacrowd", "--values", ROOT / "dev/platform/values.yaml"]
SECOND = ["--namespace", SYSTEM, "second", *RELEASE[3:]]
TENANT = "system:serviceaccount:team-a:developer"  # may do everything to the kinds in its namespace
FOREIGN = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "HTTPRoute"}


def kubectl(*arguments, stdin=None, ok=True):
    return run(*tool("KUBECTL"), *arguments, stdin=stdin, ok=ok)


def helm(*arguments, stdin=None, ok=True):
    return run(*tool("HELM"), *arguments, stdin=stdin, ok=ok)


def get(*arguments):
    return json.loads(kubectl("get", *arguments, "--output", "json"))


def eventually(what, probe, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"gave up waiting: {what}")


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def dataset(namespace, name, uri, **source):
    return {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset", "metadata": {"name": name, "namespace": namespace},
            "spec": {"projectRef": {"name": "p"}, "source": {"uri": uri, "format": "CSV", **source}}}


def model(namespace, name, uri):
    return {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Model", "metadata": {"name": name, "namespace": namespace},
            "spec": {"projectRef": {"name": "p"}, "source": {"uri": uri}, "input": {"kind": "Columns", "columns": ["x"]},
                     "output": {"field": "f", "labels": ["a", "b"]}}}


def prediction(namespace, name):
    return {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Prediction", "metadata": {"name": name, "namespace": namespace},
            "spec": {"projectRef": {"name": "p"}, "modelRef": {"name": "m"}, "datasetRef": {"name": "d"}}}


def webhook(namespace, name, url="https://example.com/hooks", **spec):
    return {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Webhook", "metadata": {"name": name, "namespace": namespace},
            "spec": {"url": url, **spec}}


def apply(*objects, ok=True):
    return kubectl("apply", "--server-side", "--field-manager", "test", "--filename", "-",
                   stdin="\n---\n".join(map(json.dumps, objects)), ok=ok)


def native(values):
    return [o for o in template(values) if o["kind"] not in FOREIGN]


def restricted(name, **labels):
    return namespace(name, **labels, **{"pod-security.kubernetes.io/enforce": "restricted",
                                        "pod-security.kubernetes.io/warn": "restricted"})


def setUpModule():
    # A copy of the kubeconfig: what names no namespace goes where Helm would put it.
    folder = tempfile.mkdtemp()
    unittest.addModuleCleanup(shutil.rmtree, folder)
    os.environ["KUBECONFIG"] = shutil.copy(os.environ["KUBECONFIG"], folder)
    kubectl("config", "set-context", "--current", "--namespace", SYSTEM)
    apply(restricted(SYSTEM), restricted("team-a", **{"datacrowd.io/tenant": "team-a"}))
    helm("install", "--namespace", SYSTEM, "datacrowd-crds", ROOT / "charts/datacrowd-crds")
    establish_types(*tool("KUBECTL"))
    helm("install", *RELEASE)
    kubectl("create", "clusterrole", "developer", "--verb=*", "--resource=*.datacrowd.io")
    kubectl("create", "rolebinding", "developer", "--namespace", "team-a", "--clusterrole=developer",
            "--serviceaccount=team-a:developer")


class Installed(unittest.TestCase):
    def test_the_server_accepts_every_field_without_a_warning(self):
        for values in ({}, EVERYTHING, {"operator": {"watchNamespaces": ["team-a"]}}):
            code, output = kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts", "--validate=strict",
                                   "--filename", "-", stdin=yaml.safe_dump_all(native(values)), ok=False)
            self.assertEqual(code, 0, output)
            self.assertNotIn("arning", output)

    def test_whoever_installs_is_warned_that_everybody_would_have_the_proxys_address(self):
        def notes(**values):
            return helm("upgrade", *RELEASE, "--dry-run=server", "--values", "-", stdin=json.dumps(values)).split("NOTES:")[1]

        proxies = {"trustedProxies": ["10.0.0.0/8"]}
        self.assertNotIn("WARNING", notes())
        self.assertIn("trustedProxies is empty", notes(ingress={"enabled": True}))
        self.assertNotIn("WARNING", notes(ingress={"enabled": True}, apiServer=proxies))
        self.assertIn("may register", notes())
        self.assertNotIn("may register", notes(registration="Invitation"))

    def test_restricted_namespaces_admit_its_pods(self):
        def all_three():
            components = [p["metadata"]["labels"]["app.kubernetes.io/component"] for p in get("pods", "--namespace", SYSTEM)["items"]]
            return {"api-server", "dispatcher", "operator"} <= set(components)

        eventually("pods of every Deployment", all_three)
        test = find(template(), "Pod", "datacrowd-test-answers")
        code, output = kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(test), ok=False)
        self.assertEqual(code, 0, output)
        self.assertNotIn("arning", output)

    def test_what_was_applied_stays_as_it_was_applied(self):
        """What a GitOps controller compares: nothing is out of sync."""
        manifests = yaml.safe_dump_all(o for o in native({}) if o["kind"] != "Pod")
        for path in ("reviews/namespace.yaml", "reviews/project.yaml", "reviews/dataset.yaml", "reviews/export.yaml", "webhooks/webhook.yaml"):
            manifests += "---\n" + (ROOT / "examples" / path).read_text()
        arguments = ("--server-side", "--field-manager", "gitops", "--force-conflicts", "--filename", "-")
        kubectl("apply", *arguments, stdin=manifests)
        code, difference = kubectl("diff", *arguments, stdin=manifests, ok=False)
        self.assertEqual(code, 0, difference)

    def test_the_expressions_of_policies_are_sound(self):
        def checked():
            items = [p for p in get("validatingadmissionpolicies")["items"] if p["metadata"]["name"].startswith("datacrowd-")]
            return items if all(p.get("status", {}).get("observedGeneration") == p["metadata"]["generation"] for p in items) else None

        policies = eventually("type checks of the policies", checked)
        self.assertEqual(len(policies), 3)
        for policy in policies:
            self.assertEqual(policy["status"].get("typeChecking", {}).get("expressionWarnings", []), [], policy["metadata"]["name"])


class Guarded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A new policy bites after about a second.
        for outside in (dataset("team-a", "probe", "s3://datacrowd/other/x.csv"), model("team-a", "probe", "s3://datacrowd/other/x.onnx")):
            eventually("the policies", lambda: kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(outside), ok=False)[0])

    def test_a_source_lies_below_its_own_namespace(self):
        """The table that crates/protocol holds its rule to."""
        table = json.loads((ROOT / "crates/protocol/tests/sources.json").read_text())
        self.assertEqual((table["bucket"], table["namespace"]), ("datacrowd", "team-a"))
        # Malformed ones that the schema lets pass are the policy's; the others never reach it.
        words = {"otherPrefix": "must begin with", "otherBucket": "credentialsSecretRef", "result": "must not lie below", "unpacked": "must not lie below", "ownFolder": "must be plain", "malformed": "must be plain|should match|must begin with|at most 1024 bytes"}
        for i, row in enumerate(table["sources"]):
            source = {"credentialsSecretRef": {"name": "s"}} if row.get("ownCredentials") else {}
            # Created and not applied: an apply travels as YAML, which takes U+0085 for the end of a line.
            code, output = kubectl("create", "--dry-run=server", "--filename", "-", ok=False,
                                   stdin=json.dumps(dataset("team-a", f"source-{i}", row["uri"], **source)))
            if refusal := words.get(row["verdict"]):
                self.assertNotEqual(code, 0, row)
                self.assertRegex(output, refusal, row)
            else:
                self.assertEqual(code, 0, output)

    def test_an_inbox_names_no_source_and_everything_else_does(self):
        for source, refusal in (({"format": "Inbox"}, None), ({}, "source.uri is required"), ({"format": "CSV"}, "source.uri is required"),
                                ({"format": "Inbox", "uri": "s3://datacrowd/other/x.csv"}, "source.uri")):
            born = dataset("team-a", "inbox", "")
            born["spec"]["source"] = source
            code, output = kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(born), ok=False)
            self.assertEqual(code != 0, refusal is not None, output)
            self.assertIn(refusal or "", output)

    def test_a_models_file_lies_below_its_own_namespace(self):
        """The same table; a folder is no model's file, and there is no bucket of one's own."""
        table = json.loads((ROOT / "crates/protocol/tests/sources.json").read_text())
        words = {"otherPrefix": "must begin with|should match", "otherBucket": "must begin with|should match", "result": "must not lie below|should match",
                 "unpacked": "must not lie below|should match", "folder": "should match",
                 "malformed": "must be plain|should match|must begin with|at most 1024 bytes"}
        rows = [row for row in table["sources"] if not row.get("ownCredentials")]
        self.assertGreater(len(rows), 30)
        for i, row in enumerate(rows):
            code, output = kubectl("create", "--dry-run=server", "--filename", "-", ok=False,
                                   stdin=json.dumps(model("team-a", f"source-{i}", row["uri"])))
            if refusal := words.get(row["verdict"]):
                self.assertNotEqual(code, 0, row)
                self.assertRegex(output, refusal, row)
                self.assertNotIn("credentialsSecretRef", output)
            else:
                self.assertEqual(code, 0, output)

    def test_nobody_but_the_operator_writes_status_of_a_model_a_prediction_or_a_webhook(self):
        kinds = ((model("team-a", "guarded", "s3://datacrowd/team-a/x.onnx"), "Ready"), (prediction("team-a", "guarded"), "Ready"),
                 (webhook("team-a", "guarded"), "Active"))
        for born, reached in kinds:
            apply(born)
            state = {key: born[key] for key in ("apiVersion", "kind", "metadata")}
            for who, ok in (((), False), (("--as", TENANT), False), (("--as", OPERATOR), True)):
                code, output = kubectl("apply", "--server-side", "--force-conflicts", "--subresource=status", "--filename", "-", *who,
                                       stdin=json.dumps({**state, "status": {"state": reached}}), ok=False)
                self.assertEqual(code == 0, ok, output)
                if not ok:
                    self.assertIn("only the operator writes status", output)
                held = json.dumps({"metadata": {"finalizers": ["datacrowd.io/cleanup"]}})
                patch = ("patch", born["kind"], "guarded", "--namespace", "team-a", "--type", "merge", "--patch", held)
                code, output = kubectl(*patch, *who, ok=False)
                self.assertEqual(code == 0, ok, output)
            release = json.dumps({"metadata": {"finalizers": []}})
            kubectl("patch", born["kind"], "guarded", "--namespace", "team-a", "--type", "merge", "--patch", release, "--as", OPERATOR)
            kubectl("delete", born["kind"], "guarded", "--namespace", "team-a")

    def test_nobody_but_the_operator_writes_status_and_finalizers(self):
        apply(dataset("team-a", "guarded", "s3://datacrowd/team-a/x.csv"))
        self.assert_guarded("guarded", ["datacrowd.io/cleanup"])
        code, output = self.finalize("guarded", ["datacrowd.io/cleanup"], "--as", OPERATOR)
        self.assertEqual(code, 0, output)
        self.assert_guarded("guarded", [])
        kubectl("annotate", "dataset", "guarded", "--namespace", "team-a", "datacrowd.io/retry-at=now")
        kubectl("delete", "dataset", "guarded", "--namespace", "team-a", "--wait=false")
        # While it goes, too: not by whoever may delete it, be it a cluster admin.
        self.assert_guarded("guarded", [])
        kubectl("annotate", "dataset", "guarded", "--namespace", "team-a", "datacrowd.io/skip-cleanup=true")
        self.released("guarded", "--as", OPERATOR)

    def test_a_webhook_is_refused_in_words(self):
        """What the schema refuses at once; the rest the condition says."""
        for refused, words in ((webhook("team-a", "odd", "ftp://example.com/hooks"), "should match"), (webhook("team-a", "odd", "https://"), "should match"),
                               (webhook("team-a", "x" * 46), "at most 45 characters"), (webhook("team-a", "odd.name"), "DNS label")):
            code, output = kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(refused), ok=False)
            self.assertNotEqual(code, 0, refused)
            self.assertIn(words, output)
        one_project = webhook("team-a", "fine", eventTypes=["io.datacrowd.batch.done.v1"], projectRef={"name": "p"}, description="Tells.", suspend=True)
        code, output = kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(one_project), ok=False)
        self.assertEqual(code, 0, output)

    def test_nobody_creates_what_a_finalizer_of_theirs_would_hold(self):
        for finalizers in (["evil.io/x"], ["datacrowd.io/cleanup"], ["orphan", "evil.io/x"], ["foregroundDeletion"], ["orphan"], []):
            born = dataset("team-a", "born-held", "s3://datacrowd/team-a/x.csv")
            born["metadata"]["finalizers"] = finalizers
            for who in ((), ("--as", TENANT), ("--as", API_SERVER)):
                code, output = kubectl("create", "--dry-run=server", "--filename", "-", *who, stdin=json.dumps(born), ok=False)
                if any("/" in finalizer for finalizer in finalizers):
                    self.assertNotEqual(code, 0, (finalizers, who))
                    self.assertIn("only the operator writes finalizers", output)
                else:
                    self.assertEqual(code, 0, output)

    def assert_guarded(self, name, finalizers):
        # As the operator does it: a `kubectl patch` would read first, which the operator may not.
        status = ("apply", "--server-side", "--force-conflicts", "--subresource=status", "--filename", "-")
        state = {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset", "metadata": {"name": name, "namespace": "team-a"}}
        kubectl(*status, "--as", OPERATOR, stdin=json.dumps({**state, "status": {"state": "Ready"}}))
        for who in ((), ("--as", TENANT)):
            code, output = kubectl(*status, *who, stdin=json.dumps({**state, "status": {"state": "Failed"}}), ok=False)
            self.assertNotEqual(code, 0)
            self.assertIn("only the operator writes status", output)
            code, output = self.finalize(name, finalizers, *who)
            self.assertNotEqual(code, 0)
            self.assertIn("only the operator writes finalizers", output)

    def finalize(self, name, finalizers, *who):
        patch = json.dumps({"metadata": {"finalizers": finalizers}})
        return kubectl("patch", "dataset", name, "--namespace", "team-a", "--type", "merge", "--patch", patch, *who, ok=False)

    def released(self, name, *who):
        code, output = self.finalize(name, [], *who)
        self.assertEqual(code, 0, output)
        kubectl("wait", "--for=delete", f"dataset/{name}", "--namespace", "team-a", "--timeout=20s")

    def test_a_cluster_admin_breaks_the_glass_and_nobody_else(self):
        glass = "datacrowd.io/break-glass"
        born = dataset("team-a", "born-broken", "s3://datacrowd/team-a/x.csv")
        born["metadata"]["annotations"] = {glass: "mine"}
        code, output = kubectl("create", "--filename", "-", "--as", TENANT, stdin=json.dumps(born), ok=False)
        self.assertNotEqual(code, 0)
        self.assertIn("only a cluster admin", output)
        apply(dataset("team-a", "glass", "s3://datacrowd/team-a/x.csv"))
        self.finalize("glass", ["datacrowd.io/cleanup"], "--as", OPERATOR)
        annotate = ("annotate", "--overwrite", "dataset", "glass", "--namespace", "team-a")
        code, output = kubectl(*annotate, f"{glass}=mine", "--as", TENANT, ok=False)
        self.assertNotEqual(code, 0)
        self.assertIn("only a cluster admin", output)
        kubectl("delete", "dataset", "glass", "--namespace", "team-a", "--wait=false")
        code, _ = kubectl(*annotate, f"{glass}=mine", "--as", TENANT, ok=False)
        self.assertNotEqual(code, 0)
        kubectl(*annotate, f"{glass}=the operator is gone")
        for change in (f"{glass}=mine", f"{glass}-"):
            code, output = kubectl(*annotate, change, "--as", TENANT, ok=False)
            self.assertNotEqual(code, 0)
            self.assertIn("only a cluster admin", output)
        self.released("glass", "--as", TENANT)

    def test_foreground_deletion_is_finished_by_the_collector(self):
        apply(dataset("team-a", "foreground", "s3://datacrowd/team-a/x.csv"))
        self.finalize("foreground", ["datacrowd.io/cleanup"], "--as", OPERATOR)
        kubectl("delete", "dataset", "foreground", "--namespace", "team-a", "--cascade=foreground", "--wait=false")
        def collected():
            held = get("dataset", "foreground", "--namespace", "team-a")["metadata"]["finalizers"]
            return "foregroundDeletion" not in held

        eventually("the collector to be done", collected)
        self.released("foreground", "--as", OPERATOR)

    def test_rights_are_these_and_no_more(self):
        table = [
            (OPERATOR, "list", "datasets.datacrowd.io", True),
            (OPERATOR, "patch", "datasets.datacrowd.io/status", True),
            (OPERATOR, "watch", "models.datacrowd.io", True),
            (OPERATOR, "patch", "models.datacrowd.io/status", True),
            (OPERATOR, "delete", "models.datacrowd.io", False),
            (OPERATOR, "watch", "predictions.datacrowd.io", True),
            (OPERATOR, "patch", "predictions.datacrowd.io/status", True),
            (OPERATOR, "create", "predictions.datacrowd.io", True),
            (OPERATOR, "delete", "predictions.datacrowd.io", True),
            (OPERATOR, "create", "models.datacrowd.io", False),
            (OPERATOR, "watch", "webhooks.datacrowd.io", True),
            (OPERATOR, "patch", "webhooks.datacrowd.io/status", True),
            (OPERATOR, "delete", "webhooks.datacrowd.io", False),
            (OPERATOR, "create", "jobs.batch", True),
            (OPERATOR, "create", "datasets.datacrowd.io", False),
            (OPERATOR, "delete", "datasets.datacrowd.io", False),
            (OPERATOR, "get", "secrets", False),
            (OPERATOR, "list", "events", True),
            (OPERATOR, "get", "events", False),
            (OPERATOR, "create", "pods", False),
            (OPERATOR, "watch", "namespaces", True),
            (OPERATOR, "update", "namespaces", False),
            (API_SERVER, "create", "datasets.datacrowd.io", True),
            (API_SERVER, "list", "datasets.datacrowd.io", False),
            (API_SERVER, "create", "models.datacrowd.io", True),
            (API_SERVER, "delete", "predictions.datacrowd.io", True),
            (API_SERVER, "list", "predictions.datacrowd.io", False),
            (API_SERVER, "create", "webhooks.datacrowd.io", True),
            (API_SERVER, "get", "webhooks.datacrowd.io", True),
            (API_SERVER, "list", "webhooks.datacrowd.io", False),
            (API_SERVER, "patch", "webhooks.datacrowd.io/status", False),
            (API_SERVER, "patch", "models.datacrowd.io/status", False),
            (API_SERVER, "create", "namespaces", True),
            (API_SERVER, "list", "namespaces", True),
            (API_SERVER, "patch", "datasets.datacrowd.io/status", False),
            (API_SERVER, "patch", "namespaces", False),
            (API_SERVER, "create", "jobs.batch", False),
            (API_SERVER, "get", "secrets", False),
            (DISPATCHER, "get", "projects.datacrowd.io", False),
            (DISPATCHER, "get", "webhooks.datacrowd.io", False),
            (DISPATCHER, "get", "secrets", False),
            (DISPATCHER, "list", "namespaces", False),
            (DISPATCHER, "create", "tokenreviews.authentication.k8s.io", False),
            (LOST_RESOURCES, "get", "datasets.datacrowd.io", True),
            (LOST_RESOURCES, "get", "models.datacrowd.io", True),
            (LOST_RESOURCES, "get", "predictions.datacrowd.io", True),
            (LOST_RESOURCES, "get", "webhooks.datacrowd.io", False),
            (LOST_RESOURCES, "get", "namespaces", True),
            (LOST_RESOURCES, "patch", "datasets.datacrowd.io", False),
            (LOST_RESOURCES, "list", "namespaces", False),
            (LOST_RESOURCES, "create", "tokenreviews.authentication.k8s.io", False),
        ]
        for who, verb, what, expected in table:
            resource, _, subresource = what.partition("/")
            more = [f"--subresource={subresource}"] if subresource else []
            _, answer = kubectl("auth", "can-i", verb, resource, *more, "--namespace", "team-a", "--as", who, ok=False)
            self.assertIn("yes" if expected else "no", answer.splitlines(), (who, verb, what))


class Neighbours(unittest.TestCase):
    """Two releases in one namespace, each with a tenant and a bucket of its own."""

    def setUp(self):
        apply(restricted("team-b", **{"datacrowd.io/tenant": "team-b"}))
        second = {"operator": {"watchNamespaces": ["team-b"]}, "objectStore": {"bucket": "second"}}
        self.addCleanup(helm, "upgrade", *RELEASE)
        helm("upgrade", *RELEASE, "--set", "operator.watchNamespaces={team-a}")
        self.addCleanup(helm, "uninstall", "--namespace", SYSTEM, "second")
        helm("install", *SECOND, "--values", "-", stdin=json.dumps(second))

    def test_each_has_its_own_pods_and_guards_its_own_namespaces(self):
        for release in ("datacrowd", "second"):
            self.assert_selects_its_own(release)
        self.assert_sources_lie_in_its_own_bucket()
        self.assert_only_its_own_operator_writes_status()

    def assert_selects_its_own(self, release):
        """Deployments, Services and budgets, asked as the cluster asks."""
        mine = f"app.kubernetes.io/instance={release}"
        jobs = get("cronjobs", "--namespace", SYSTEM, "--selector", mine)["items"]
        tasks = {o["metadata"]["labels"]["app.kubernetes.io/component"] for o in jobs}
        self.assertIn("reconcile-payments", tasks)
        for kind in ("deployments", "services", "poddisruptionbudgets", "networkpolicies"):
            objects = get(kind, "--namespace", SYSTEM, "--selector", mine)["items"]
            self.assertGreater(len(objects), 1, kind)
            for o in objects:
                selector = o["spec"].get("selector") or o["spec"]["podSelector"]
                labels = selector.get("matchLabels", selector)
                wanted = ",".join(f"{key}={value}" for key, value in labels.items())
                pods = ("pods", "--namespace", SYSTEM, "--selector", wanted)
                if labels.get("app.kubernetes.io/component") in tasks:
                    found = get(*pods)["items"]  # none while its hour has not come
                    self.assertLessEqual({p["metadata"]["labels"]["app.kubernetes.io/instance"] for p in found}, {release})
                    continue
                found = eventually(f"pods of {kind} {o['metadata']['name']}", lambda: get(*pods)["items"])
                self.assertEqual({p["metadata"]["labels"]["app.kubernetes.io/instance"] for p in found}, {release}, o["metadata"]["name"])

    def assert_sources_lie_in_its_own_bucket(self):
        for team, bucket, other in (("team-a", "datacrowd", "second"), ("team-b", "second", "datacrowd")):
            def answer(of):
                source = dataset(team, "neighbour", f"s3://{of}/{team}/x.csv")
                return kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(source), ok=False)

            eventually(f"the other's policy to leave {team} alone", lambda: answer(bucket)[0] == 0)
            eventually(f"a policy for {team}", lambda: answer(other)[0] != 0)
            self.assertIn(f"must begin with s3://{bucket}/{team}/", answer(other)[1])

    def assert_only_its_own_operator_writes_status(self):
        operators = {"team-a": OPERATOR, "team-b": f"system:serviceaccount:{SYSTEM}:second-datacrowd-operator"}
        for team, bucket in (("team-a", "datacrowd"), ("team-b", "second")):
            apply(dataset(team, "neighbour", f"s3://{bucket}/{team}/x.csv"))
            state = {"apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset", "metadata": {"name": "neighbour", "namespace": team}}
            for home, operator in operators.items():
                code, output = kubectl("apply", "--server-side", "--force-conflicts", "--subresource=status", "--filename", "-", "--as", operator,
                                       stdin=json.dumps({**state, "status": {"state": "Ready"}}), ok=False)
                self.assertEqual(code == 0, home == team, output)
            kubectl("delete", "dataset", "neighbour", "--namespace", team)


class Upgraded(unittest.TestCase):
    def test_resources_outlive_upgrade_uninstall_and_return(self):
        apply(dataset("team-a", "kept", "s3://datacrowd/team-a/x.csv"))
        uid = get("dataset", "kept", "--namespace", "team-a")["metadata"]["uid"]
        more = ["--set", "apiServer.autoscaling.enabled=true", "--set", "ingress.enabled=true"]
        helm("upgrade", *RELEASE, *more)
        self.assertEqual(get("ingress", "datacrowd", "--namespace", SYSTEM)["spec"]["rules"][0]["host"], "datacrowd.example.com")
        helm("upgrade", "--namespace", SYSTEM, "datacrowd-crds", ROOT / "charts/datacrowd-crds")
        helm("rollback", "--namespace", SYSTEM, "datacrowd", "1")
        code, _ = kubectl("get", "ingress", "datacrowd", "--namespace", SYSTEM, ok=False)
        self.assertNotEqual(code, 0)
        helm("uninstall", "--namespace", SYSTEM, "datacrowd")
        helm("uninstall", "--namespace", SYSTEM, "datacrowd-crds")
        self.assertEqual(get("clusterroles", "--selector", "app.kubernetes.io/part-of=datacrowd")["items"], [])
        self.assertEqual(get("dataset", "kept", "--namespace", "team-a")["metadata"]["uid"], uid)
        helm("install", "--namespace", SYSTEM, "datacrowd-crds", ROOT / "charts/datacrowd-crds")
        helm("install", *RELEASE)
        self.assertEqual(get("dataset", "kept", "--namespace", "team-a")["metadata"]["uid"], uid)


if __name__ == "__main__":
    main("charts on an API server")
