"""moto_drift.py < PLAN.json: whether a second plan is empty, but for what the fake AWS does not keep.

The fake (moto) takes these and does not tell them again; AWS does. Anything else is a plan that never ends.
"""

import json
import sys

FORGOTTEN = {
    "aws_s3_bucket": {"tags_all"},  # asked for through S3 Control, which it answers from elsewhere
    "aws_db_instance": {"performance_insights_enabled", "performance_insights_kms_key_id"},
    "aws_db_parameter_group": {"parameter"},  # lists the engine's own, not what was set
    "aws_vpc_security_group_ingress_rule": {"description", "referenced_security_group_id"},  # told with the account before it
}

plan, left = json.load(sys.stdin), []
for name, change in plan.get("output_changes", {}).items():
    if change["actions"] != ["no-op"]:
        left.append(f"output {name}: {'/'.join(change['actions'])}")
for resource in plan.get("resource_changes", []):
    change = resource["change"]
    if change["actions"] in (["no-op"], ["read"]):
        continue
    before, after, unknown = change["before"] or {}, change["after"] or {}, change["after_unknown"]
    changed = {name for name in before | after if before.get(name) != after.get(name)} | set(unknown)
    more = changed - FORGOTTEN.get(resource["type"], set())
    if change["actions"] != ["update"] or more:
        left.append(f"{resource['address']}: {'/'.join(change['actions'])} {', '.join(sorted(more))}")
sys.exit("a second plan is not empty:\n" + "\n".join(left) if left else 0)
