//! The operator against a real API server and a real Job controller. The tests play the node, by
//! writing the status of pods, and the platform, by a server in this process.
//!
//! Needs `TEST_KUBECONFIG`, the kubeconfig of a control plane that may be written to, and for `order`
//! `TEST_BARE_KUBECONFIG`, that of one where nothing was installed yet: `dev/cluster/control-plane start FOLDER`.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod admission;
mod calls;
mod datasets;
mod deletion;
mod exports;
mod fault_proxy;
mod interruption;
mod kubelet;
mod leader;
mod models;
mod order;
mod platform;
mod predict_always;
mod predictions;
mod predictors;
mod projects;
mod quiescence;
mod retries;
mod tenancy;
mod watches;
mod webhooks;
mod world;
