"""The Terraform modules without a provider: format, documents, scan, interfaces, refusals.

Terraform itself evaluates variables, validations, outputs and the example; what the
provider would know is put in its place below. What only the provider and a cloud
can say, dev/terraform/apply-locally and the workflow on GitHub find out.
"""

import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import yaml
from charts import CHART
from suite import ROOT, main, run, tool

TERRAFORM = ROOT / "terraform"
MODULES = sorted(p.name for p in (TERRAFORM / "modules").iterdir())
EXAMPLE = TERRAFORM / "examples/aws"
QUIET = {"TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

# What AWS would answer, for every resource that an output speaks of.
ANSWERS = {
    "postgres": """
        aws_db_instance = { this = { address = "db.internal", port = 5432, master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:master" }] } }
        aws_security_group = { this = { id = "sg-postgres" } }""",
    "object-store": 'aws_s3_bucket = { this = { bucket = var.bucket, arn = "arn:aws:s3:::${var.bucket}" } }',
    "workload-identity": 'aws_iam_role = { this = { arn = "arn:aws:iam::111122223333:role/${var.name}" } }',
    "secrets": """
        aws_secretsmanager_secret = { this = { for part in ["api-server", "migrations", "operator", "provision", "totp", "webhooks"] :
          part => { name = "${var.name}/${part}", arn = "arn:aws:secretsmanager:${part}" } } }
        random = {
          role = { for name in ["auth_owner", "auth_app", "core_owner", "core_app", "payments_owner", "payments_app",
            "notifications_owner", "notifications_app"] : name => { random_password = "pw_${name}" } }
          application = { for name in ["internal_token", "jwt_secret", "admin_password", "totp_key", "webhook_key"] :
            name => { random_password = name } }
        }""",
}
INPUTS = {
    "region": "eu-central-1", "vpc_id": "vpc-1", "private_subnet_ids": ["subnet-1", "subnet-2"], "node_security_group_id": "sg-nodes",
    "oidc_provider_arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC",
    "kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/1", "bucket": "datacrowd-test", "host": "label.example.org",
    "image_registry": "registry.example.org/datacrowd", "image_tag": "1.2.3",
}


def blocks(text, kind):
    """Name → body of each block of a kind; our own files only, as `terraform fmt` writes them."""
    return dict(re.findall(rf'^{kind} "([\w-]+)" \{{\n(.*?)^\}}', text, re.M | re.S))


def attribute(body, name):
    found = re.search(rf"^  {name} += (.+)$", body, re.M)
    return found and found[1]


def stand_in(module, folder):
    """A module with its own variables and outputs, over answers instead of resources."""
    folder.mkdir(parents=True)
    source = TERRAFORM / "modules" / module
    shutil.copy(source / "variables.tf", folder)
    outputs = re.sub(r"\b(aws_\w+\.this)", r"local.answers.\1", (source / "outputs.tf").read_text())
    outputs = re.sub(r'"\$\{(aws_)', r'"${local.answers.\1', outputs)
    (folder / "outputs.tf").write_text(outputs)
    (folder / "answers.tf").write_text(f"locals {{\n  answers = {{\n{ANSWERS[module]}\n  }}\n}}\n")
    if module == "secrets":
        own = re.search(r"^locals \{\n.*?^\}\n", (source / "main.tf").read_text(), re.M | re.S)[0]
        own = own.replace("ephemeral.aws_secretsmanager_random_password", "local.answers.random")
        (folder / "contents.tf").write_text(own + '\noutput "contents" {\n  value = local.contents\n}\n')


def evaluate(folder, variables, ok=True):
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    run("terraform", "init", "-backend=false", "-input=false", cwd=folder, env=QUIET)
    out = run("terraform", "apply", "-auto-approve", "-input=false", "-no-color", cwd=folder, env=QUIET, ok=ok)
    if not ok:
        return out
    return {k: v["value"] for k, v in json.loads(run("terraform", "output", "-json", cwd=folder, env=QUIET)).items()}


class Scratch(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def example(self, **changes):
        for module in MODULES:
            stand_in(module, self.folder / "modules" / module)
        example = self.folder / "examples/aws"
        example.mkdir(parents=True)
        for name in ("main.tf", "variables.tf", "outputs.tf"):
            shutil.copy(EXAMPLE / name, example)
        return evaluate(example, {**INPUTS, **changes})


class Written(unittest.TestCase):
    def test_files_are_formatted(self):
        run("terraform", "fmt", "-recursive", "-check", "-diff", TERRAFORM, env=QUIET)

    def test_each_module_has_its_five_files(self):
        for module in MODULES:
            files = {p.name for p in (TERRAFORM / "modules" / module).iterdir() if p.is_file()}
            self.assertEqual(files, {"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"}, module)

    def test_each_input_and_output_is_documented_as_it_is(self):
        for folder in [*(TERRAFORM / "modules").iterdir(), EXAMPLE]:
            readme = (folder / "README.md").read_text()
            rows = []
            for name, body in blocks((folder / "variables.tf").read_text(), "variable").items():
                default = attribute(body, "default")
                rows.append(f"| `{name}` | `{attribute(body, 'type')}` | {f'`{default}`' if default else 'required'} | "
                            f"{json.loads(attribute(body, 'description'))} |")
            for name, body in blocks((folder / "outputs.tf").read_text(), "output").items():
                rows.append(f"| `{name}` | {json.loads(attribute(body, 'description'))} |")
            for row in rows:
                self.assertIn(row, readme.splitlines(), folder)
            self.assertEqual(len(rows), sum(line.startswith("| `") for line in readme.splitlines()), folder)

    def test_every_variable_of_a_module_is_used(self):
        for module in MODULES:
            folder = TERRAFORM / "modules" / module
            code = "".join((folder / name).read_text() for name in ("main.tf", "outputs.tf"))
            for name in blocks((folder / "variables.tf").read_text(), "variable"):
                self.assertIn(f"var.{name}", code, f"{module}: {name}")

    def test_no_secret_can_enter_the_state(self):
        for path in TERRAFORM.rglob("*.tf"):
            for resource, body in re.findall(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', path.read_text(), re.M | re.S):
                self.assertIsNone(re.search(r"^\s*(password|secret_string)\s*=", body, re.M), path)
                self.assertNotEqual(resource, "random_password")

    def test_what_protects_data_is_on_by_default(self):
        for module, name, value in [("postgres", "deletion_protection", "true"), ("postgres", "multi_az", "true"),
                                    ("postgres", "skip_final_snapshot", "false"), ("object-store", "force_destroy", "false"),
                                    ("secrets", "recovery_window_days", "30")]:
            body = blocks((TERRAFORM / "modules" / module / "variables.tf").read_text(), "variable")[name]
            self.assertEqual(attribute(body, "default"), value, name)
        self.assertEqual(attribute(blocks((EXAMPLE / "variables.tf").read_text(), "variable")["disposable"], "default"), "false")

    def test_the_scan_finds_nothing_that_was_not_explained(self):
        scan = tool("SCAN")[0]
        code, output = run("python3", "-m", "checkov.main", "--directory", TERRAFORM, "--framework", "terraform", "--compact",
                           "--quiet", "--skip-download", env={"PYTHONPATH": scan}, ok=False)
        self.assertEqual(code, 0, output)
        passed = int(re.search(r"Passed checks: (\d+), Failed checks: 0", output)[1])
        self.assertGreater(passed, 50)
        for path in TERRAFORM.rglob("*.tf"):
            for skip in re.findall(r"checkov:skip=(.*)", path.read_text()):
                self.assertRegex(skip, r"^CKV2?_AWS_\d+:\S.{20,}", path)


class Evaluated(Scratch):
    def test_the_example_gives_values_that_the_chart_takes(self):
        values = self.example()["helm_values"]
        made = list(yaml.safe_load_all(run(*tool("HELM"), "template", "datacrowd", CHART, "--values", "-", stdin=values)))
        account = next(o for o in made if o["kind"] == "ServiceAccount" and o["metadata"]["name"] == "datacrowd-api-server")
        self.assertEqual(account["metadata"]["annotations"], {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/datacrowd-api-server"})
        api_server = next(o for o in made if o["kind"] == "Deployment" and o["metadata"]["name"] == "datacrowd-api-server")
        container = api_server["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], "registry.example.org/datacrowd/datacrowd-api-server:1.2.3")
        self.assertNotIn("AWS_ENDPOINT_URL", {e["name"] for e in container["env"]})

    def test_secrets_have_the_keys_that_the_chart_reads(self):
        outputs = self.example()
        manifests = list(yaml.safe_load_all(outputs["manifests"]))
        stand_in("secrets", self.folder / "alone")
        contents = evaluate(self.folder / "alone", {
            "name": "datacrowd", "kms_key_arn": INPUTS["kms_key_arn"], "postgres_address": "db.internal", "region": "eu-central-1",
            "master_secret_arn": "arn:aws:secretsmanager:master"})["contents"]
        secrets = {m["spec"]["target"]["name"]: [d["extract"]["key"] for d in m["spec"]["dataFrom"]] for m in manifests if m["kind"] == "ExternalSecret"}
        self.assertEqual(secrets["datacrowd-master"], ["arn:aws:secretsmanager:master"])
        self.assertEqual(secrets["datacrowd-api-server"], ["datacrowd/api-server", "datacrowd/webhooks"])
        self.assertNotIn("datacrowd-webhooks", secrets)
        made = run(*tool("HELM"), "template", "datacrowd", CHART, "--values", "-", stdin=outputs["helm_values"])
        wanted = set()
        for o in filter(None, yaml.safe_load_all(made)):
            pod = o["spec"]["template"]["spec"] if o["kind"] == "Deployment" else {"containers": []}
            for container in pod["containers"] + pod.get("initContainers", []):
                for variable in container["env"]:
                    reference = variable.get("valueFrom", {}).get("secretKeyRef")
                    if reference and not reference.get("optional"):
                        wanted.add((reference["name"], reference["key"]))
        self.assertGreater(len(wanted), 9)
        for name, key in wanted:
            parts = [contents[secret.split("/")[1]] for secret in secrets[name]]
            self.assertEqual(sum(key in part for part in parts), 1, (name, key))
        self.assertIn(("datacrowd-api-server", "DATACROWD_WEBHOOK_KEY"), wanted)
        self.assertEqual(contents["api-server"]["CORE_DATABASE_URL"], "postgres://core_app:pw_core_app@db.internal:5432/core")
        self.assertEqual(contents["migrations"]["AUTH_OWNER_DATABASE_URL"], "postgres://auth_owner:pw_auth_owner@db.internal:5432/auth")
        self.assertEqual(contents["migrations"]["NOTIFICATIONS_OWNER_DATABASE_URL"],
                         "postgres://notifications_owner:pw_notifications_owner@db.internal:5432/notifications")
        self.assertEqual(contents["operator"]["DATACROWD_INTERNAL_TOKEN"], contents["api-server"]["DATACROWD_INTERNAL_TOKEN"])

    def test_the_identity_of_external_secrets_is_the_one_its_store_takes(self):
        manifests = list(yaml.safe_load_all(self.example()["manifests"]))
        account = next(m for m in manifests if m["kind"] == "ServiceAccount")
        store = next(m for m in manifests if m["kind"] == "SecretStore")
        reference = store["spec"]["provider"]["aws"]["auth"]["jwt"]["serviceAccountRef"]
        self.assertEqual(reference["name"], account["metadata"]["name"])
        self.assertEqual({m["metadata"]["namespace"] for m in manifests}, {"datacrowd-system"})

    def test_policies_allow_one_bucket_one_key_and_nothing_by_wildcard(self):
        stand_in("object-store", self.folder / "alone")
        policy = json.loads(evaluate(self.folder / "alone", {"bucket": "datacrowd-test", "kms_key_arn": INPUTS["kms_key_arn"]})["policy_json"])
        for statement in policy["Statement"]:
            self.assertNotIn("*", "".join(statement["Action"]))
            self.assertRegex(statement["Resource"], r"^arn:aws:(s3:::datacrowd-test(/\*)?|kms:\S+:key/1)$")

    def test_what_is_wrong_is_refused_by_its_name(self):
        good = {
            "postgres": {"name": "db", "vpc_id": "v", "subnet_ids": ["a", "b"], "allowed_security_group_ids": ["sg"], "kms_key_arn": "arn:k"},
            "object-store": {"bucket": "bucket", "kms_key_arn": "arn:k"},
            "workload-identity": {"name": "n", "oidc_provider_arn": "arn:aws:iam::1:oidc-provider/x", "service_account": "s",
                                  "policy_json": '{"Statement": []}'},
            "secrets": {"name": "dc", "kms_key_arn": "arn:k", "postgres_address": "db", "master_secret_arn": "arn:m", "region": "r"},
        }
        table = [
            ("postgres", {"subnet_ids": ["a", "a"]}, "two subnets"), ("postgres", {"backup_retention_days": 0}, "backup_retention_days"),
            ("postgres", {"allowed_security_group_ids": []}, "allowed_security_group_ids"), ("postgres", {"name": "1-"}, "name must"),
            ("object-store", {"bucket": "has.dots"}, "bucket must"), ("object-store", {"download_origins": ["*"]}, "download_origins"),
            ("object-store", {"noncurrent_days": 0}, "noncurrent_days"), ("object-store", {"kms_key_arn": "alias/x"}, "kms_key_arn"),
            ("workload-identity", {"service_account": "*"}, "service_account"),
            ("workload-identity", {"oidc_provider_arn": "arn:x"}, "oidc_provider_arn"),
            ("workload-identity", {"policy_json": "{}"}, "policy_json"),
            ("secrets", {"secrets_version": 0}, "secrets_version"), ("secrets", {"recovery_window_days": 3}, "recovery_window_days"),
        ]
        for module, variables in good.items():
            stand_in(module, self.folder / module)
            evaluate(self.folder / module, variables)
        for module, change, word in table:
            code, output = evaluate(self.folder / module, {**good[module], **change}, ok=False)
            self.assertNotEqual(code, 0, (module, change))
            self.assertIn(word, output, (module, change))


if __name__ == "__main__":
    main("terraform")
