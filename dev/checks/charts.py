"""The chart as text: what it renders from which values, and what it refuses."""

import json
import re
import unittest

import yaml
from suite import ROOT, main, run, tool

CHART = ROOT / "charts/datacrowd"
VALUES = ROOT / "dev/values.yaml"
STRIPE = {"mode": "Stripe", "stripe": {"existingSecret": "stripe", "successUrl": "https://x.example/paid", "cancelUrl": "https://x.example/no"}}
EVERYTHING = {
    "billing": STRIPE,
    "imagePullSecrets": [{"name": "registry"}],
    "postgres": {"tls": {"mode": "verify-full", "caSecret": "postgres-ca"}},
    "objectStore": {"existingSecret": "objects"},
    "apiServer": {
        "totpSecret": "totp",
        "autoscaling": {"enabled": True},
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/datacrowd"}},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "extraEnv": [{"name": "EXTRA", "value": "1"}],
    },
    "ingress": {"enabled": True, "className": "nginx", "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}},
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]},
    "operator": {"maxJobsPerNamespace": 5},
    "traces": {"endpoint": "http://collector.monitoring.svc:4318"},
    "networkPolicies": {
        "runnerNamespaces": ["team-a"],
        "publicFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
    },
    "metrics": {"monitors": {"enabled": True}, "rules": {"enabled": True}, "dashboards": {"enabled": True}},
}


def template(values=None, ok=True, release="datacrowd", namespace="datacrowd-system"):
    command = [*tool("HELM"), "template", release, CHART, "--namespace", namespace, "--values", VALUES, "--values", "-"]
    out = run(*command, stdin=json.dumps(values or {}), ok=ok)
    return list(filter(None, yaml.load_all(out, yaml.CSafeLoader))) if ok else out


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


def pods(objects):
    """Every pod that the chart describes, with its labels."""
    for pod in (pod for o in objects for pod in pod_templates(o)):
        yield pod["metadata"]["labels"], pod["spec"]


def environment(container):
    return {e["name"]: e for e in container["env"]}


class Rendered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain, cls.full = template(), template(EVERYTHING)

    def test_every_container_is_confined_and_limited(self):
        seen = 0
        for labels, pod in pods(self.full):
            self.assertTrue(pod["securityContext"]["runAsNonRoot"], labels)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            for container in pod["containers"] + pod.get("initContainers", []):
                seen += 1
                security = container["securityContext"]
                self.assertTrue(security["readOnlyRootFilesystem"], container["name"])
                self.assertFalse(security["allowPrivilegeEscalation"], container["name"])
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]}, container["name"])
                self.assertIn("memory", container["resources"]["limits"])
                self.assertIn("cpu", container["resources"]["requests"])
        self.assertEqual(seen, 5)

    def test_no_secret_is_rendered_and_each_comes_from_an_existing_one(self):
        self.assertNotIn("Secret", {o["kind"] for o in self.full})
        for _, pod in pods(self.full):
            for container in pod["containers"] + pod.get("initContainers", []):
                for variable in container.get("env", []):
                    if re.search("TOKEN|SECRET|PASSWORD|DATABASE_URL|ACCESS_KEY|TOTP_KEY", variable["name"]):
                        self.assertIn("secretKeyRef", variable["valueFrom"], variable)

    def test_only_migrations_see_the_owners_of_the_databases(self):
        pod = find(self.plain, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
        self.assertNotIn("OWNER", json.dumps(pod["containers"]))
        self.assertIn("CORE_OWNER_DATABASE_URL", environment(pod["initContainers"][0]))

    def test_nothing_leads_from_outside_to_the_internal_port(self):
        self.assertEqual(find(self.full, "Service", "datacrowd-api")["spec"]["ports"],
                         [{"name": "http", "port": 80, "targetPort": "http"}])
        for kind in ("Ingress", "HTTPRoute"):
            text = json.dumps(find(self.full, kind, "datacrowd"))
            self.assertIn('"datacrowd-api"', text)
            self.assertNotIn("internal", text)
        self.assertTrue(all(o["spec"].get("type", "ClusterIP") == "ClusterIP" for o in self.full if o["kind"] == "Service"))

    def test_ingress_and_route_are_there_only_when_asked_for(self):
        kinds = {o["kind"] for o in self.plain}
        self.assertFalse(kinds & {"Ingress", "HTTPRoute", "HorizontalPodAutoscaler", "ServiceMonitor", "PodMonitor", "PrometheusRule"})
        ingress = find(self.full, "Ingress", "datacrowd")
        self.assertEqual(ingress["spec"]["tls"], [{"hosts": ["datacrowd.example.com"], "secretName": "datacrowd-tls"}])
        self.assertEqual(ingress["metadata"]["annotations"], {"cert-manager.io/cluster-issuer": "letsencrypt"})

    def test_with_autoscaling_an_upgrade_does_not_reset_the_number_of_pods(self):
        self.assertNotIn("replicas", find(self.full, "Deployment", "datacrowd-api-server")["spec"])
        self.assertEqual(find(self.plain, "Deployment", "datacrowd-api-server")["spec"]["replicas"], 1)
        target = find(self.full, "HorizontalPodAutoscaler", "datacrowd-api-server")["spec"]["scaleTargetRef"]
        self.assertEqual(target["name"], "datacrowd-api-server")

    def test_a_budget_selects_the_pods_of_its_deployment(self):
        for name in ("datacrowd-api-server", "datacrowd-operator"):
            selector = find(self.plain, "PodDisruptionBudget", name)["spec"]["selector"]
            self.assertEqual(selector, find(self.plain, "Deployment", name)["spec"]["selector"])

    def test_the_identity_of_the_workload_is_annotated(self):
        annotations = find(self.full, "ServiceAccount", "datacrowd-api-server")["metadata"]["annotations"]
        self.assertIn("eks.amazonaws.com/role-arn", annotations)

    def test_databases_are_reached_over_tls_by_every_container_that_reaches_them(self):
        pod = find(self.full, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
        for container in pod["containers"] + pod["initContainers"]:
            variables = environment(container)
            self.assertEqual(variables["PGSSLMODE"]["value"], "verify-full")
            mount = container["volumeMounts"][0]
            self.assertEqual(variables["PGSSLROOTCERT"]["value"], mount["mountPath"] + "/ca.crt")
            self.assertEqual(mount["name"], pod["volumes"][0]["name"])

    def test_keys_of_the_object_store_come_from_their_own_secret_when_there_is_one(self):
        def source(objects):
            pod = find(objects, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
            return environment(pod["containers"][0])["AWS_ACCESS_KEY_ID"]["valueFrom"]["secretKeyRef"]

        self.assertEqual(source(self.plain), {"name": "datacrowd-api-server", "key": "AWS_ACCESS_KEY_ID", "optional": True})
        self.assertEqual(source(self.full), {"name": "objects", "key": "AWS_ACCESS_KEY_ID"})

    def test_the_key_of_second_steps_comes_from_its_own_secret_when_there_is_one(self):
        def source(objects, name):
            pod = find(objects, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
            return environment(pod["containers"][0])[name]["valueFrom"]["secretKeyRef"]

        self.assertEqual(source(self.plain, "DATACROWD_TOTP_KEY"), {"name": "datacrowd-api-server", "key": "DATACROWD_TOTP_KEY"})
        self.assertEqual(source(self.full, "DATACROWD_TOTP_KEY"), {"name": "totp", "key": "DATACROWD_TOTP_KEY"})
        rotating = source(self.full, "DATACROWD_TOTP_KEY_PREVIOUS")
        self.assertEqual(rotating, {"name": "totp", "key": "DATACROWD_TOTP_KEY_PREVIOUS", "optional": True})

    def test_registration_is_open_unless_it_is_closed(self):
        for values, said in (({}, "open"), ({"registration": "Invitation"}, "invitation")):
            pod = find(template(values), "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
            self.assertEqual(environment(pod["containers"][0])["DATACROWD_REGISTRATION"]["value"], said)

    def test_stripe_is_known_only_where_money_is_taken(self):
        manual = template({"billing": {"mode": "Manual"}})
        self.assertNotIn("CronJob", {o["kind"] for o in manual})
        self.assertNotIn("STRIPE", json.dumps(manual))
        job = find(self.full, "CronJob", "datacrowd-reconcile-payments")["spec"]
        pod = job["jobTemplate"]["spec"]["template"]["spec"]
        self.assertFalse(pod["automountServiceAccountToken"])
        server = find(self.full, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]["containers"][0]
        for container in (pod["containers"][0], server):
            key = environment(container)["DATACROWD_STRIPE_SECRET_KEY"]["valueFrom"]["secretKeyRef"]
            self.assertEqual(key, {"name": "stripe", "key": "DATACROWD_STRIPE_SECRET_KEY"})
        self.assertNotIn("WEBHOOK", json.dumps(pod))
        rotating = environment(server)["DATACROWD_STRIPE_WEBHOOK_SECRET_PREVIOUS"]["valueFrom"]["secretKeyRef"]
        self.assertTrue(rotating["optional"])
        ports = [p["port"] for rule in find(self.full, "NetworkPolicy", "datacrowd-reconcile-payments")["spec"]["egress"] for p in rule["ports"]]
        self.assertEqual(ports, [53, 53, 5432, 12111])

    def test_large_numbers_stay_whole(self):
        pod = find(self.plain, "Deployment", "datacrowd-api-server")["spec"]["template"]["spec"]
        self.assertEqual(environment(pod["containers"][0])["DATACROWD_MAX_UPLOAD_BYTES"]["value"], "5368709120")

    def test_every_setting_the_chart_makes_is_one_that_a_binary_knows(self):
        known = set(re.findall(r'env = "([A-Z0-9_]+)"', "".join(
            (ROOT / p).read_text() for p in ("api-server/src/args.rs", "operator/src/args.rs"))))
        known |= {"DATACROWD_LOG", "GLIBC_TUNABLES", "PGSSLMODE", "PGSSLROOTCERT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                  "EXTRA", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}
        for _, pod in pods(self.full):
            for container in pod["containers"] + pod.get("initContainers", []):
                self.assertLessEqual({e["name"] for e in container.get("env", [])}, known, container["name"])

    def test_a_collector_is_told_and_reached_where_there_is_one(self):
        def told(objects, name):
            return environment(find(objects, "Deployment", name)["spec"]["template"]["spec"]["containers"][0])

        for name in ("datacrowd-api-server", "datacrowd-operator"):
            self.assertNotIn("OTEL_EXPORTER_OTLP_ENDPOINT", told(self.plain, name))
            self.assertIn("OTEL_EXPORTER_OTLP_ENDPOINT", told(self.full, name))
        for name in ("datacrowd-api-server", "datacrowd-operator", "datacrowd-runner"):
            egress = find(self.full, "NetworkPolicy", name)["spec"]["egress"]
            self.assertIn({"protocol": "TCP", "port": 4318}, [port for rule in egress for port in rule["ports"]], name)

    def test_every_setting_that_a_binary_requires_is_given(self):
        for path, command, deployment in (("api-server/src/args.rs", "Serve|Objects", "datacrowd-api-server"),
                                          ("operator/src/args.rs", r"\w+Args", "datacrowd-operator")):
            required = set()
            for body in re.findall(rf"pub struct (?:{command}) \{{\n(.*?)^\}}", (ROOT / path).read_text(), re.M | re.S):
                for attributes, kind in re.findall(r"#\[arg\((.*?)\)\]\s+pub \w+: ([^,\n]+),", body, re.S):
                    if "default_value" not in attributes and not kind.startswith(("Option", "Vec")):
                        required.add(re.search(r'env = "(\w+)"', attributes)[1])
            self.assertGreater(len(required), 3)
            pod = find(self.plain, "Deployment", deployment)["spec"]["template"]["spec"]
            self.assertLessEqual(required, set(environment(pod["containers"][0])), deployment)


class Policies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.full = template(EVERYTHING)

    def policy(self, name):
        return find(self.full, "NetworkPolicy", name)["spec"]

    def test_everything_is_denied_to_every_pod_that_stays(self):
        deny = self.policy("datacrowd-default-deny")
        self.assertEqual(deny["policyTypes"], ["Ingress", "Egress"])
        self.assertFalse(deny.keys() & {"ingress", "egress"})
        for o in self.full:
            if o["kind"] in ("Deployment", "CronJob"):
                labels, _ = next(pods([o]))
                self.assertLessEqual(deny["podSelector"]["matchLabels"].items(), labels.items())

    def test_ports_of_policies_are_ports_of_containers(self):
        for name in ("datacrowd-api-server", "datacrowd-operator"):
            pod = find(self.full, "Deployment", name)["spec"]["template"]["spec"]
            there = {p["name"] for p in pod["containers"][0]["ports"]}
            opened = {p["port"] for rule in self.policy(name)["ingress"] for p in rule["ports"]}
            self.assertEqual(opened, there, name)

    def test_the_internal_port_is_opened_by_name_only(self):
        public, internal = self.policy("datacrowd-api-server")["ingress"]
        self.assertEqual(internal["ports"], [{"protocol": "TCP", "port": "internal"}])
        self.assertEqual(len(internal["from"]), 3)
        for peer in internal["from"]:
            self.assertTrue(peer.get("podSelector") or peer["namespaceSelector"], peer)
        self.assertEqual(len(public["from"]), 2)

    def test_a_runner_reaches_names_the_platform_and_the_object_store(self):
        runner = find(self.full, "NetworkPolicy", "datacrowd-runner")
        self.assertEqual(runner["metadata"]["namespace"], "team-a")
        self.assertNotIn("ingress", runner["spec"])
        ports = [p["port"] for rule in runner["spec"]["egress"] for p in rule["ports"]]
        self.assertEqual(ports, [53, 53, "internal", 7070, 4318])

    def test_they_can_be_switched_off(self):
        self.assertNotIn("NetworkPolicy", {o["kind"] for o in template({"networkPolicies": {"enabled": False}})})


class Rights(unittest.TestCase):
    def test_nobody_may_read_secrets_or_do_everything(self):
        for o in template(EVERYTHING):
            for rule in o.get("rules") or []:
                self.assertNotIn("secrets", rule["resources"])
                for part in ("apiGroups", "resources", "verbs"):
                    self.assertNotIn("*", rule[part], o["metadata"]["name"])

    def test_each_rule_has_its_reason(self):
        for name in ("operator-rbac.yaml", "api-server.yaml"):
            lines = (CHART / "templates" / name).read_text().splitlines()
            rules = [i for i, line in enumerate(lines) if line.startswith("- apiGroups:")]
            self.assertTrue(rules)
            for i in rules:
                explained = lines[i - 1].startswith("#") or "leases" in lines[i + 1]
                self.assertTrue(explained, f"{name}:{i + 1}")

    def test_named_namespaces_bound_the_operator(self):
        objects = template({"operator": {"watchNamespaces": ["team-a", "team-b"]}})
        rules = find(objects, "ClusterRole", "datacrowd-operator.datacrowd-system")["rules"]
        self.assertEqual(rules, [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"],
                                  "resourceNames": ["team-a", "team-b"]}])
        homes = {o["metadata"]["namespace"] for o in objects if o["kind"] == "Role" and o["metadata"]["name"] == "datacrowd-operator"}
        self.assertEqual(homes, {"team-a", "team-b"})


class Values(unittest.TestCase):
    def test_what_is_wrong_is_refused_by_its_name(self):
        table = [
            ({"apiServer": {"existingSecret": "Not A Name"}}, "existingSecret"),
            ({"apiServer": {"image": "no-tag"}}, "image"),
            ({"apiServer": {"replica": 3}}, "replica"),
            ({"apiServer": {"replicas": "two"}}, "replicas"),
            ({"apiServer": {"disruptionBudget": {"maxUnavailable": 0}}}, "maxUnavailable"),
            ({"billing": {"mode": "Free"}}, "mode"),
            ({"billing": {"currency": "euro"}}, "currency"),
            ({"billing": {"priceCents": 0}}, "priceCents"),
            ({"billing": {"reconciliation": {"schedule": "daily"}}}, "schedule"),
            ({"registration": "Closed"}, "registration"),
            ({"httpRoute": {"parentRefs": [{"namespace": "gateways"}]}}, "parentRefs"),
            ({"ingress": {"host": "https://x"}}, "host"),
            ({"networkPolicies": {"kubernetesApi": {"ports": [0]}}}, "ports"),
            ({"networkPolicies": {"postgres": {"cidrs": ["everywhere"]}}}, "cidrs"),
            ({"objectStore": {"endpoint": "s3.example.com"}}, "endpoint"),
            ({"objectStore": {"tenantEndpoints": ["https://s3.example.com"]}}, "tenantEndpoints"),
            ({"objectStore": {"tenantEndpoints": ["s3.example.com:9000"]}}, "tenantEndpoints"),
            ({"objectStore": {"tenantEndpoints": ["*"]}}, "tenantEndpoints"),
            ({"operator": {"watchNamespaces": ["Team A"]}}, "watchNamespaces"),
            ({"operator": {"resources": {"limits": None}}}, "limits"),
            ({"postgres": {"tls": {"mode": "on"}}}, "mode"),
            ({"metrics": {"monitors": {"interval": "often"}}}, "interval"),
            ({"surprise": True}, "surprise"),
        ]
        for values, word in table:
            code, output = template(values, ok=False)
            self.assertNotEqual(code, 0, values)
            self.assertIn("schema", output, values)
            self.assertIn(word, output, values)

    def test_a_missing_value_is_asked_for_in_a_sentence(self):
        code, output = run(*tool("HELM"), "template", CHART, ok=False)
        self.assertNotEqual(code, 0)
        # All of them at once, and in nobody's schema language.
        for part in ("apiServer", "migrations", "operator"):
            self.assertRegex(output, rf"(?m)^Set {part}\.existingSecret to the name of the Secret with .*[.]$")
        self.assertNotIn("schema", output)
        for values, sentence in (
            ({"apiServer": {"existingSecret": ""}}, "Set apiServer.existingSecret to"),
            ({"billing": {"mode": "Stripe", "stripe": {"successUrl": ""}}}, "Set billing.stripe.successUrl to"),
            ({"billing": {"mode": "Stripe", "stripe": {"cancelUrl": ""}}}, "Set billing.stripe.cancelUrl to"),
            ({"httpRoute": {"enabled": True}}, "Set httpRoute.parentRefs to"),
        ):
            code, output = template(values, ok=False)
            self.assertNotEqual(code, 0, values)
            self.assertEqual(re.findall(r"(?m)^Set .*", output)[:2], re.findall(rf"(?m)^{sentence}.*", output), output)

    def test_the_defaults_pass_lint(self):
        code, output = run(*tool("HELM"), "lint", CHART, ok=False)
        self.assertEqual(code, 0, output)
        self.assertNotIn("[ERROR]", output)

    def test_the_operator_is_told_where_tenants_buckets_may_be(self):
        def told(objects):
            pod = find(objects, "Deployment", "datacrowd-operator")["spec"]["template"]["spec"]
            return environment(pod["containers"][0])["DATACROWD_TENANT_ENDPOINTS"]["value"]

        default = yaml.safe_load((CHART / "values.yaml").read_text())["objectStore"]["tenantEndpoints"]
        rust = (ROOT / "crates/protocol/src/endpoint.rs").read_text()
        self.assertIn(f'DEFAULT_TENANT_ENDPOINTS: &str = "{",".join(default)}"', rust)
        self.assertIn(f'default_value = "{",".join(default)}"', (ROOT / "operator/src/args.rs").read_text())
        listed = ["s3.example.com", "10.96.0.0/12"]
        self.assertEqual(told(template({"objectStore": {"tenantEndpoints": listed}})), ",".join(listed))
        self.assertEqual(told(template({"objectStore": {"tenantEndpoints": []}})), "")

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
