//! What is counted of messages.

datacrowd_telemetry::metrics! {
    /// messages by what became of them: `told`, `failed` (tried again), `parked` (waits for a person)
    Counter MESSAGES = "datacrowd_outbox_messages_total" ["context", "outcome"];
}
