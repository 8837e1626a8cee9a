//! The binary itself: exit codes, termination message, signals, memory.

use std::{
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use datacrowd_protocol::{
    exit,
    run::{RunOutcome, RunReason, TerminationMessage},
    source::SourceFormat::Csv,
};
use tempfile::NamedTempFile;

use crate::fake::{Fake, Fault};

/// Resident memory that a runner's pod may take.
const MOST_KIB: u64 = 128 * 1024;

const RUN: &str = "00000000-0000-0000-0000-000000000000";

fn runner(fake: &Fake, termination: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datacrowd-runner"));
    command
        .args(["generate", "--run-id", RUN])
        .env("DATACROWD_INTERNAL_URL", &fake.world().url)
        .env("DATACROWD_TOKEN_FILE", fake.token_path())
        .env("POD_UID", "pod")
        .env("TERMINATION_LOG", termination)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

struct Ended {
    status: ExitStatus,
    peak_kib: u64,
}

/// Waits for the process; `signal` may end it on the way.
async fn run(mut command: Command, ready: impl Fn() -> bool) -> Ended {
    let mut child = command.spawn().unwrap();
    let (mut peak_kib, mut asked) = (0, false);
    let waiting = async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            peak_kib = peak_kib.max(peak(child.id()));
            if !asked && ready() {
                asked = true;
                let kill = Command::new("kill").arg(child.id().to_string()).status();
                assert!(kill.unwrap().success());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let status = tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
    Ended { status, peak_kib }
}

fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn message(file: &NamedTempFile) -> Option<TerminationMessage> {
    serde_json::from_slice(&std::fs::read(file.path()).unwrap()).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn success_is_0_with_counts_in_the_termination_message() {
    let fake = Fake::start(Csv, "a\n1\n2\n").await;
    let file = NamedTempFile::new().unwrap();
    let ended = run(runner(&fake, file.path()), || false).await;
    assert_eq!(ended.status.code(), Some(exit::DONE));
    let message = message(&file).unwrap();
    assert_eq!((message.outcome, message.rows), (RunOutcome::Succeeded, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_64_with_the_reason_also_when_the_platform_could_not_be_told() {
    let fake = Fake::start(Csv, "a,a\n").await;
    fake.fault("complete", Fault::Status(410));
    let file = NamedTempFile::new().unwrap();
    let ended = run(runner(&fake, file.path()), || false).await;
    assert_eq!(ended.status.code(), Some(exit::BAD_INPUT));
    assert_eq!(message(&file).unwrap().reason, Some(RunReason::BadInput));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_termination_log_is_no_error() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    let ended = run(runner(&fake, Path::new("/nowhere/log")), || false).await;
    assert_eq!(ended.status.code(), Some(exit::DONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_log_line_names_the_run_and_the_request() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::Status(503));
    let log = NamedTempFile::new().unwrap();
    let mut command = runner(&fake, Path::new("/nowhere/log"));
    command.stdout(log.reopen().unwrap());
    command.env("DATACROWD_CORRELATION_ID", "asked-for");
    run(command, || false).await;
    let lines = std::fs::read_to_string(log.path()).unwrap();
    assert!(lines.lines().count() >= 3, "{lines}");
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["correlation_id"], "asked-for", "{line}");
        assert_eq!(line["run_id"], RUN);
    }
    assert!(!lines.contains("signature") && !lines.contains(crate::fake::TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_works_in_an_image_without_certificates() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    let mut command = runner(&fake, Path::new("/nowhere/log"));
    command.env("SSL_CERT_FILE", "/nowhere/ca.crt");
    command.env("SSL_CERT_DIR", "/nowhere");
    let ended = run(command, || false).await;
    assert_eq!(ended.status.code(), Some(exit::DONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_settings_are_78_and_help_is_0() {
    let fake = Fake::start(Csv, "").await;
    let none = Path::new("/nowhere/log");
    let mut command = runner(&fake, none);
    command.env_remove("POD_UID");
    assert_eq!(
        run(command, || false).await.status.code(),
        Some(exit::MISCONFIGURED)
    );
    let mut command = runner(&fake, none);
    command.env("DATACROWD_INTERNAL_URL", "nonsense");
    assert_eq!(
        run(command, || false).await.status.code(),
        Some(exit::MISCONFIGURED)
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_datacrowd-runner"));
    command.arg("--help").stdout(Stdio::null());
    assert_eq!(run(command, || false).await.status.code(), Some(exit::DONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_77() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    std::fs::write(fake.token_path(), "another").unwrap();
    let file = NamedTempFile::new().unwrap();
    let ended = run(runner(&fake, file.path()), || false).await;
    assert_eq!(ended.status.code(), Some(exit::FORBIDDEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_is_75_without_a_message() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::Delay(60_000));
    let file = NamedTempFile::new().unwrap();
    let ended = run(runner(&fake, file.path()), || fake.calls("source") > 0).await;
    assert_eq!(ended.status.code(), Some(exit::TRY_AGAIN));
    assert_eq!(message(&file), None);
    assert!(fake.world().completes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_whatever_the_file_holds() {
    let mut text = "a,b\n".to_owned();
    text.push_str(&format!("1,\"{}\"\n", "x\n".repeat(32 << 20)));
    text.push_str(&format!("{},\n", "\u{1}".repeat(1 << 19)).repeat(20));
    text.push_str(&format!("x{}\n", ",".repeat(1 << 19)));
    text.push_str(&"1,2\n".repeat(100_000));
    let fake = Fake::start(Csv, text).await;
    fake.world().multiline = true;
    let file = NamedTempFile::new().unwrap();
    let ended = run(runner(&fake, file.path()), || false).await;
    assert_eq!(ended.status.code(), Some(exit::DONE));
    assert_eq!(fake.world().tasks.len(), 100_020);
    assert_eq!(fake.world().checkpoint.rejected, 2);
    assert!(ended.peak_kib < MOST_KIB, "{} KiB", ended.peak_kib);
    eprintln!("peak {} KiB", ended.peak_kib);
}
