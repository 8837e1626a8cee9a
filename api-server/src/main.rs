//! `datacrowd-api-server serve | dispatch | migrate | run | openapi`.

use anyhow::Context;
use clap::Parser;
use datacrowd_api_server::{args::Args, serve};
use tokio::runtime::Builder;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // A dispatcher waits more than it computes, and there may be any number of them: a delivery that goes from thread to thread costs a tenth
    // more.
    let mut runtime = match args.command.is_one_thread() {
        true => Builder::new_current_thread(),
        false => Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build().context("starting threads")?;
    runtime.block_on(async {
        let _traces = datacrowd_telemetry::init("datacrowd-api-server")?;
        serve::run(args).await
    })
}
