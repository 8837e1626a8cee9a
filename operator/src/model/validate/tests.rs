//! Which Models may be sent to the platform.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

fn model(uri: &str, input: &Value) -> Pass<Model> {
    let object = json!({
        "apiVersion": "datacrowd.io/v1alpha1", "kind": "Model",
        "metadata": {
            "name": "voices", "namespace": "team-a", "generation": 1,
            "uid": "0f7c9c1e-98ab-4c0a-8f43-0a1b2c3d4e5f",
        },
        "spec": {
            "projectRef": {"name": "reviews"}, "source": {"uri": uri}, "input": input,
            "output": {"field": "rating", "labels": ["a", "b"]},
        },
    });
    Pass::of(Arc::new(serde_json::from_value(object).unwrap())).unwrap()
}

fn refused(uri: &str, input: &Value) -> (Reason, String) {
    let found = Found {
        tenant: Some("acme".into()),
        project: None,
    };
    let verdict = validate(&model(uri, input), &found, "datacrowd").unwrap_err();
    (verdict.reason, verdict.message)
}

#[test]
fn the_table_of_sources_holds() {
    let input = json!({"kind": "Columns", "columns": ["x"]});
    let table = [
        // Everything is right with this one; what is missing is the Project.
        ("s3://datacrowd/team-a/m.onnx", Reason::ProjectNotFound),
        ("s3://datacrowd/team-a/m.zip", Reason::ProjectNotFound),
        ("s3://datacrowd/team-ab/m.onnx", Reason::SourceForbidden),
        ("s3://datacrowd/team-a", Reason::SourceForbidden),
        (
            "s3://datacrowd/team-a/exports/1/m.onnx",
            Reason::SourceForbidden,
        ),
        (
            "s3://datacrowd/team-a/unpacked/1/m.onnx",
            Reason::SourceForbidden,
        ),
        ("s3://datacrowd/team-a/models/", Reason::InvalidSpec),
        ("s3://datacrowd/team-a/../b/m.onnx", Reason::InvalidSpec),
        ("s3://other/team-a/m.onnx", Reason::InvalidSpec),
    ];
    for (uri, reason) in table {
        let (said, message) = refused(uri, &input);
        assert_eq!(said, reason, "{uri}: {message}");
        assert!(
            !message.contains("Secret"),
            "a Model has none of its own: {message}"
        );
        if reason != Reason::ProjectNotFound {
            assert!(
                message.ends_with("in a Model under a new name."),
                "{message}"
            );
        }
    }
}

#[test]
fn an_input_that_does_not_fit_together_is_named_by_its_path() {
    let input = json!({"kind": "Columns", "column": "file"});
    let (reason, message) = refused("s3://datacrowd/team-a/m.onnx", &input);
    assert_eq!(reason, Reason::InvalidSpec);
    assert!(message.contains("spec.input.column "), "{message}");
    assert!(message.contains("spec.input.columns "), "{message}");
}

#[test]
fn a_namespace_without_a_tenant_comes_first() {
    let nobody = Found {
        tenant: None,
        project: None,
    };
    let input = json!({"kind": "Audio"});
    let verdict = validate(&model("nonsense", &input), &nobody, "datacrowd").unwrap_err();
    assert_eq!(verdict.reason, Reason::NamespaceNotBound);
}
