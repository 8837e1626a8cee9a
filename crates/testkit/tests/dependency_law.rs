//! The dependency law of the house, held against what cargo says.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Each room and the rooms its product code may depend on.
const LAW: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("telemetry", &[]),
    ("settings", &[]),
    ("testkit", &[]),
    ("records", &["protocol"]),
    ("crds", &["protocol"]),
    ("job", &["protocol", "telemetry"]),
    ("consensus", &["protocol"]),
    // What contexts instantiate on their own databases; neither knows a context.
    ("outbox", &["telemetry"]),
    ("idempotency", &[]),
    ("sealing", &[]),
    (
        "accounts",
        &["idempotency", "outbox", "protocol", "sealing"],
    ),
    (
        "labelling",
        &["consensus", "idempotency", "outbox", "protocol"],
    ),
    ("billing", &["outbox", "protocol"]),
    ("notifications", &["outbox", "protocol", "sealing"]),
    (
        "api-server",
        &[
            "accounts",
            "billing",
            "labelling",
            "crds",
            "idempotency",
            "notifications",
            "outbox",
            "protocol",
            "records",
            "settings",
            "telemetry",
        ],
    ),
    ("operator", &["crds", "protocol", "settings", "telemetry"]),
    ("runner", &["consensus", "job", "protocol", "records"]),
    ("inference", &["job", "protocol"]),
    ("e2e", &["crds", "protocol", "telemetry", "testkit"]),
    ("bench", &["consensus", "crds", "testkit"]),
];

/// Packages that only some rooms may use: SQL in the contexts, the cluster where resources are. Metrics that
/// nobody declared there are none.
const GUARDED: &[(&str, &[&str])] = &[
    (
        "sqlx",
        &[
            "accounts",
            "billing",
            "idempotency",
            "labelling",
            "notifications",
            "outbox",
            "testkit",
            "api-server",
            "e2e",
            "bench",
        ],
    ),
    ("kube", &["crds", "operator", "api-server", "e2e", "bench"]),
    ("metrics", &["telemetry"]),
];

#[test]
fn rooms_depend_only_on_what_the_law_allows() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let law: BTreeMap<_, _> = LAW.iter().copied().collect();
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let room = package["name"]
            .as_str()
            .unwrap()
            .strip_prefix("datacrowd-")
            .expect("packages are named after their rooms");
        let allowed = law
            .get(room)
            .unwrap_or_else(|| panic!("{room} is a new room; write its law"));
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let name = dependency["name"].as_str().unwrap();
            if let Some(other) = name.strip_prefix("datacrowd-")
                && !allowed.contains(&other)
            {
                broken.push(format!("{room} depends on {other}"));
            }
            if let Some((_, rooms)) = GUARDED.iter().find(|(guarded, _)| *guarded == name)
                && !rooms.contains(&room)
            {
                broken.push(format!("{room} uses {name}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
