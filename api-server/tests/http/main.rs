//! The API server over HTTP only, on a real Postgres, a real S3 server and a real Kubernetes API server.
//! `make test` starts them; `dev/test/services start` and `dev/cluster/control-plane start` do so by hand.

#![expect(
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the numbers of a test are small"
)]
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests begin now, and count from there"
)]

mod accounts;
mod answering;
mod authz_coverage;
mod backlog;
mod bodies;
mod cancellation;
mod connections;
mod consensus;
mod console;
mod contract;
mod credentials;
mod crowd;
mod database_outage;
mod datasets;
mod debt;
mod decisions;
mod deleted;
mod deletion_races;
mod edges;
mod events;
mod export_pages;
mod fairness;
mod flow;
mod folders;
mod founding;
mod free_labour;
mod gold;
mod gold_media;
mod gold_races;
mod gold_skill;
mod gold_tells;
mod hands;
mod inbox;
mod inbox_columns;
mod inbox_people;
mod inbox_races;
mod invitations;
mod killed_servers;
mod loading;
mod lost;
mod migrations;
mod model_accuracy;
mod model_numbers;
mod models;
mod overlap;
mod pairwise_races;
mod payments;
mod people;
mod prediction_queue;
mod prefill;
mod previous_release;
mod qualification;
mod quality;
mod races;
mod races_of_one_worker;
mod reauthentication;
mod records;
mod refit;
mod refusals;
mod refused_creations;
mod resumable;
mod reviews;
mod runner;
mod scheduled;
mod storage;
mod support;
mod tenancy;
mod traces;
mod unchanged_fits;
mod upgrade;
mod uploads;
mod webhook_endpoints;
mod work;
