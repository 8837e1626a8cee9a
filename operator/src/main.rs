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
    if let Some(asked) = asked.subcommand_matches(args::SETTINGS) {
        let told = match asked.get_flag(args::JSON) {
            true => args::settings_json(),
            false => args::settings_table(),
        };
        return Ok(std::io::stdout().write_all(told.as_bytes())?);
    }
    if asked.subcommand_matches(args::METRICS).is_some() {
        return Ok(std::io::stdout().write_all(metrics::page().as_bytes())?);
    }
    let args = Args::from_arg_matches(&asked).unwrap_or_else(|error| error.exit());
    let _traces = datacrowd_telemetry::init("operator")?;
    // The export of spans may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime::serve(args).await
}
