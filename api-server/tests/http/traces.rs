//! One trace from the request that asks for tasks to the last chunk, as a collector gets it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use datacrowd_crds::{Dataset, names};
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use kube::{Api, ResourceExt as _};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value,
};
use prost::Message as _;
use serde_json::json;

use crate::{
    runner::Job,
    support::{Platform, Process, Run, answer},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    trace: String,
    id: String,
    parent: String,
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// Takes spans as OTLP over HTTP brings them.
async fn collector() -> (String, Spans) {
    let spans = Spans::default();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&spans));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

async fn take(State(spans): State<Spans>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for resource in request.resource_spans {
        let attributes = resource.resource.unwrap().attributes;
        let service = attributes.into_iter().find(|a| a.key == "service.name");
        let service = match service.and_then(|a| a.value?.value) {
            Some(Value::StringValue(name)) => name,
            other => panic!("a service's name is {other:?}"),
        };
        for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
            spans.lock().unwrap().push(Span {
                service: service.clone(),
                name: span.name,
                trace: hex::encode(span.trace_id),
                id: hex::encode(span.span_id),
                parent: hex::encode(span.parent_span_id),
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_request_to_the_last_chunk() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let project = p.project(&clara, json!({})).await;
    let csv = b"id,text\n1,one\n2,two\n".to_vec();
    let dataset = p.upload(&clara, &project, "items.csv", csv, 1).await;
    let dataset = dataset.expect(201);
    let id = dataset["id"].as_str().unwrap();
    let (collector, spans) = collector().await;
    let exported = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let server = Process::start_with(&p, &exported).await;
    let token = server.sign_in(&p, &p.username(&clara).await).await;
    let request = p
        .http
        .post(format!("{}/datasets/{id}/generate-tasks", server.url))
        .bearer_auth(token)
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .json(&json!({}));
    answer(request).await.expect(202);

    // What the operator hands on to the Job, played by this test.
    let datasets: Api<Dataset> = Api::namespaced(p.cluster.clone(), &clara.namespace);
    let resource = datasets.get(dataset["name"].as_str().unwrap()).await;
    let parent = resource.unwrap().annotations()[names::TRACE].clone();
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent}");
    let run = Run::begin(&p, id, 1).await;
    let job = Job::new(&p, &clara.namespace, run).await;
    let mut runner = job.command(&p, "generate", "the-pod");
    let ended = runner
        .envs(exported)
        .env("DATACROWD_INTERNAL_URL", &server.internal)
        .env("TRACEPARENT", parent)
        .status()
        .await;
    assert!(ended.unwrap().success());

    let ours = || -> Vec<Span> {
        let spans = spans.lock().unwrap();
        spans.iter().filter(|s| s.trace == TRACE).cloned().collect()
    };
    let wanted = [
        ("datacrowd-api-server", "POST /datasets/{id}/generate-tasks"),
        ("datacrowd-runner", "run"),
        ("datacrowd-runner", "read source"),
        ("datacrowd-runner", "platform call"),
        ("datacrowd-api-server", "POST /internal/datasets/{id}/tasks"),
    ];
    eventually(Duration::from_secs(20), async || {
        let ours = ours();
        let is_there = |(service, name): &(&str, &str)| {
            ours.iter()
                .any(|s| s.service == *service && s.name == *name)
        };
        let lacking: Vec<_> = wanted.iter().filter(|w| !is_there(w)).collect();
        eprintln!("lacking {lacking:?} of {ours:#?}");
        lacking.is_empty().then_some(())
    })
    .await;
    let ours = ours();
    let known: BTreeSet<&str> = ours.iter().map(|s| s.id.as_str()).chain([CALLER]).collect();
    for span in &ours {
        assert!(
            known.contains(span.parent.as_str()),
            "{span:?} of {ours:#?}"
        );
    }
}
