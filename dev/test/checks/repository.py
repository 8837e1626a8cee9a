"""What the repository promises about itself: workflows, images, documents."""

import re
import subprocess
import tomllib
import unittest

import yaml
from suite import ROOT, main, run

WORKFLOWS = {p.name: p.read_text() for p in sorted((ROOT / ".github/workflows").glob("*.yml"))}
PARSED = {name: yaml.safe_load(text) for name, text in WORKFLOWS.items()}
IMAGES = {"api-server", "operator", "runner", "inference"}


class Workflows(unittest.TestCase):
    def test_every_action_is_pinned_by_its_commit_and_says_which_version_that_is(self):
        pinned = {}
        for name, text in WORKFLOWS.items():
            for uses in re.findall(r"uses: (.*)", text):
                self.assertRegex(uses, r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", name)
                action, commit = uses.split("@")
                self.assertEqual(pinned.setdefault(action, commit), commit, f"{name}: two versions of {action}")

    def test_tokens_can_read_and_no_more_unless_a_job_says_why(self):
        for name, workflow in PARSED.items():
            self.assertEqual(workflow["permissions"], {"contents": "read"}, name)
            self.assertIn("concurrency", workflow, name)
            for job, body in workflow["jobs"].items():
                self.assertIn("timeout-minutes", body, f"{name}: {job}")
                for right, level in body.get("permissions", {}).items():
                    self.assertTrue(level == "read" or name in ("release.yml", "deploy.yml"), f"{name}: {job}: {right}")

    def test_a_pull_request_never_meets_a_secret(self):
        for name, text in WORKFLOWS.items():
            self.assertNotIn("pull_request_target", text, name)
            if "pull_request:" in text:
                self.assertNotIn("secrets.", text, name)

    def test_what_others_can_write_is_never_pasted_into_a_script(self):
        for name, workflow in PARSED.items():
            for job in workflow["jobs"].values():
                for step in job["steps"]:
                    self.assertNotIn("${{", step.get("run", ""), f"{name}: {step}")
                    if "actions/checkout" in step.get("uses", ""):
                        self.assertFalse(step["with"]["persist-credentials"], name)

    def test_every_stage_of_make_test_is_run(self):
        stages = set(re.search(r"set -- (.+)", (ROOT / "dev/test/run").read_text().split("[ $# -gt 0 ]")[1])[1].split())
        jobs = PARSED["ci.yml"]["jobs"]
        on_kind = next(step["run"] for step in jobs["e2e"]["steps"] if "dev/test/run" in step.get("run", ""))
        run_here = {stage for job in jobs["stages"]["strategy"]["matrix"]["stage"] for stage in job.split()}
        run_here |= set(on_kind.split("dev/test/run ")[1].split())
        self.assertEqual(stages, run_here)


class Statements(unittest.TestCase):
    def test_no_limit_stands_behind_in(self):
        """A plan may run such a subquery again for each row; with `for update skip locked` it finds others each time."""
        behind = re.compile(r"\bin\s*\(\s*select\b(?:[^()]|\([^()]*\))*?\blimit\b", re.I)
        for pattern in ("migrations/*/*.sql", "*/src/**/*.rs", "crates/*/src/**/*.rs"):
            for path in ROOT.glob(pattern):
                found = behind.search(path.read_text())
                self.assertIsNone(found, f"{path}: write = any(array(select … limit …)): {found and found[0]}")


class Sources(unittest.TestCase):
    MOST = 350  # lines; what is longer does more than its name says
    MOST_OF_TESTS = 500  # a test tells a story, but a file is about one subject

    def of_crates(self, folder):
        crates = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
        return [f for crate in crates for path in ROOT.glob(crate) for f in (path / folder).rglob("*.rs")]

    def assert_short(self, files, most, at_least):
        self.assertGreater(len(files), at_least)
        long = {str(f.relative_to(ROOT)): lines for f in files if (lines := f.read_text().count("\n")) > most}
        self.assertEqual(long, {})

    def test_no_file_is_too_long_to_be_read(self):
        self.assert_short([f for f in self.of_crates("src") if f.name != "tests.rs"], self.MOST, 400)

    def test_no_file_of_tests_is_too_long_to_be_read(self):
        beside = [f for f in self.of_crates("src") if f.name == "tests.rs"]
        self.assert_short(beside + self.of_crates("tests"), self.MOST_OF_TESTS, 150)


class Images(unittest.TestCase):
    def test_each_image_of_the_charts_is_built_scanned_and_released(self):
        dockerfile = (ROOT / "Dockerfile").read_text()
        self.assertLessEqual(IMAGES, set(re.findall(r"AS ([\w-]+)$", dockerfile, re.M)))
        values = yaml.safe_load((ROOT / "charts/datacrowd/values.yaml").read_text())
        named = {values[part]["image"].split(":")[0] for part in ("apiServer", "operator", "runner", "inference")}
        self.assertEqual(named, {f"datacrowd-{image}" for image in IMAGES})
        for name in ("ci.yml", "release.yml", "audit.yml"):
            self.assertEqual(set(PARSED[name]["jobs"]["images"]["strategy"]["matrix"]["image"]), IMAGES, name)

    def test_they_have_the_layout_of_the_local_ones(self):
        dockerfile, local = (ROOT / "Dockerfile").read_text(), (ROOT / "dev/platform/image").read_text()
        for fact in ("65532:65532", "'nonroot:x:65532:65532:nonroot:/:/'", "'nonroot:x:65532:'", "ca-certificates.crt", "1777"):
            self.assertIn(fact, dockerfile)
            self.assertIn(fact, local)
        self.assertIn("FROM scratch", dockerfile)

    def test_a_build_sees_every_member_of_the_workspace(self):
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        members = re.search(r"members = \[(.*?)\]", (ROOT / "Cargo.toml").read_text())[1]
        for member in re.findall(r'"([\w-]+)', members):
            self.assertIn(f"!{member}", ignored)
        self.assertIn("*", ignored)

    def test_the_compiler_is_the_one_of_the_toolchain_file(self):
        channel = re.search(r'channel = "(\d+\.\d+)', (ROOT / "rust-toolchain.toml").read_text())[1]
        self.assertIn(f"FROM rust:{channel}-", (ROOT / "Dockerfile").read_text())


class Builds(unittest.TestCase):
    def test_no_test_asks_a_library_for_more_than_the_product_does(self):
        """With another set of features for tests, cargo compiles the library, and all that depend on it, twice."""
        for path in run("git", "ls-files", "*Cargo.toml").splitlines():
            for name, dependency in tomllib.loads((ROOT / path).read_text()).get("dev-dependencies", {}).items():
                self.assertNotIn("features", dependency, f"{path}: {name}")


class Scripts(unittest.TestCase):
    def test_what_they_call_in_dev_is_there(self):
        seen = 0
        for path in run("git", "grep", "--untracked", "--files-with-matches", "-E", "^#!.*bash", "--", "bench", "dev").splitlines():
            for target in re.findall(r"\$dev\"?/([a-z][\w./-]*)", (ROOT / path).read_text()):
                seen += 1
                self.assertTrue((ROOT / "dev" / target).exists(), f"{path}: dev/{target}")
        self.assertGreater(seen, 30)


class Documents(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        seen = 0
        for path in run("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").splitlines():
            page = ROOT / path
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if "://" in target or target.startswith(("#", "mailto:")):
                    continue
                seen += 1
                self.assertTrue((page.parent / target.split("#")[0]).exists(), f"{path}: {target}")
        self.assertGreater(seen, 30)

    def test_no_merge_was_left_half_done(self):
        marks = r"^(<{7} |>{7} )"
        found = subprocess.run(["git", "grep", "--untracked", "-nE", marks], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(found.stdout, "")

    def test_targets_that_documents_name_exist(self):
        targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))
        for path in run("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").splitlines():
            for target in re.findall(r"`make ([a-z][a-z0-9-]*)", (ROOT / path).read_text()):
                self.assertIn(target, targets, path)


if __name__ == "__main__":
    main("repository")
