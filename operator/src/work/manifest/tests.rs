//! The Job as it is sent: a change of it is a change of what runs in tenants' namespaces.

use super::{super::Limits, *};

fn settings() -> Settings {
    Settings {
        bucket: "datacrowd".into(),
        runner_image: "datacrowd/runner:1".into(),
        inference_image: "datacrowd/inference:1".into(),
        runner_internal_url: "http://api.datacrowd:8081".into(),
        otlp_endpoint: None,
        tenant_endpoints: "*.amazonaws.com,10.96.0.0/12".parse().unwrap(),
        job_deadline_seconds: 86_400,
        max_jobs_per_namespace: None,
        watch_namespaces: vec![],
        concurrency: 16,
        poll_seconds: 15,
        installation: "datacrowd".into(),
        instance: "test".into(),
    }
}

fn who(name: &str) -> Identity {
    Identity {
        namespace: "team-a".into(),
        name: name.into(),
        uid: "0f7c9c1e-98ab-4c0a-8f43-0a1b2c3d4e5f".parse().unwrap(),
        generation: 1,
    }
}

fn template() -> JobTemplate {
    JobTemplate {
        command: "generate",
        mark: "gen",
        label: "datacrowd.io/dataset",
        component: "runner",
        image: settings().runner_image,
        limits: Limits::runner(&settings()),
        secret: Some("mine".into()),
        scratch: None,
    }
}

fn plan<'a>(who: &'a Identity, template: &'a JobTemplate) -> Plan<'a> {
    Plan {
        who,
        owner: OwnerReference {
            api_version: "datacrowd.io/v1alpha1".into(),
            kind: "Dataset".into(),
            name: who.name.clone(),
            uid: who.uid.to_string(),
            controller: Some(true),
            block_owner_deletion: None,
        },
        template,
        attempt: 1,
        run: RunId("0197f3c0-0000-7000-8000-000000000001".parse().unwrap()),
        correlation: "0197f3c0-0000-7000-8000-000000000002",
        traceparent: None,
        queue: None,
    }
}

#[test]
fn the_job_of_a_dataset_with_a_bucket_of_its_own() {
    let (who, template) = (who("reviews-2026"), template());
    insta::assert_yaml_snapshot!(job(&plan(&who, &template), &settings()));
}

#[test]
fn the_job_that_looks_at_a_model() {
    let who = who("voices");
    let template = JobTemplate::inference("inspect", "insp", "datacrowd.io/model", &settings());
    let plan = Plan {
        owner: OwnerReference {
            kind: "Model".into(),
            ..plan(&who, &template).owner
        },
        ..plan(&who, &template)
    };
    insta::assert_yaml_snapshot!(job(&plan, &settings()));
}

#[test]
fn a_job_that_predicts_differs_by_its_name_its_label_and_its_command() {
    let who = who("voices");
    let made = |command, mark, label| {
        let template = JobTemplate::inference(command, mark, label, &settings());
        let job = job(&plan(&who, &template), &settings());
        let text = serde_json::to_string(&job).unwrap();
        // The label first: it may contain the command.
        text.replace(label, "LABEL")
            .replace(command, "COMMAND")
            .replace(&format!("-{mark}-"), "-MARK-")
    };
    assert_eq!(
        made("predict", "pred", "datacrowd.io/prediction"),
        made("inspect", "insp", "datacrowd.io/model"),
    );
}

#[test]
fn the_runner_goes_on_with_the_trace() {
    let (who, template) = (who("reviews-2026"), template());
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let plan = Plan {
        traceparent: Some(parent.into()),
        ..plan(&who, &template)
    };
    let settings = Settings {
        otlp_endpoint: Some("http://collector:4318".into()),
        ..settings()
    };
    let pod = job(&plan, &settings).spec.unwrap().template.spec.unwrap();
    let env = pod.containers[0].env.as_ref().unwrap();
    let value = |name| env.iter().find(|v| v.name == name)?.value.as_deref();
    assert_eq!(value("TRACEPARENT"), Some(parent));
    assert_eq!(
        value("OTEL_EXPORTER_OTLP_ENDPOINT"),
        Some("http://collector:4318")
    );
}

#[test]
fn a_queue_decides_when_the_job_starts() {
    let (who, template) = (who("reviews-2026"), template());
    let plan = Plan {
        queue: Some(("kueue.x-k8s.io/queue-name", "lab")),
        ..plan(&who, &template)
    };
    let job = job(&plan, &settings());
    assert_eq!(job.spec.unwrap().suspend, Some(true));
    assert_eq!(
        job.metadata.labels.unwrap()["kueue.x-k8s.io/queue-name"],
        "lab"
    );
}

#[test]
fn the_longest_name_still_fits_into_a_label() {
    let who = who(&"a".repeat(datacrowd_crds::names::MAX_NAME));
    for mark in ["gen", "exp"] {
        assert!(name(&who, mark, 9999).len() <= 63);
    }
    for mark in ["insp", "pred"] {
        assert!(name(&who, mark, 999).len() <= 63);
    }
}
