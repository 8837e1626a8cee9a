"""What the ServiceAccounts of the platform may do, held against what they did: the audit log of the
API server, after the end-to-end tests."""

import json
import os
import unittest

from suite import main, run, tool

SYSTEM = "datacrowd-system"
PREFIX = f"system:serviceaccount:{SYSTEM}:"
# Granted, and rightly so, though a run of the tests may do without: account, group, resource, verb.
EXCEPTIONS = {
    ("datacrowd-operator", "datacrowd.io", "projects/finalizers", "update"):
        "asked for by the admission plugin OwnerReferencesPermissionEnforcement, which this cluster has not switched on",
    ("datacrowd-operator", "datacrowd.io", "datasets/finalizers", "update"): "the same",
    ("datacrowd-operator", "datacrowd.io", "exports/finalizers", "update"): "the same",
    ("datacrowd-operator", "datacrowd.io", "models/finalizers", "update"): "the same",
    ("datacrowd-operator", "datacrowd.io", "predictions/finalizers", "update"): "the same",
    ("datacrowd-operator", "datacrowd.io", "webhooks/finalizers", "update"): "the same",
    ("datacrowd-operator", "datacrowd.io", "datasets", "get"): "for one that is deleted and does not decode",
    ("datacrowd-operator", "datacrowd.io", "exports", "get"): "the same",
    ("datacrowd-operator", "datacrowd.io", "models", "get"): "the same",
    ("datacrowd-operator", "datacrowd.io", "predictions", "get"): "the same",
    ("datacrowd-operator", "datacrowd.io", "webhooks", "get"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "projects", "create"): "a server-side apply that creates takes it beside patch",
    ("datacrowd-api-server", "datacrowd.io", "datasets", "create"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "exports", "create"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "models", "create"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "predictions", "create"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "webhooks", "create"): "the same",
    ("datacrowd-api-server", "", "namespaces", "list"): "for an ADMIN who names a tenant that a label declares",
    ("datacrowd-api-server", "datacrowd.io", "projects", "get"): "for a change of some members, and for conditions",
    ("datacrowd-api-server", "datacrowd.io", "datasets", "get"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "exports", "get"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "models", "get"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "predictions", "get"): "the same",
    ("datacrowd-api-server", "datacrowd.io", "webhooks", "get"): "the same",
    ("datacrowd-lost-resources", "datacrowd.io", "projects", "get"): "for the task that finds what the cluster lost, every half hour",
    ("datacrowd-lost-resources", "datacrowd.io", "datasets", "get"): "the same",
    ("datacrowd-lost-resources", "datacrowd.io", "exports", "get"): "the same",
    ("datacrowd-lost-resources", "datacrowd.io", "models", "get"): "the same",
    ("datacrowd-lost-resources", "datacrowd.io", "predictions", "get"): "the same",
    ("datacrowd-lost-resources", "", "namespaces", "get"): "for the tenant of a namespace in which something is missing",
    ("datacrowd-operator", "datacrowd.io", "predictions", "create"): "for a Model with predict: Always",
    ("datacrowd-operator", "datacrowd.io", "predictions", "delete"): "for one of a Dataset that is gone",
    ("datacrowd-operator", "apps", "deployments", "create"): "a server-side apply that creates takes it beside patch",
    ("datacrowd-operator", "", "events", "list"): "for a Job without a pod, to name the quota that stands in its way",
}


def kubectl(*arguments):
    return json.loads(run(*tool("KUBECTL"), *arguments, "--output", "json"))["items"]


def granted():
    """account, group, resource, verb of every rule that is bound to an account of the platform."""
    rules = {}
    for kind in ("clusterroles", "roles"):
        for role in kubectl("get", kind, "--all-namespaces"):
            meta = role["metadata"]
            rules[role["kind"], meta.get("namespace"), meta["name"]] = role["rules"] or []
    rights = set()
    for kind in ("clusterrolebindings", "rolebindings"):
        for binding in kubectl("get", kind, "--all-namespaces"):
            role = binding["roleRef"]
            within = binding["metadata"].get("namespace") if role["kind"] == "Role" else None
            for subject in binding.get("subjects") or []:
                if subject["kind"] != "ServiceAccount" or subject.get("namespace") != SYSTEM:
                    continue
                for rule in rules[role["kind"], within, role["name"]]:
                    rights |= {(subject["name"], group, resource, verb) for group in rule["apiGroups"]
                               for resource in rule["resources"] for verb in rule["verbs"]}
    return rights


def asked():
    """What the accounts asked for: allowed, and forbidden."""
    allowed, forbidden = set(), set()
    with open(os.environ["AUDIT"]) as log:
        for line in log:
            event = json.loads(line)
            account, of = event["user"]["username"].removeprefix(PREFIX), event.get("objectRef")
            if not of:
                continue  # a path, such as /openapi/v3
            resource = "/".join(filter(None, (of["resource"], of.get("subresource"))))
            request = (account, of.get("apiGroup", ""), resource, event["verb"])
            decision = event.get("annotations", {}).get("authorization.k8s.io/decision")
            (forbidden if decision == "forbid" else allowed).add(request)
    return allowed, forbidden


class Rights(unittest.TestCase):
    maxDiff = None

    def test_what_is_granted_is_used(self):
        unused = granted() - asked()[0]
        self.assertEqual(unused - set(EXCEPTIONS), set(), "granted and never used: remove it from the chart or say why it stays")

    def test_what_is_an_exception_is_granted(self):
        self.assertLessEqual(set(EXCEPTIONS), granted())

    def test_nothing_is_asked_for_in_vain(self):
        self.assertEqual(asked()[1], set())


if __name__ == "__main__":
    main("rights")
