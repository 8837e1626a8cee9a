//! The process around a run: its arguments, its log, its signals, its exit code.

use std::{ffi::OsString, sync::Arc, time::Duration};

use clap::Parser;
use datacrowd_protocol::{exit, run::RunReason};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    args::RunArgs,
    halt::{Counts, End, Halt},
    http,
    platform::Platform,
    report,
    retry::RetryPolicy,
    session::Session,
};

/// Reads the command line.
///
/// # Errors
/// It is none, or asks for help: the exit code, once the words are printed.
pub fn parse<C: Parser>(args: impl IntoIterator<Item = OsString>) -> Result<C, i32> {
    C::try_parse_from(args).map_err(|error| {
        // Nothing is left to do when even standard error is closed.
        let _ = error.print();
        if error.use_stderr() {
            exit::MISCONFIGURED
        } else {
            exit::DONE
        }
    })
}

/// Runs `work` on the run of `args` as the program `name`; returns its exit code.
pub fn run(name: &'static str, args: &RunArgs, work: impl AsyncFnOnce(Session) -> End) -> i32 {
    let logging = datacrowd_telemetry::init(name);
    // Every line of the process tells which run, and which request asked for it.
    let span =
        tracing::error_span!("run", correlation_id = args.correlation_id(), run_id = %args.run_id);
    if let Some(parent) = &args.platform.traceparent {
        datacrowd_telemetry::continue_trace(&span, parent);
    }
    let _entered = span.entered();
    let end = match &logging {
        Ok(_) => in_runtime(name, args, work),
        Err(error) => misconfigured(format!("Cannot log: {error}.")),
    };
    report::log(&end);
    report::leave(&end, &args.termination_log);
    end.exit_code()
}

fn in_runtime(name: &str, args: &RunArgs, work: impl AsyncFnOnce(Session) -> End) -> End {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return misconfigured(format!("Cannot start: {error}.")),
    };
    let end = runtime.block_on(async {
        match session(name, args) {
            Ok(session) => work(session).await,
            Err(why) => misconfigured(why),
        }
    });
    // A parser that still waits for bytes must not hold the process up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    end
}

fn session(name: &str, args: &RunArgs) -> Result<Session, String> {
    let http = http::client(name)
        .map_err(|error| format!("Cannot set up TLS: {}.", http::chain(&error)))?;
    let retry_policy = RetryPolicy::default();
    let platform = Platform::new(
        http.clone(),
        args.platform.internal_url.clone(),
        args.platform.token_file.clone(),
        args.run_id,
        args.correlation_id(),
        retry_policy,
    );
    Ok(Session {
        platform: Arc::new(platform),
        http,
        own: (),
        pod_uid: args.pod_uid.clone(),
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
