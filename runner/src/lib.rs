//! One Kubernetes Job is one run: `generate` cuts a source file into tasks, `export` writes approved
//! answers to a file. The runner talks HTTP to the platform's internal API and to an object store; it
//! knows neither the database nor Kubernetes.

mod archive;
pub mod args;
pub mod cut;
pub mod export;
pub mod folder;
pub mod generate;
pub mod halt;
mod heartbeat;
pub mod http;
pub mod platform;
mod report;
pub mod retry;
pub mod session;
pub mod source;
pub mod unpack;

use std::{ffi::OsString, sync::Arc, time::Duration};

use clap::Parser as _;
use datacrowd_protocol::{exit, run::RunReason};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use args::{Cli, Command, RunArgs};
use halt::{Counts, End, Halt};
use platform::Platform;
use retry::RetryPolicy;
use session::Session;

/// Runs the process; returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to do when even standard error is closed.
            let _ = error.print();
            return if error.use_stderr() {
                exit::MISCONFIGURED
            } else {
                exit::DONE
            };
        }
    };
    let run = cli.command.run();
    let logging = datacrowd_telemetry::init("datacrowd-runner");
    // Every line of the process tells which run, and which request asked for it.
    let span =
        tracing::error_span!("run", correlation_id = run.correlation_id(), run_id = %run.run_id);
    if let Some(parent) = &run.platform.traceparent {
        datacrowd_telemetry::continue_trace(&span, parent);
    }
    let _entered = span.entered();
    let end = match &logging {
        Ok(_) => work(&cli.command),
        Err(error) => misconfigured(format!("Cannot log: {error}.")),
    };
    report::log(&end);
    report::leave(&end, &run.termination_log);
    end.exit_code()
}

fn work(command: &Command) -> End {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return misconfigured(format!("Cannot start: {error}.")),
    };
    let end = runtime.block_on(async {
        let session = match session(command.run()) {
            Ok(session) => session,
            Err(why) => return misconfigured(why),
        };
        match command {
            Command::Generate(_) => generate::generate(&session).await,
            Command::Export(_) => export::export(&session).await,
        }
    });
    // A parser that still waits for bytes must not hold the process up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    end
}

fn session(run: &RunArgs) -> Result<Session, String> {
    let http =
        http::client().map_err(|error| format!("Cannot set up TLS: {}.", http::chain(&error)))?;
    let retry_policy = RetryPolicy::default();
    let platform = Platform::new(
        http.clone(),
        run.platform.internal_url.clone(),
        run.platform.token_file.clone(),
        run.run_id,
        run.correlation_id(),
        retry_policy,
    );
    Ok(Session {
        platform: Arc::new(platform),
        http,
        keys: args::keys_from_env(),
        tenant_endpoints: run.tenant_endpoints.clone(),
        pod_uid: run.pod_uid.clone(),
        retry_policy,
        stop: stop_on_signal().map_err(|error| format!("Cannot listen for signals: {error}."))?,
    })
}

/// Cancelled by SIGTERM (the pod is being ended) and SIGINT (a person at a terminal).
fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            signals.recv().await;
            tracing::info!("asked to stop");
            stop.cancel();
        });
    }
    Ok(stop)
}

fn misconfigured(why: String) -> End {
    End::Halted(
        Halt::failed(RunReason::Misconfigured, why),
        Counts::default(),
    )
}
