//! What `/metrics` tells.

use chrono::{DateTime, Utc};
use datacrowd_telemetry::{Described, Gauge, metrics_table};

/// Of the API server.
pub mod server {
    datacrowd_telemetry::metrics! {
        /// time of a request, under the pattern of its route
        Histogram REQUEST_SECONDS = "http_server_request_duration_seconds" ["http_request_method", "http_route", "http_response_status_code"];
        /// tasks in the queues of projects that can be worked on
        Gauge TASKS_READY = "datacrowd_tasks_ready";
        /// since the dataset of the oldest task at the head of a queue began to load; 0 when nothing is ready
        Gauge TASKS_OLDEST_READY_SECONDS = "datacrowd_tasks_oldest_ready_seconds";
        /// tasks that workers hold
        Gauge LEASES = "datacrowd_leases";
        /// answers that wait for a reviewer
        Gauge ANSWERS_IN_REVIEW = "datacrowd_answers_in_review";
        /// tasks whose label is less sure than their project wants it, and that wait for quota to ask one worker more
        Gauge TASKS_BELOW_CONFIDENCE = "datacrowd_tasks_below_confidence";
        /// workers who are right too rarely for their project, by what is done about them: `warn`, `review`, `block`; without
        /// those that the owner has let go on
        Gauge WORKERS_BELOW_SKILL = "datacrowd_workers_below_skill" ["action"];
        /// items of inboxes that wait for a model, counted once for each model
        Gauge PREDICTION_QUEUE_ITEMS = "datacrowd_prediction_queue_items";
        /// age of the oldest item that waits for a model; 0 when there is none
        Gauge PREDICTION_QUEUE_OLDEST_SECONDS = "datacrowd_prediction_queue_oldest_seconds";
        /// resources whose rows are there and that the latest pass missed in the cluster
        Gauge LOST_RESOURCES = "datacrowd_lost_resources";
        /// 1 where the lost resources were too many to let go of any
        Gauge LOST_SWEEP_STOPPED = "datacrowd_lost_sweep_stopped";
        /// messages of `core` and `payments` that are not delivered yet
        Gauge OUTBOX_ROWS = "datacrowd_outbox_rows" ["context"];
        /// age of the oldest message that is not delivered yet; 0 when there is none
        Gauge OUTBOX_LAG_SECONDS = "datacrowd_outbox_lag_seconds" ["context"];
        /// Stripe's events that wait for their payment
        Gauge STRIPE_EVENTS_PARKED = "datacrowd_stripe_events_parked";
        /// age of the oldest of Stripe's events that wait for their payment; 0 when there is none
        Gauge STRIPE_EVENTS_OLDEST_PARKED_SECONDS = "datacrowd_stripe_events_oldest_parked_seconds";
        /// payments that disagreed with the ledger when the task `ledger-drift` last succeeded
        Gauge LEDGER_DRIFT_PAYMENTS = "datacrowd_ledger_drift_payments";
        /// when a task that runs on a schedule last succeeded; before its first success, since when that is awaited
        Gauge TASK_LAST_SUCCESS_TIMESTAMP_SECONDS = "datacrowd_task_last_success_timestamp_seconds" ["task"];
        /// seconds without a success after which a task is late; only of tasks that the chart schedules and that are not suspended
        Gauge TASK_LATE_AFTER_SECONDS = "datacrowd_task_late_after_seconds" ["task"];
        /// rows that runners sent, refused ones included
        Counter ROWS_RECEIVED = "datacrowd_rows_received_total";
        /// leases that ran out
        Counter LEASES_EXPIRED = "datacrowd_leases_expired_total";
        /// answers refused because their lease was over
        Counter STALE_SUBMITS = "datacrowd_stale_submits_total";
        /// answers that models gave
        Counter MODEL_ANSWERS = "datacrowd_model_answers_total";
        /// answers to gold that were decided
        Counter GOLD_DECIDED = "datacrowd_gold_decided_total";
        /// judgements charged for answers to gold
        Counter GOLD_CHARGED = "datacrowd_gold_charged_total";
        /// items that models were shown: `predicted`, or why not
        Counter PREDICTED_ITEMS = "datacrowd_predicted_items_total" ["outcome"];
        /// probability of what a model says of an item
        Histogram PREDICTION_PROBABILITY = "datacrowd_prediction_probability";
        /// how long a model took for an item
        Histogram PREDICTION_SECONDS = "datacrowd_prediction_seconds";
        /// Stripe's events by what became of them
        Counter STRIPE_EVENTS = "datacrowd_stripe_events_total" ["outcome"];
    }
}

/// Of the dispatcher.
pub mod dispatcher {
    datacrowd_telemetry::metrics! {
        /// rows of `core` and `payments` that say what happened and are not told yet
        Gauge STREAM_ROWS = "datacrowd_stream_rows" ["context"];
        /// age of the oldest row that is not told yet; 0 when there is none
        Gauge STREAM_LAG_SECONDS = "datacrowd_stream_lag_seconds" ["context"];
        /// events that were told on the stream
        Counter EVENTS = "datacrowd_events_total" ["context"];
        /// rows that cannot be translated into an event
        Counter EVENTS_UNTOLD = "datacrowd_events_untold_total" ["context"];
        /// attempts to deliver a webhook whose time has come and that nobody makes yet
        Gauge WEBHOOKS_DUE = "datacrowd_webhooks_due";
        /// age of the oldest attempt whose time has come; 0 when there is none
        Gauge WEBHOOKS_LAG_SECONDS = "datacrowd_webhooks_lag_seconds";
        /// attempts to deliver a webhook: `delivered`, `failed`
        Counter WEBHOOK_ATTEMPTS = "datacrowd_webhook_attempts_total" ["outcome"];
        /// time of an attempt to deliver a webhook
        Histogram WEBHOOK_ATTEMPT_SECONDS = "datacrowd_webhook_attempt_seconds" ["outcome"];
        /// events that NATS has not stored yet
        Gauge NATS_ROWS = "datacrowd_nats_rows";
        /// age of the oldest event that NATS has not stored yet; 0 when there is none
        Gauge NATS_LAG_SECONDS = "datacrowd_nats_lag_seconds";
        /// events that NATS stored
        Counter NATS_STORED = "datacrowd_nats_stored_total";
        /// notices to people in the console
        Counter NOTICES = "datacrowd_notices_total";
        /// messages to people, by `email` or `telegram`, that are not sent yet, tried or not
        Gauge MESSAGES_WAITING = "datacrowd_messages_waiting" ["channel"];
        /// age of the oldest message that is not sent yet, but for those whose latest attempt failed by their recipient alone; 0 when
        /// there is none
        Gauge MESSAGES_LAG_SECONDS = "datacrowd_messages_lag_seconds" ["channel"];
        /// messages by what became of them: `sent`, `failed` (tried again), `given_up` (lost by the way), `refused` (by the
        /// recipient), `unwanted` (not wanted any more)
        Counter MESSAGES = "datacrowd_messages_total" ["channel", "outcome"];
    }
}

/// All of the API server's.
pub const SERVER: &[&[Described]] = &[server::ALL, datacrowd_outbox::metrics::ALL];
/// All of the dispatcher's.
pub const DISPATCHER: &[&[Described]] = &[dispatcher::ALL];

/// Sets how much of something waits, and the age of the oldest in seconds; 0 where nothing does.
pub(crate) fn set_backlog<const LABELS: usize>(
    (rows, oldest): (Gauge<LABELS>, Gauge<LABELS>),
    labels: [&'static str; LABELS],
    (waiting, since): (i64, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) {
    rows.with(labels).set(waiting as f64);
    // The database's clock may be ahead of ours.
    let age = since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    oldest.with(labels).set(age);
}

/// What docs/metrics.md says of both.
#[must_use]
pub fn page() -> String {
    format!(
        "## API server\n\n\
         Backlogs are counted every 30 seconds. Each replica counts the same rows, so take `max` of a gauge, not `sum`. Events\n\
         are counted by the replica that handles them, so take the sum of a counter.\n\n{}\n\
         ## Dispatcher\n\n\
         Backlogs are counted every 15 seconds, in each replica the same rows.\n\n{}",
        metrics_table(&SERVER.concat()),
        metrics_table(&DISPATCHER.concat())
    )
}
