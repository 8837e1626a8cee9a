//! The rules of retrying, each as a sentence.

use super::*;

fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn run(outcome: Option<RunOutcome>, reason: Option<RunReason>, progressed: bool) -> RunView {
    RunView {
        id: datacrowd_protocol::ids::RunId(uuid::Uuid::nil()),
        uid: uuid::Uuid::nil(),
        attempt: 2,
        outcome,
        reason,
        message: None,
        progressed,
    }
}

fn facts(job: JobFact, run: Option<&RunView>) -> Facts<'_> {
    Facts {
        attempt: 2,
        job,
        lost_since: None,
        run,
        retry: false,
        now: now(),
    }
}

fn seconds_ago(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(now().as_second() - seconds).ok()
}

fn job_failed(reason: RunReason, ago: i64) -> JobFact {
    JobFact::Present(Seen::Failed(Failure::new(reason, seconds_ago(ago))))
}

/// The step in a word, for tables.
fn word(step: &Step) -> String {
    match step {
        Step::Begin { attempt, after } => {
            let reported = after.as_ref().map(|e| e.reported);
            format!("begin {attempt}, previous reported: {reported:?}")
        }
        Step::Watch { verdict, again } => format!("watch {} for {again:?}", verdict.reason),
        Step::Resume => "resume".into(),
        Step::Fail { reason, ended, .. } => {
            format!(
                "fail {reason}, reported: {:?}",
                ended.as_ref().map(|e| e.reported)
            )
        }
    }
}

fn decided(facts: &Facts<'_>) -> String {
    word(&decide(facts))
}

#[test]
fn the_first_attempt_begins_without_a_question() {
    let none = Facts {
        attempt: 0,
        ..facts(JobFact::Absent { recorded: false }, None)
    };
    assert_eq!(decided(&none), "begin 1, previous reported: None");
}

#[test]
fn an_attempt_that_was_written_down_but_not_started_is_started() {
    let open = run(None, None, false);
    let facts = facts(JobFact::Absent { recorded: false }, Some(&open));
    assert_eq!(decided(&facts), "begin 2, previous reported: None");
}

#[test]
fn a_job_that_vanished_is_followed_by_another_after_a_pause() {
    let open = run(None, None, false);
    let mut facts = facts(JobFact::Absent { recorded: true }, Some(&open));
    facts.lost_since = Some(now());
    assert_eq!(decided(&facts), "watch RetryingAfterFailure for 20s");
    facts.lost_since = seconds_ago(20);
    assert_eq!(decided(&facts), "begin 3, previous reported: Some(false)");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_table_of_failures_holds() {
    use RunReason as R;
    let by_itself = "begin 3, previous reported: Some(false)";
    let table = [
        (R::BadInput, true, "fail BadInput, reported: Some(false)"),
        (
            R::TooManyInvalidRows,
            true,
            "fail TooManyInvalidRows, reported: Some(false)",
        ),
        (
            R::SourceNotFound,
            true,
            "fail SourceNotFound, reported: Some(false)",
        ),
        (
            R::SourceChanged,
            true,
            "fail SourceChanged, reported: Some(false)",
        ),
        (
            R::SourceForbidden,
            true,
            "fail SourceForbidden, reported: Some(false)",
        ),
        (
            R::CredentialsRejected,
            true,
            "fail CredentialsRejected, reported: Some(false)",
        ),
        (
            R::InvalidModel,
            true,
            "fail InvalidModel, reported: Some(false)",
        ),
        (
            R::Misconfigured,
            true,
            "fail Misconfigured, reported: Some(false)",
        ),
        (R::OutOfMemory, true, by_itself),
        (
            R::OutOfMemory,
            false,
            "fail OutOfMemory, reported: Some(false)",
        ),
        (R::DeadlineExceeded, true, by_itself),
        (
            R::DeadlineExceeded,
            false,
            "fail DeadlineExceeded, reported: Some(false)",
        ),
        (R::BackoffLimitExceeded, true, by_itself),
        (
            R::BackoffLimitExceeded,
            false,
            "fail BackoffLimitExceeded, reported: Some(false)",
        ),
        (R::QuotaExceeded, false, by_itself),
        (R::JobLost, false, by_itself),
    ];
    for (reason, progressed, expected) in table {
        let open = run(None, None, progressed);
        let facts = facts(job_failed(reason, 3600), Some(&open));
        assert_eq!(
            decided(&facts),
            expected,
            "{reason:?}, progressed {progressed}"
        );
    }
}

#[test]
fn a_retry_that_was_asked_for_overrides_every_failure_and_every_pause() {
    for reason in [RunReason::BadInput, RunReason::OutOfMemory] {
        let open = run(None, None, true);
        let mut facts = facts(job_failed(reason, 0), Some(&open));
        facts.retry = true;
        assert_eq!(decided(&facts), "begin 3, previous reported: Some(false)");
    }
}

#[test]
fn the_platforms_word_counts_for_more_than_the_jobs() {
    let ended = run(Some(RunOutcome::Failed), Some(RunReason::BadInput), false);
    for job in [
        job_failed(RunReason::BackoffLimitExceeded, 0),
        JobFact::Present(Seen::Succeeded(None)),
        JobFact::Present(Seen::Suspended),
        JobFact::Absent { recorded: true },
        JobFact::Absent { recorded: false },
    ] {
        let facts = facts(job.clone(), Some(&ended));
        assert_eq!(
            decided(&facts),
            "fail BadInput, reported: Some(true)",
            "{job:?}"
        );
    }
}

#[test]
fn pauses_between_attempts_double_up_to_five_minutes() {
    let open = run(None, None, true);
    for (attempt, pause) in [(1, 10), (2, 20), (3, 40), (6, 300), (60, 300)] {
        let facts = Facts {
            attempt,
            ..facts(job_failed(RunReason::OutOfMemory, 0), Some(&open))
        };
        assert_eq!(
            decided(&facts),
            format!("watch RetryingAfterFailure for {pause}s")
        );
    }
}

#[test]
fn a_completed_job_waits_a_moment_for_the_platform_to_say_so() {
    let open = run(None, None, false);
    let fresh = facts(
        JobFact::Present(Seen::Succeeded(seconds_ago(2))),
        Some(&open),
    );
    assert_eq!(decided(&fresh), "watch JobRunning for 1s");
    let old = facts(
        JobFact::Present(Seen::Succeeded(seconds_ago(61))),
        Some(&open),
    );
    assert_eq!(decided(&old), "begin 3, previous reported: Some(false)");
}

#[test]
fn a_foreign_job_is_a_conflict() {
    let foreign = facts(JobFact::Foreign, None);
    assert_eq!(decided(&foreign), "fail NameConflict, reported: None");
}
