//! What the API server accepts, and in which words it refuses.

use http::Request;
use serde_json::{Value, json};

use super::world::{BUCKET, World, dataset, export, model, prediction, project};

async fn send(world: &World, method: &str, path: &str, body: &Value) -> (u16, String, Vec<String>) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(
            "content-type",
            match method {
                "PATCH" => "application/merge-patch+json",
                _ => "application/json",
            },
        )
        .body(kube::client::Body::from(serde_json::to_vec(body).unwrap()))
        .unwrap();
    let answer = world.client.send(request).await.unwrap();
    let status = answer.status().as_u16();
    let warnings = answer.headers().get_all("warning").iter();
    let warnings = warnings.map(|w| w.to_str().unwrap().to_owned()).collect();
    let body = answer.into_body().collect_bytes().await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    (
        status,
        body["message"].as_str().unwrap_or_default().to_owned(),
        warnings,
    )
}

#[tokio::test]
async fn the_definitions_are_accepted_without_a_warning() {
    let world = World::new("crds").await;
    for (name, crd) in datacrowd_crds::manifest::definitions() {
        let mut body = serde_json::to_value(&crd).unwrap();
        // Under another group, so that it is new to the server.
        let group = format!("{}.example.com", world.namespace);
        body["spec"]["group"] = json!(group);
        body["metadata"]["name"] = json!(format!("{}.{group}", crd.spec.names.plural));
        body["spec"]["names"]["shortNames"] = json!([]);
        body["spec"]["names"]["categories"] = json!([]);
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (status, message, warnings) = send(&world, "POST", path, &body).await;
        assert_eq!((status, warnings), (201, vec![]), "{name}: {message}");
        let gone = format!("{path}/{}.{group}", crd.spec.names.plural);
        send(&world, "DELETE", &gone, &json!({})).await;
    }
}

fn with(mut body: Value, at: &str, value: Value) -> Value {
    match body.pointer_mut(at) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = at.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    body
}

/// An input of recordings at this rate.
fn heard(sample_rate_hz: i32) -> Value {
    json!({
        "kind": "Audio", "column": "file",
        "audio": {
            "sampleRateHz": sample_rate_hz, "windowMillis": 2000, "hopMillis": 1000, "features": "LogMel",
            "logMel": {"nFft": 256, "hop": 80, "nMels": 40, "fMin": 100, "fMax": 4000},
        },
    })
}

#[tokio::test]
async fn the_table_of_refusals_holds_on_creation() {
    let world = World::new("admission").await;
    let ns = world.namespace.clone();
    let long = "a".repeat(46);
    let fits = "a".repeat(45);
    let table: Vec<(&str, Value, Option<&str>)> = vec![
        ("projects", project("fine"), None),
        ("projects", project(&fits), None),
        ("projects", project(&long), Some("at most 45 characters")),
        ("projects", project("has.dots"), Some("DNS label")),
        (
            "projects",
            with(project("a"), "/spec/displayName", json!("")),
            Some("displayName"),
        ),
        (
            "projects",
            with(project("a"), "/spec/labeling/fields", json!([])),
            Some("fields"),
        ),
        (
            "projects",
            with(project("a"), "/spec/labeling/answersPerTask", json!(26)),
            Some("less than or equal to 25"),
        ),
        (
            "projects",
            with(project("a"), "/spec/dataType", json!("TEXT")),
            Some("Unsupported value"),
        ),
        (
            "projects",
            with(project("nulls"), "/spec/description", Value::Null),
            None,
        ),
        ("datasets", dataset(&ns, "fine"), None),
        (
            "datasets",
            with(
                dataset(&ns, "inbox"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Never"}}),
            ),
            None,
        ),
        (
            "datasets",
            with(
                dataset(&ns, "a"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Sometimes"}}),
            ),
            Some("Unsupported value"),
        ),
        (
            "datasets",
            with(
                dataset(&ns, "people"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Uncertain", "askBelow": 0.9, "holdSeconds": 60}}),
            ),
            None,
        ),
        (
            "datasets",
            with(
                dataset(&ns, "a"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Uncertain"}}),
            ),
            Some("source.inbox.askBelow is required with crowd: Uncertain"),
        ),
        (
            "datasets",
            with(
                dataset(&ns, "a"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Always", "holdSeconds": 60}}),
            ),
            Some("source.inbox.askBelow is required with crowd: Uncertain"),
        ),
        (
            "datasets",
            with(
                dataset(&ns, "a"),
                "/spec/source",
                json!({"format": "Inbox", "inbox": {"crowd": "Uncertain", "askBelow": 1.5}}),
            ),
            Some("less than or equal to 1"),
        ),
        (
            "datasets",
            with(dataset(&ns, "a"), "/spec/source/format", json!("Inbox")),
            Some("source.uri is required, except with the format Inbox"),
        ),
        (
            "datasets",
            with(dataset(&ns, "a"), "/spec/source", json!({"format": "CSV"})),
            Some("source.uri is required, except with the format Inbox"),
        ),
        (
            "models",
            with(model(&ns, "warm"), "/spec/replicas", json!(2)),
            None,
        ),
        (
            "models",
            with(model(&ns, "a"), "/spec/replicas", json!(51)),
            Some("less than or equal to 50"),
        ),
        (
            "datasets",
            dataset(&ns, &long),
            Some("at most 45 characters"),
        ),
        (
            "datasets",
            with(
                dataset(&ns, "a"),
                "/spec/source/uri",
                json!("http://x/y.csv"),
            ),
            Some("should match"),
        ),
        (
            "datasets",
            with(dataset(&ns, "a"), "/spec/batchSize", json!(0)),
            Some("greater than or equal to 1"),
        ),
        (
            "datasets",
            with(dataset(&ns, "a"), "/spec/maxInvalidRows", json!(-1)),
            Some("greater than or equal to 0"),
        ),
        ("exports", export("fine"), None),
        (
            "exports",
            with(export("a"), "/spec/format", json!("XLSX")),
            Some("Unsupported value"),
        ),
        (
            "exports",
            with(export("a"), "/spec/since", json!(-1)),
            Some("greater than or equal to 0"),
        ),
        ("models", model(&ns, "fine"), None),
        ("models", model(&ns, &fits), None),
        ("models", model(&ns, &long), Some("at most 45 characters")),
        (
            "models",
            with(model(&ns, "a"), "/spec/source/uri", json!("s3://b/models/")),
            Some("should match"),
        ),
        (
            "models",
            with(model(&ns, "a"), "/spec/source/sha256", json!("abc")),
            Some("should match"),
        ),
        (
            "models",
            with(
                model(&ns, "pinned"),
                "/spec/source/sha256",
                json!("0".repeat(64)),
            ),
            None,
        ),
        (
            "models",
            with(model(&ns, "a"), "/spec/input/kind", json!("Video")),
            Some("Unsupported value"),
        ),
        (
            "models",
            with(model(&ns, "a"), "/spec/output/labels", json!(["only"])),
            Some("at least 2 items"),
        ),
        (
            "models",
            with(model(&ns, "heard"), "/spec/input", heard(8_000)),
            None,
        ),
        (
            "models",
            with(model(&ns, "a"), "/spec/input", heard(96_000)),
            Some("less than or equal to 48000"),
        ),
        ("predictions", prediction("fine"), None),
        (
            "predictions",
            prediction(&long),
            Some("at most 45 characters"),
        ),
        (
            "predictions",
            with(prediction("a"), "/spec/modelRef/name", json!("")),
            Some("modelRef.name"),
        ),
    ];
    for (plural, body, refusal) in table {
        let path = format!("/apis/datacrowd.io/v1alpha1/namespaces/{ns}/{plural}");
        let (status, message, warnings) = send(&world, "POST", &path, &body).await;
        match refusal {
            None => assert_eq!((status, warnings), (201, vec![]), "{message}\n{body}"),
            Some(words) => {
                assert_eq!(status, 422, "{body}");
                assert!(message.contains(words), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_immutable_cannot_be_changed() {
    let world = World::new("immutable").await;
    let ns = world.namespace.clone();
    world
        .create::<datacrowd_crds::Project>(with(project("closed"), "/spec/closed", json!(true)))
        .await;
    world.project("open").await;
    world.dataset("items").await;
    world
        .create::<datacrowd_crds::Dataset>(with(
            dataset(&ns, "batched"),
            "/spec/batchSize",
            json!(5),
        ))
        .await;
    world.export("final").await;
    world.model("voices").await;
    world.prediction("guess").await;
    let uri = json!(format!("s3://{BUCKET}/{ns}/other.csv"));
    let table = [
        ("projects/closed", json!({"closed": false}), Some("one way")),
        ("projects/closed", json!({"closed": null}), Some("one way")),
        ("projects/closed", json!({"paused": true}), None),
        ("projects/open", json!({"closed": true}), None),
        (
            "datasets/items",
            json!({"source": {"uri": uri}}),
            Some("source is immutable"),
        ),
        (
            "datasets/items",
            json!({"projectRef": {"name": "other"}}),
            Some("projectRef is immutable"),
        ),
        (
            "datasets/items",
            json!({"batchSize": 7}),
            Some("batchSize is immutable"),
        ),
        (
            "datasets/batched",
            json!({"batchSize": 7}),
            Some("batchSize is immutable"),
        ),
        (
            "datasets/batched",
            json!({"batchSize": null}),
            Some("batchSize is immutable"),
        ),
        (
            "datasets/items",
            json!({"suspend": true, "maxInvalidRows": 3}),
            None,
        ),
        ("exports/final", json!({"format": "CSV"}), Some("immutable")),
        ("exports/final", json!({"since": 5}), Some("immutable")),
        (
            "models/voices",
            json!({"source": {"uri": uri}}),
            Some("another model is another Model"),
        ),
        (
            "models/voices",
            json!({"source": {"sha256": "0".repeat(64)}}),
            Some("another model is another Model"),
        ),
        (
            "models/voices",
            json!({"input": {"columns": ["x"]}}),
            Some("another model is another Model"),
        ),
        (
            "models/voices",
            json!({"output": {"labels": ["b", "a"]}}),
            Some("another model is another Model"),
        ),
        ("models/voices", json!({"replicas": 3}), None),
        (
            "predictions/guess",
            json!({"modelRef": {"name": "other"}}),
            Some("a Prediction is immutable"),
        ),
        (
            "predictions/guess",
            json!({"datasetRef": {"name": "other"}}),
            Some("a Prediction is immutable"),
        ),
    ];
    for (path, spec, refusal) in table {
        let at = format!("/apis/datacrowd.io/v1alpha1/namespaces/{ns}/{path}");
        let (status, message, _) = send(&world, "PATCH", &at, &json!({"spec": spec})).await;
        match refusal {
            None => assert_eq!(status, 200, "{path} {spec}: {message}"),
            Some(words) => {
                assert_eq!(status, 422, "{path} {spec}");
                assert!(message.contains(words), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_resource_that_no_one_saw_is_not_settled() {
    let world = World::new("unseen").await;
    let seen = world.project("reviews").await;
    assert_eq!(seen.status.unwrap().observed_generation, Some(-1));
}
