//! What Jobs and pods say, from objects as the cluster writes them.

use serde_json::{Value, json};

use super::*;

fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn job(status: Value) -> Job {
    serde_json::from_value(json!({
        "metadata": {"name": "items-gen-0-1", "namespace": "team-a", "creationTimestamp": "2026-01-01T11:00:00Z"},
        "spec": {"activeDeadlineSeconds": 86400, "template": {"spec": {"containers": []}}},
        "status": status,
    }))
    .unwrap()
}

fn condition(kind: &str, reason: &str) -> Value {
    json!({"conditions": [{
        "type": kind, "status": "True", "reason": reason,
        "lastTransitionTime": "2026-01-01T11:59:00Z",
    }]})
}

fn pod(state: Value) -> Pod {
    serde_json::from_value(json!({"status": {"containerStatuses": [{
        "name": "runner", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state,
    }]}}))
    .unwrap()
}

fn ended(code: i32, reason: &str, message: &str) -> Pod {
    pod(json!({"terminated": {
        "exitCode": code, "reason": reason, "message": message,
        "finishedAt": "2026-01-01T11:58:00Z",
    }}))
}

fn seen(job: &Job, pods: &[Pod], refusal: Option<&str>) -> Seen {
    outcome(Facts { job, pods, refusal }, now())
}

fn failed(job: &Job, pods: &[Pod]) -> (RunReason, String) {
    match seen(job, pods, None) {
        Seen::Failed(failure) => (failure.reason, failure.message),
        other => panic!("{other:?}"),
    }
}

fn active(job: &Job, pods: &[Pod]) -> Verdict {
    match seen(job, pods, None) {
        Seen::Active(verdict) => verdict,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_permanent_exit_code_has_its_reason() {
    let failed_job = job(condition("Failed", "PodFailurePolicy"));
    let table = [
        (exit::BAD_INPUT, RunReason::BadInput),
        (exit::GONE, RunReason::SourceNotFound),
        (exit::QUOTA, RunReason::QuotaExceeded),
        (exit::FORBIDDEN, RunReason::CredentialsRejected),
        (exit::MISCONFIGURED, RunReason::Misconfigured),
        (1, RunReason::BackoffLimitExceeded),
        (exit::TRY_AGAIN, RunReason::BackoffLimitExceeded),
    ];
    for (code, reason) in table {
        assert_eq!(
            failed(&failed_job, &[ended(code, "Error", "")]).0,
            reason,
            "{code}"
        );
    }
    assert!(
        exit::PERMANENT
            .iter()
            .all(|code| of_exit_code(*code).is_some())
    );
}

#[test]
fn the_runners_own_word_comes_first() {
    let said = json!({"outcome": "Failed", "reason": "SourceChanged", "message": "It changed.", "rows": 1, "rejected": 0});
    let pods = [ended(1, "Error", &said.to_string())];
    let failed_job = job(condition("Failed", "BackoffLimitExceeded"));
    assert_eq!(
        failed(&failed_job, &pods),
        (RunReason::SourceChanged, "It changed.".into())
    );
}

#[test]
fn a_model_that_cannot_be_used_is_known_by_what_its_pod_said() {
    let said = json!({"outcome": "Failed", "reason": "InvalidModel", "message": "It has no output.", "rows": 0, "rejected": 0});
    let pods = [ended(exit::BAD_INPUT, "Error", &said.to_string())];
    let failed_job = job(condition("Failed", "PodFailurePolicy"));
    assert_eq!(
        failed(&failed_job, &pods),
        (RunReason::InvalidModel, "It has no output.".into())
    );
}

#[test]
fn a_termination_message_that_is_none_is_ignored() {
    let pods = [ended(64, "Error", "thread 'main' panicked")];
    let failed_job = job(condition("Failed", "PodFailurePolicy"));
    assert_eq!(failed(&failed_job, &pods).0, RunReason::BadInput);
}

#[test]
fn a_killed_runner_ran_out_of_memory_and_a_late_one_out_of_time() {
    let killed = [ended(137, "OOMKilled", "")];
    let over = job(condition("Failed", "BackoffLimitExceeded"));
    assert_eq!(failed(&over, &killed).0, RunReason::OutOfMemory);
    let late = job(condition("Failed", "DeadlineExceeded"));
    assert_eq!(
        failed(&late, &[ended(143, "Error", "")]).0,
        RunReason::DeadlineExceeded
    );
    assert_eq!(failed(&late, &[]).0, RunReason::DeadlineExceeded);
}

#[test]
fn a_job_that_is_to_fail_has_failed() {
    let target = job(condition("FailureTarget", "PodFailurePolicy"));
    assert_eq!(
        failed(&target, &[ended(64, "Error", "")]).0,
        RunReason::BadInput
    );
}

#[test]
fn our_own_deadline_ends_an_attempt_on_a_dead_node() {
    let started = |at: &str| job(json!({"startTime": at, "active": 1, "ready": 1}));
    let hung = started("2025-12-31T11:54:59Z");
    assert_eq!(failed(&hung, &[]).0, RunReason::DeadlineExceeded);
    let in_time = started("2025-12-31T11:55:01Z");
    assert_eq!(active(&in_time, &[]).reason, Reason::JobRunning);
}

#[test]
fn a_pod_that_does_not_start_is_named_after_a_minute() {
    let fresh = job(json!({"startTime": "2026-01-01T11:59:30Z", "active": 1}));
    let waiting = pod(json!({"waiting": {"reason": "ImagePullBackOff"}}));
    assert_eq!(
        active(&fresh, std::slice::from_ref(&waiting)).reason,
        Reason::JobCreated
    );
    let old = job(json!({"startTime": "2026-01-01T11:58:00Z", "active": 1}));
    let verdict = active(&old, &[waiting]);
    assert_eq!(verdict.reason, Reason::JobPending);
    assert!(
        verdict.message.contains("ImagePullBackOff"),
        "{}",
        verdict.message
    );
    let verdict = active(&old, &[]);
    assert!(
        verdict.message.contains("ResourceQuota"),
        "{}",
        verdict.message
    );
}

#[test]
fn an_unschedulable_pod_says_so() {
    let old = job(json!({"startTime": "2026-01-01T11:58:00Z", "active": 1}));
    let pod: Pod = serde_json::from_value(json!({"status": {"conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"},
    ]}}))
    .unwrap();
    assert!(active(&old, &[pod]).message.contains("Unschedulable"));
}

#[test]
fn a_missing_secret_is_named_at_once() {
    let fresh = job(json!({"startTime": "2026-01-01T11:59:59Z", "active": 1}));
    let pod = pod(json!({"waiting": {
        "reason": "CreateContainerConfigError", "message": "secret \"mine\" not found",
    }}));
    let verdict = active(&fresh, &[pod]);
    assert_eq!(
        (verdict.phase, verdict.reason),
        (Phase::Waiting, Reason::SecretNotFound)
    );
}

#[test]
fn a_pod_that_died_is_replaced_by_the_job() {
    let retrying = job(json!({"startTime": "2026-01-01T11:59:30Z", "failed": 1}));
    assert_eq!(active(&retrying, &[]).reason, Reason::RetryingAfterFailure);
}

#[test]
fn a_suspended_job_is_suspended_unless_it_ended() {
    let mut held = job(json!({}));
    held.spec.as_mut().unwrap().suspend = Some(true);
    assert_eq!(seen(&held, &[], None), Seen::Suspended);
    let mut done = job(condition("Complete", "CompletionsReached"));
    done.spec.as_mut().unwrap().suspend = Some(true);
    assert!(matches!(seen(&done, &[], None), Seen::Succeeded(Some(_))));
}

#[test]
fn a_quota_that_refuses_the_pod_is_named_at_once_and_only_while_there_is_no_pod() {
    let fresh = job(json!({"startTime": "2026-01-01T11:59:58Z"}));
    let why = Some("exceeded quota: small");
    match seen(&fresh, &[], why) {
        Seen::Active(verdict) => {
            assert_eq!(verdict.reason, Reason::JobPending);
            assert!(
                verdict.message.contains("exceeded quota: small"),
                "{}",
                verdict.message
            );
            assert!(
                verdict
                    .message
                    .ends_with("kubectl -n team-a describe job items-gen-0-1"),
                "{}",
                verdict.message
            );
        }
        other => panic!("{other:?}"),
    }
    let there = job(json!({"startTime": "2026-01-01T11:59:58Z", "active": 1}));
    let starting = [pod(json!({"waiting": {"reason": "ContainerCreating"}}))];
    match seen(&there, &starting, why) {
        Seen::Active(verdict) => assert_eq!(verdict.reason, Reason::JobCreated),
        other => panic!("{other:?}"),
    }
}
