//! `datacrowd-bench claim`, `upload`, `operator`, `crowd`, `events`, `overlap` and `peers`: see the README for method and results.

mod claim;
mod cluster;
mod crowd;
mod events;
mod operator;
mod overlap;
mod peers;
mod platform;
mod process;
mod recorded;
mod samples;
mod start;
mod upload;
mod work;

use clap::Parser;

/// What is measured.
#[derive(Debug, Parser)]
enum Command {
    /// Next, claim and submit by many clients over many tasks.
    Claim(claim::Claim),
    /// The API server's memory while a large file arrives.
    Upload(upload::Upload),
    /// How soon the API server is ready, and its memory while idle.
    Start(start::Start),
    /// The operator's rates, memory and cost at rest with many Datasets.
    Operator(operator::Scale),
    /// Whom the platform blocks of a crowd where some say anything, what labels come out, and what it costs.
    Crowd(crowd::Crowd),
    /// What telling everybody of everything costs, and how fast webhooks are delivered.
    Events(events::Events),
    /// What dynamic overlap saves on recorded ratings.
    Overlap(overlap::Overlap),
    /// Other platforms and a job queue beside ours.
    Peers(Box<peers::Peers>),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Claim(claim) => claim.run().await,
        Command::Upload(upload) => upload.run().await,
        Command::Start(start) => start.run().await,
        Command::Operator(scale) => scale.run().await,
        Command::Crowd(crowd) => crowd.run().await,
        Command::Events(events) => events.run().await,
        Command::Overlap(overlap) => overlap.run().await,
        Command::Peers(peers) => peers.run().await,
    }
}
