//! The platform's Helm release: its values, and upgrades of it.

use serde_json::Value;
use tokio::process::Command;

/// Name of the release and of its chart.
const RELEASE: &str = "datacrowd";

async fn helm(arguments: &[&str]) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new(format!("{root}/dev/platform/helm"))
        .args(arguments)
        .current_dir(root)
        .output()
        .await
        .unwrap_or_else(|e| panic!("cannot run dev/platform/helm: {e}"));
    assert!(
        output.status.success(),
        "helm {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What the release is installed with, defaults included.
pub async fn values() -> Value {
    let json = helm(&["get", "values", RELEASE, "--all", "--output", "json"]).await;
    serde_json::from_str(&json).unwrap()
}

/// Runs the release's own tests.
pub async fn test() {
    helm(&["test", RELEASE, "--timeout", "2m"]).await;
}

/// Upgrades the release with one value changed, and waits until it is rolled out.
pub async fn set(value: &str) {
    let chart = format!("charts/{RELEASE}");
    helm(&[
        "upgrade",
        RELEASE,
        &chart,
        "--reuse-values",
        "--set",
        value,
        "--wait",
        "--timeout",
        "3m",
    ])
    .await;
}
