//! The process around a run: its arguments, its log, its signals, its exit code.

use std::{ffi::OsString, path::Path, sync::Arc, time::Duration};

use clap::Parser;
use datacrowd_protocol::{exit, ids::RunId, run::RunReason};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    args::{PlatformArgs, RunArgs},
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

/// What a process that has no run and no end needs.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The platform's id of what it works for: it stands where a run's would.
    pub subject: Uuid,
    /// Uid of the pod.
    pub pod_uid: &'a str,
    /// The way to the platform.
    pub platform: &'a PlatformArgs,
}

/// Runs `work` on the run of `args` as the program `name`; returns its exit code.
pub fn run(name: &'static str, args: &RunArgs, work: impl AsyncFnOnce(Session) -> End) -> i32 {
    let kept = Kept {
        subject: args.run_id.0,
        pod_uid: &args.pod_uid,
        platform: &args.platform,
    };
    logged(name, &kept, Some(&args.termination_log), work)
}

/// Runs `work` until the pod is asked to stop, or it cannot go on; returns its exit code.
pub fn keep(name: &'static str, kept: &Kept<'_>, work: impl AsyncFnOnce(Session) -> End) -> i32 {
    logged(name, kept, None, work)
}

fn logged(
    name: &'static str,
    kept: &Kept<'_>,
    termination_log: Option<&Path>,
    work: impl AsyncFnOnce(Session) -> End,
) -> i32 {
    let logging = datacrowd_telemetry::init(name);
    // Every line of the process tells which run, and which request asked for it.
    let span =
        tracing::error_span!("run", correlation_id = kept.correlation_id(), run_id = %kept.subject);
    if let Some(parent) = &kept.platform.traceparent {
        datacrowd_telemetry::continue_trace(&span, parent);
    }
    let _entered = span.entered();
    let end = match &logging {
        Ok(_) => in_runtime(name, kept, work),
        Err(error) => misconfigured(format!("Cannot log: {error}.")),
    };
    report::log(&end);
    if let Some(file) = termination_log {
        report::leave(&end, file);
    }
    end.exit_code()
}

impl Kept<'_> {
    fn correlation_id(&self) -> String {
        let given = self.platform.correlation_id.clone();
        given.unwrap_or_else(|| self.subject.to_string())
    }
}

fn in_runtime(name: &str, kept: &Kept<'_>, work: impl AsyncFnOnce(Session) -> End) -> End {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return misconfigured(format!("Cannot start: {error}.")),
    };
    let end = runtime.block_on(async {
        match session(name, kept) {
            Ok(session) => work(session).await,
            Err(why) => misconfigured(why),
        }
    });
    // A parser that still waits for bytes must not hold the process up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    end
}

fn session(name: &str, kept: &Kept<'_>) -> Result<Session, String> {
    let http = http::client(name)
        .map_err(|error| format!("Cannot set up TLS: {}.", http::chain(&error)))?;
    let retry_policy = RetryPolicy::default();
    let platform = Platform::new(
        http.clone(),
        kept.platform.internal_url.clone(),
        kept.platform.token_file.clone(),
        RunId(kept.subject),
        kept.correlation_id(),
        retry_policy,
    );
    Ok(Session {
        platform: Arc::new(platform),
        http,
        own: (),
        pod_uid: kept.pod_uid.to_owned(),
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
