//! Starts the operator.

use clap::Parser;
use datacrowd_operator::{args::Args, runtime};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let _traces = datacrowd_telemetry::init("operator")?;
    // The export of spans may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime::serve(args).await
}
