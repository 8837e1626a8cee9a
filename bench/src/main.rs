//! `datacrowd-bench claim` and `datacrowd-bench upload`: see the README for method and results.

mod claim;
mod platform;
mod samples;
mod upload;

use clap::Parser;

/// What is measured.
#[derive(Debug, Parser)]
enum Command {
    /// Next, claim and submit by many clients over many tasks.
    Claim(claim::Claim),
    /// The API server's memory while a large file arrives.
    Upload(upload::Upload),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Claim(claim) => claim.run().await,
        Command::Upload(upload) => upload.run().await,
    }
}
