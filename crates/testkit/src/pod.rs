//! A pod as runners have one, for where no kubelet runs: it is there and waits for a node.

use serde_json::{Value, json};

/// The manifest of a pod that presents tokens, as restricted as tenants' namespaces ask for.
#[must_use]
pub fn runner_pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "runner-"},
        "spec": {
            "serviceAccountName": "default", "automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "runner", "image": "runner",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}
