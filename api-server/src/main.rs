//! `datacrowd-api-server serve | migrate | openapi`.

use clap::Parser;
use datacrowd_api_server::{args::Args, serve};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _traces = datacrowd_telemetry::init("datacrowd-api-server")?;
    serve::run(Args::parse()).await
}
