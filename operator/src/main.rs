//! Starts the operator.

use clap::Parser;
use datacrowd_operator::{args::Args, runtime};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    datacrowd_telemetry::init("operator")?;
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing installed a provider before");
    runtime::serve(args).await
}
