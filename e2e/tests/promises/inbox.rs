//! An item that arrives by REST is answered by a model that is kept loaded, also when a predictor dies over its work.

use datacrowd_crds::{
    Dataset, Model,
    condition::{Phase, Reason},
    names::PREDICTOR_LABEL,
};
use datacrowd_e2e::{
    client::Person,
    cluster::Namespace,
    wait::{eventually, seconds},
    world::{Manners, promise},
};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::specs::{paid, ratings};

/// Says true or false of a spectrogram, exported from PyTorch.
const POOLED: &[u8] = include_bytes!("../../../inference/tests/oracle/fixtures/pooled.onnx");
const RECORDING: &[u8] = include_bytes!("../../../inference/tests/oracle/fixtures/speechlike.wav");

fn project() -> Value {
    let mut spec = ratings(1);
    spec["dataType"] = json!("Audio");
    spec["labeling"]["fields"] = json!([{"name": "machine", "type": "Boolean", "required": true}]);
    spec["labeling"]["display"] = json!([{"column": "file", "kind": "Audio"}]);
    spec["labeling"]["externalIdColumn"] = json!("name");
    spec
}

fn model(uri: &str) -> Value {
    json!({
        "projectRef": {"name": "calls"},
        "source": {"uri": uri},
        "input": {
            "kind": "Audio", "column": "file",
            "audio": {
                "sampleRateHz": 8000, "windowMillis": 1000, "hopMillis": 500, "features": "LogMel",
                "logMel": {"nFft": 256, "hop": 80, "nMels": 20, "fMin": 100, "fMax": 4000},
            },
        },
        "output": {"field": "machine", "labels": ["false", "true"]},
        "replicas": 1,
    })
}

async fn predictors(ns: &Namespace) -> Vec<Pod> {
    let labelled = ListParams::default().labels(PREDICTOR_LABEL);
    ns.api::<Pod>().list(&labelled).await.unwrap().items
}

async fn scale(ns: &Namespace, replicas: i32) {
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    let params = PatchParams::default();
    let patched = ns.api::<Model>().patch("voice", &params, &patch).await;
    patched.unwrap();
}

/// Waits until models have said their word of an item.
async fn answered(client: &Person, item: &Value) -> Value {
    let path = format!("/items/{}", item["itemId"].as_str().unwrap());
    eventually(format!("an answer to {path}"), seconds(240), || async {
        let reply = client.get(&path).await;
        match reply.body["state"].as_str() {
            Some("PREDICTED") => Ok(reply.body),
            _ => Err(reply),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inbox_item_is_predicted_by_a_warm_model() {
    promise("inbox_item_is_predicted_by_a_warm_model", Manners::Peaceful, |world| async move {
        let ns = world.namespace("inbox").await;
        let client = world.rest.admin().await;
        let uri = format!("{}/models/voice.onnx", ns.name);
        let uri = world.store.put(&uri, POOLED).await;
        let project = paid(&world, &ns, "calls", project(), 10).await;
        let inbox = json!({"projectRef": {"name": "calls"}, "source": {"format": "Inbox"}});
        ns.apply::<Dataset>("calls", inbox).await;
        let _: Dataset = ns.until_is("calls", Phase::Waiting, Reason::NoWarmModel, seconds(30)).await;
        let path = format!("/projects/{project}/items");
        client.send_file(&path, "a.wav", RECORDING).await.expect(409);
        ns.apply::<Model>("voice", model(&uri)).await;
        let _: Dataset = ns.until_is("calls", Phase::Done, Reason::TakingItems, seconds(90)).await;

        let first = client.send_file(&path, "a.wav", RECORDING).await.expect(202);
        let said = answered(&client, &first).await;
        let word = &said["models"][0];
        assert_eq!(word["model"], "voice", "{said}");
        let sum: f64 = word["labels"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{said}");

        // Its predictor dies over its work, and another one goes on.
        let (kills, each) = world.scale.pick((1, 20), (20, 50));
        let mut items = Vec::new();
        for _ in 0..kills {
            for _ in 0..each {
                let name = format!("{}.wav", items.len());
                items.push(client.send_file(&path, &name, RECORDING).await.expect(202));
            }
            for pod in predictors(&ns).await {
                let now = DeleteParams::default().grace_period(0);
                let _ = ns.api::<Pod>().delete(&pod.name_any(), &now).await;
            }
        }
        for item in &items {
            answered(&client, item).await;
        }
        let once: i64 = sqlx::query_scalar(
            "select count(*) from predictions p join models m on m.id = p.model_id where m.namespace = $1",
        )
        .bind(&ns.name)
        .fetch_one(&world.core)
        .await
        .unwrap();
        assert_eq!(once, i64::try_from(items.len() + 1).unwrap());
        let text = client.send_file(&path, "a.wav", b"no recording").await;
        text.expect(415);
        let billing = client.get(&format!("/projects/{project}")).await.expect(200);
        assert_eq!(billing["tasks"]["total"], 0, "{billing}");

        scale(&ns, 0).await;
        eventually("the end of the predictors", seconds(120), || async {
            let left = ns.api::<Deployment>().list(&ListParams::default()).await.unwrap();
            if left.items.is_empty() { Ok(()) } else { Err(format!("{} are left", left.items.len())) }
        })
        .await;
        // With the Model its predictors go, too.
        scale(&ns, 1).await;
        eventually("a predictor", seconds(60), || async {
            if predictors(&ns).await.is_empty() { Err("there is none") } else { Ok(()) }
        })
        .await;
        ns.delete::<Model>("voice", seconds(60)).await;
        eventually("the end of the predictors", seconds(180), || async {
            if predictors(&ns).await.is_empty() { Ok(()) } else { Err("some are left") }
        })
        .await;
        ns.delete::<Dataset>("calls", seconds(60)).await;
    })
    .await;
}
