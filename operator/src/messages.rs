//! Every reason, and what is said with it: in a reader's words, with commands that work when they are pasted.

use std::{collections::BTreeSet, fs, path::Path};

use datacrowd_crds::condition::{Reason, Verdict};
use datacrowd_protocol::{
    WireEnum as _,
    ids::RunId,
    internal::RunView,
    run::{RunOutcome, RunReason},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    lifecycle::cleanup_failed,
    managed::Identity,
    platform::Refusal,
    project::usable,
    tenancy::not_bound,
    upsert::refused,
    work::{
        advice::advice,
        decide::{Facts, JobFact, Step, decide},
        outcome::{self, Facts as JobFacts, Seen, remedy},
    },
};

/// What only somebody knows who has read our sources.
const LIBRARY_WORDS: [&str; 14] = [
    "i32",
    "i64",
    "u64",
    "usize",
    "struct",
    "enum",
    "serde",
    "serde_json",
    "Option",
    "Some",
    "unwrap",
    "panicked",
    "reqwest",
    "hyper",
];
/// As above, several of them.
const LIBRARY_PHRASES: [&str; 6] = [
    "expected value",
    "expected ident",
    "invalid type",
    "missing field",
    "unknown field `",
    " at line 1 column",
];

/// The kinds whose work Jobs do.
const KINDS: [&str; 4] = ["dataset", "export", "model", "prediction"];

fn who() -> Identity {
    Identity {
        namespace: "team-a".into(),
        name: "items".into(),
        uid: Uuid::nil(),
        generation: 1,
    }
}

/// What is wrong with a message; empty when nothing is.
fn faults(message: &str) -> Vec<String> {
    let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut faults: Vec<String> = words
        .filter(|word| LIBRARY_WORDS.contains(word))
        .map(str::to_owned)
        .collect();
    let phrases = LIBRARY_PHRASES.iter();
    faults.extend(
        phrases
            .filter(|phrase| message.contains(*phrase))
            .map(|phrase| (*phrase).to_owned()),
    );
    // A namespace itself is in no namespace.
    let commands = message.split("kubectl ").skip(1);
    faults.extend(
        commands
            .filter(|command| {
                !command.starts_with("-n ") && !command.starts_with("label namespace")
            })
            .map(|command| format!("without a namespace: kubectl {command}")),
    );
    faults
}

/// What a failed attempt is told as.
fn ended(kind: &str, reason: RunReason, replaceable: bool) -> Option<(Reason, String)> {
    let run = RunView {
        id: RunId(Uuid::nil()),
        uid: Uuid::nil(),
        attempt: 1,
        outcome: Some(RunOutcome::Failed),
        reason: Some(reason),
        message: None,
        progressed: false,
    };
    let facts = Facts {
        attempt: 1,
        job: JobFact::Absent { recorded: true },
        lost_since: None,
        run: Some(&run),
        retry: false,
        now: "2026-01-01T12:00:00Z".parse().unwrap(),
    };
    match decide(&facts) {
        Step::Fail {
            reason, message, ..
        } => {
            let advice = advice(reason, kind, &who(), replaceable).unwrap_or_default();
            Some((reason, format!("{message} {advice}").trim_end().to_owned()))
        }
        Step::Watch { verdict, .. } => Some((verdict.reason, verdict.message)),
        Step::Begin { .. } | Step::Resume => None,
    }
}

/// What a Job without a pod, and one whose pod waits, are told as.
fn pending() -> Vec<Verdict> {
    let job = |age: i64| {
        serde_json::from_value(json!({
            "metadata": {"name": "items-gen-0-1", "namespace": "team-a"},
            "spec": {"template": {"spec": {"containers": []}}},
            "status": {"startTime": format!("2026-01-01T11:{:02}:00Z", 60 - age)},
        }))
        .unwrap()
    };
    let waiting = |reason: &str, message: &str| {
        serde_json::from_value(json!({"status": {"containerStatuses": [{
            "name": "runner", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": message}},
        }]}}))
        .unwrap()
    };
    let old = job(5);
    let pulling = [waiting("ImagePullBackOff", "")];
    let secret = [waiting(
        "CreateContainerConfigError",
        "secret \"mine\" not found",
    )];
    let seen = [
        (&old, &[][..], None),
        (&old, &[][..], Some("exceeded quota: small")),
        (&old, &pulling[..], None),
        (&old, &secret[..], None),
    ];
    let now = "2026-01-01T12:00:00Z".parse().unwrap();
    seen.into_iter()
        .map(
            |(job, pods, refusal)| match outcome::outcome(JobFacts { job, pods, refusal }, now) {
                Seen::Active(verdict) => verdict,
                other => panic!("{other:?}"),
            },
        )
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "every message there is")]
fn hints_without_namespace() {
    let mut told: Vec<(Reason, String)> = Reason::ALL
        .iter()
        .map(|reason| (*reason, reason.help().to_owned()))
        .collect();
    let mut failures = BTreeSet::new();
    for reason in RunReason::ALL {
        for kind in KINDS {
            for replaceable in [true, false] {
                told.extend(ended(kind, *reason, replaceable));
            }
        }
        told.push(((*reason).into(), remedy(*reason).to_owned()));
        failures.insert(Reason::from(*reason));
    }
    let verdicts = pending().into_iter().chain([
        cleanup_failed("dataset", &who()),
        not_bound("team-a"),
        usable(None, "reviews", &who()).unwrap_err(),
        usable(Some(&unseen_project()), "reviews", &who()).unwrap_err(),
    ]);
    told.extend(verdicts.map(|verdict| (verdict.reason, verdict.message)));
    for code in [
        "identity_changed",
        "tenant_taken",
        "project_not_found",
        "model_not_found",
        "dataset_not_found",
        "invalid_spec",
    ] {
        let verdict = refused(&Refusal {
            status: 409,
            code: code.into(),
            message: "The platform's words.".into(),
        });
        told.push((verdict.reason, verdict.message));
    }
    for (reason, message) in &told {
        assert_eq!(
            faults(message),
            Vec::<String>::new(),
            "{reason:?}: {message}"
        );
    }
    let advised = |reason: RunReason, replaceable| {
        let (_, message) = ended("dataset", reason, replaceable).unwrap();
        message.contains("kubectl -n team-a ")
    };
    let (_, bad) = ended("dataset", RunReason::BadInput, true).unwrap();
    assert!(bad.contains("Once a corrected file is in its place, ask"));
    let (_, bad) = ended("dataset", RunReason::BadInput, false).unwrap();
    assert!(bad.contains("under a new name, with the corrected file or setting"));
    for reason in [
        RunReason::BadInput,
        RunReason::SourceNotFound,
        RunReason::SourceForbidden,
        RunReason::SourceChanged,
        RunReason::CredentialsRejected,
        RunReason::InvalidModel,
        RunReason::Misconfigured,
        RunReason::DeadlineExceeded,
        RunReason::BackoffLimitExceeded,
        RunReason::OutOfMemory,
    ] {
        assert!(
            advised(reason, true) && advised(reason, false),
            "{reason:?}"
        );
    }
}

/// What names the file is what is applied anew: a Prediction has none of its own.
#[test]
fn another_file_is_another_resource_of_the_kind_that_names_it() {
    for (kind, again) in [
        ("dataset", "Apply a Dataset under a new name"),
        ("model", "Apply a Model under a new name"),
        ("prediction", "Apply a Model under a new name"),
    ] {
        for reason in [RunReason::BadInput, RunReason::SourceChanged] {
            let (_, message) = ended(kind, reason, false).unwrap();
            assert!(message.contains(again), "{kind}: {message}");
        }
    }
    let (reason, message) = ended("model", RunReason::InvalidModel, false).unwrap();
    assert_eq!(reason, Reason::InvalidModel);
    assert!(
        message.ends_with("kubectl -n team-a apply -f model.yaml"),
        "{message}"
    );
}

fn unseen_project() -> datacrowd_crds::Project {
    serde_json::from_value(json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Project", "metadata": {"name": "reviews"},
        "spec": {"displayName": "Reviews", "dataType": "Text", "labeling": {"fields": []}},
    }))
    .unwrap()
}

/// The table above names what it knows; this reads whatever else the operator may say.
#[test]
fn no_text_of_the_operator_has_a_library_word_or_a_command_of_its_own() {
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    assert!(files.len() > 20);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for literal in line.split('"').skip(1).step_by(2) {
                let own_command = literal.contains("kubectl ")
                    && !literal.contains("kubectl label namespace")
                    && !file.ends_with("command.rs");
                assert!(
                    !own_command && faults(&literal.replace("kubectl ", "")).is_empty(),
                    "{}: {literal}",
                    file.display()
                );
            }
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs")
            && !path.ends_with("tests.rs")
            && !path.ends_with("messages.rs")
        {
            files.push(path);
        }
    }
}
