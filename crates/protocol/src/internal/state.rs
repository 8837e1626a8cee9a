//! Where the life of each resource stands.

use crate::wire_enum;

wire_enum! {
    /// Life of a project.
    pub enum ProjectState {
        /// Work goes on.
        Active = "ACTIVE" / "active",
        /// No claims and no new runs.
        Paused = "PAUSED" / "paused",
        /// Every dataset is completed.
        Completed = "COMPLETED" / "completed",
        /// Ended early, for good.
        Closed = "CLOSED" / "closed",
        /// Being deleted.
        Deleting = "DELETING" / "deleting",
        /// Deleted; it may be brought back.
        Deleted = "DELETED" / "deleted",
    }
}

wire_enum! {
    /// Life of a dataset.
    pub enum DatasetState {
        /// Known, no run yet.
        Uploaded = "UPLOADED" / "uploaded",
        /// A run exists.
        Generating = "GENERATING" / "generating",
        /// Every row is a task.
        Ready = "READY" / "ready",
        /// The last run failed.
        Failed = "FAILED" / "failed",
        /// Every task is approved or rejected.
        Completed = "COMPLETED" / "completed",
        /// Deleted; it may be brought back.
        Deleted = "DELETED" / "deleted",
    }
}

wire_enum! {
    /// Life of an export.
    pub enum ExportState {
        /// Waits for its trigger or its Job.
        Pending = "PENDING" / "pending",
        /// A run exists.
        Running = "RUNNING" / "running",
        /// The file is there.
        Ready = "READY" / "ready",
        /// The last run failed.
        Failed = "FAILED" / "failed",
        /// The file's time is over.
        Expired = "EXPIRED" / "expired",
    }
}

wire_enum! {
    /// Whether events reach an endpoint of webhooks.
    pub enum WebhookState {
        /// They are posted there.
        Active = "ACTIVE" / "active",
        /// Every attempt fails; each event is tried again.
        Failing = "FAILING" / "failing",
        /// Its owner wants nothing now.
        Suspended = "SUSPENDED" / "suspended",
        /// The platform gave it up.
        Disabled = "DISABLED" / "disabled",
    }
}

wire_enum! {
    /// Whether the client paid; shown, not decided by.
    pub enum BillingStatus {
        /// Nothing was bought.
        Unpaid = "UNPAID" / "unpaid",
        /// A checkout is open.
        Pending = "PENDING" / "pending",
        /// Something was bought.
        Paid = "PAID" / "paid",
    }
}
