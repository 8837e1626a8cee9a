//! Starts the operator, or prints its settings or metrics.

use std::io::Write as _;

use clap::FromArgMatches as _;
use datacrowd_operator::{
    args::{self, Args},
    metrics, runtime,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = args::command().get_matches();
    let told = match asked.subcommand() {
        Some((args::SETTINGS, asked)) if asked.get_flag(args::JSON) => Some(args::settings_json()),
        Some((args::SETTINGS, _)) => Some(args::settings_table()),
        Some((args::METRICS, _)) => Some(metrics::page()),
        _ => None,
    };
    if let Some(told) = told {
        return Ok(std::io::stdout().write_all(told.as_bytes())?);
    }
    let args = Args::from_arg_matches(&asked).unwrap_or_else(|error| error.exit());
    let _traces = datacrowd_telemetry::init("operator")?;
    // The export of spans may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime::serve(args).await
}
