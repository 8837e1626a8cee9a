//! Which Datasets may be sent to the platform.

use std::sync::Arc;

use datacrowd_crds::Project;
use datacrowd_protocol::source::DeletionPolicy;
use serde_json::{Value, json};

use super::*;
use crate::guarded::Guarded;

fn dataset(source: Value) -> Pass<Dataset> {
    let object = json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Dataset",
        "metadata": {
            "name": "items", "namespace": "team-a", "generation": 1,
            "uid": "0f7c9c1e-98ab-4c0a-8f43-0a1b2c3d4e5f",
        },
        "spec": {"projectRef": {"name": "reviews"}, "source": source},
    });
    Pass::of(Arc::new(serde_json::from_value(object).unwrap())).unwrap()
}

fn project(status: Value) -> Project {
    serde_json::from_value(json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Project",
        "metadata": {"name": "reviews", "namespace": "team-a"},
        "spec": {"displayName": "Reviews", "dataType": "Text", "deletionPolicy": "Delete", "labeling": {"fields": []}},
        "status": status,
    }))
    .unwrap()
}

fn found(project: Option<Project>) -> Found {
    Found {
        tenant: Some("acme".into()),
        project: project.map(|project| Arc::new(Guarded(Ok(project)))),
    }
}

fn refused(source: Value) -> (Reason, String) {
    let verdict = validate(&dataset(source), &found(None), "datacrowd").unwrap_err();
    (verdict.reason, verdict.message)
}

#[test]
fn a_dataset_of_an_accepted_project_is_valid() {
    let pass = dataset(json!({"uri": "s3://datacrowd/team-a/items.csv"}));
    let project = project(json!({"id": "0197f3c0-0000-7000-8000-000000000001"}));
    let valid = validate(&pass, &found(Some(project)), "datacrowd").unwrap();
    assert_eq!(
        (valid.tenant.as_str(), valid.policy),
        ("acme", DeletionPolicy::Delete)
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_table_of_sources_holds() {
    let secret = json!({"name": "mine"});
    let table = [
        (
            json!({"uri": "s3://datacrowd/team-ab/x.csv"}),
            Reason::SourceForbidden,
        ),
        (
            // The tenant's keys open it or do not; the platform's are never asked.
            json!({"uri": "s3://datacrowd/team-ab/x.csv", "credentialsSecretRef": secret}),
            Reason::ProjectNotFound,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/../b/x.csv"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/%2e%2e/x.csv"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a"}),
            Reason::SourceForbidden,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/exports/1/result.csv"}),
            Reason::SourceForbidden,
        ),
        (json!({"uri": "s3://other/x.csv"}), Reason::InvalidSpec),
        (
            json!({"uri": "s3://datacrowd/team-a/items.xlsx"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/exports/"}),
            Reason::SourceForbidden,
        ),
        (
            json!({"uri": "s3://other/clips/", "credentialsSecretRef": secret}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/clips/", "format": "CSV"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/clips", "format": "Files"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://other/clips.zip", "credentialsSecretRef": secret}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/clips/", "include": ["[a"]}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/clips/", "delimiter": "Tab"}),
            Reason::InvalidSpec,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/a.csv", "companions": "SameStem"}),
            Reason::InvalidSpec,
        ),
        // Everything is right with these; what is missing is the Project.
        (
            json!({"uri": "s3://datacrowd/team-a/clips.zip", "companions": "SameStem"}),
            Reason::ProjectNotFound,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/clips/", "include": ["*.wav"]}),
            Reason::ProjectNotFound,
        ),
        (
            json!({"uri": "s3://datacrowd/team-a/items", "format": "CSV"}),
            Reason::ProjectNotFound,
        ),
        (
            json!({"uri": "s3://other/x.csv", "credentialsSecretRef": secret}),
            Reason::ProjectNotFound,
        ),
    ];
    for (source, reason) in table {
        let (refused, message) = refused(source.clone());
        assert_eq!(refused, reason, "{source}: {message}");
        assert!(
            message.ends_with('.') || message.contains("kubectl"),
            "{message}"
        );
    }
}

#[test]
fn a_project_that_the_platform_does_not_know_is_not_ready() {
    let pass = dataset(json!({"uri": "s3://datacrowd/team-a/items.csv"}));
    let unseen = project(json!({"observedGeneration": -1}));
    let verdict = validate(&pass, &found(Some(unseen)), "datacrowd").unwrap_err();
    assert_eq!(
        (verdict.phase, verdict.reason),
        (Phase::Waiting, Reason::ProjectNotReady)
    );
}

#[test]
fn a_namespace_without_a_tenant_comes_first() {
    let pass = dataset(json!({"uri": "nonsense"}));
    let nobody = Found {
        tenant: None,
        project: None,
    };
    let verdict = validate(&pass, &nobody, "datacrowd").unwrap_err();
    assert_eq!(verdict.reason, Reason::NamespaceNotBound);
    assert!(verdict.message.contains("kubectl label namespace team-a"));
}
