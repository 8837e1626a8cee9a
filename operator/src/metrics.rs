//! What `/metrics` tells.

use datacrowd_telemetry::metrics_table;

datacrowd_telemetry::metrics! {
    /// 1 in the replica that does the work
    Gauge LEADER = "datacrowd_operator_leader_election_master_status";
    /// passes by how they ended: `success`, `requeue` (somebody else wrote in between), `error`
    Counter RECONCILES = "datacrowd_operator_reconcile_total" ["controller", "result"];
    /// time of a pass
    Histogram RECONCILE_SECONDS = "datacrowd_operator_reconcile_time_seconds" ["controller"];
    /// passes that failed, by who failed them: `kubernetes`, `platform`, `malformed` (an object that cannot be read)
    Counter RECONCILE_ERRORS = "datacrowd_operator_reconcile_errors_total" ["controller", "category"];
    /// passes that are being made
    Gauge ACTIVE_WORKERS = "datacrowd_operator_active_workers" ["controller"];
    /// how many passes may be made at once
    Gauge MAX_CONCURRENT_RECONCILES = "datacrowd_operator_max_concurrent_reconciles" ["controller"];
    /// conditions that changed, by their new reason
    Counter TRANSITIONS = "datacrowd_operator_transitions_total" ["controller", "reason"];
}

/// What docs/metrics.md says of them.
#[must_use]
pub fn page() -> String {
    format!("## Operator\n\n{}", metrics_table(ALL))
}
