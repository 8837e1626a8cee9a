//! The operator against a real API server and a real Job controller. The tests play the node, by
//! writing the status of pods, and the platform, by a server in this process.
//!
//! Needs `TEST_KUBECONFIG`, the kubeconfig of a control plane that may be written to:
//! `TEST_KUBECONFIG=$(dev/control-plane start) cargo test -p datacrowd-operator --test control_plane`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod admission;
mod datasets;
mod deletion;
mod exports;
mod interruption;
mod kubelet;
mod leader;
mod line;
mod platform;
mod projects;
mod quiescence;
mod retries;
mod watches;
mod world;
