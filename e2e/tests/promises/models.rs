//! Models: a file is looked at, then every item of a dataset has its word, also when the pod that gives it dies.

use datacrowd_crds::{
    Dataset, Export, Model, Prediction, Project,
    condition::{Phase, Reason},
    names::{MODEL_LABEL, PREDICTION_LABEL},
};
use datacrowd_e2e::{
    client::Person,
    cluster::{Namespace, message},
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use k8s_openapi::api::core::v1::Pod;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::{
    flow::{become_client, dataset_ready},
    specs::{dataset, export, generated, paid, ratings},
};

/// Three classes of five numbers, exported from scikit-learn.
const LOGISTIC: &[u8] = include_bytes!("../../../inference/tests/oracle/fixtures/logistic.onnx");
/// What a download that broke off leaves.
const TRUNCATED: &[u8] = LOGISTIC.split_at(LOGISTIC.len() / 2).0;
const ITEMS: usize = 250;

/// A project whose question has the model's three labels.
fn project() -> Value {
    let mut spec = ratings(1);
    let field = json!({"name": "verdict", "type": "SingleChoice", "options": ["a", "b", "c"], "required": true});
    spec["labeling"]["fields"] = json!([field]);
    spec["labeling"]["display"] = json!([{"column": "a", "kind": "Text"}]);
    spec
}

fn model(uri: &str) -> Value {
    json!({
        "projectRef": {"name": "flowers"},
        "source": {"uri": uri},
        "input": {"kind": "Columns", "columns": ["a", "b", "c", "d", "e"]},
        "output": {"field": "verdict", "labels": ["a", "b", "c"]},
    })
}

fn prediction(model: &str, dataset: &str) -> Value {
    json!({
        "projectRef": {"name": "flowers"}, "modelRef": {"name": model}, "datasetRef": {"name": dataset},
    })
}

/// Numbers, and one row with a word among them.
fn table() -> String {
    let rows = (1..=ITEMS).map(|row| match row {
        9 => "r9,many,0,0,0,0\n".to_owned(),
        _ => format!("r{row},{}.5,-1,2,0.25,{}\n", row % 7, row % 3),
    });
    format!("id,a,b,c,d,e\n{}", rows.collect::<String>())
}

/// Kills the first pod of the Prediction's Job, once there is one.
async fn kill_its_pod(ns: &Namespace, name: &str) {
    let pod = eventually("a pod of the Prediction", seconds(60), || async {
        let pods = ns.pods(PREDICTION_LABEL, name).await;
        let pod = pods.into_iter().find_map(|pod| pod.metadata.name);
        pod.ok_or("there is none")
    })
    .await;
    let params = DeleteParams::default().grace_period(0);
    let _ = ns.api::<Pod>().delete(&pod, &params).await;
}

/// What the model `good` of this namespace said, as long as it is surer than a guess.
async fn said(world: &World, namespace: &str) -> i64 {
    let sql = "select count(*) from predictions p join models m on m.id = p.model_id
               where m.namespace = $1 and m.name = 'good' and p.probability between 0.33 and 1";
    let count = sqlx::query_scalar(sql).bind(namespace);
    count.fetch_one(&world.core).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn model_answers_every_item_once() {
    promise(
        "model_answers_every_item_once",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("models").await;
            let good = world
                .store
                .put(&format!("{}/models/good.onnx", ns.name), LOGISTIC)
                .await;
            let broken = world
                .store
                .put(&format!("{}/models/broken.onnx", ns.name), TRUNCATED)
                .await;
            let source = world
                .store
                .put(&format!("{}/flowers.csv", ns.name), table())
                .await;
            paid(&world, &ns, "flowers", project(), 1000).await;
            ns.apply::<Model>("good", model(&good)).await;
            ns.apply::<Model>("broken", model(&broken)).await;
            ns.apply::<Prediction>("flowers", prediction("good", "flowers"))
                .await;
            let waits: Prediction = ns
                .until(
                    "flowers",
                    "it waits for its Dataset",
                    seconds(30),
                    |p: &Prediction| message(p).contains("Dataset \"flowers\""),
                )
                .await;
            assert!(waits.status.unwrap().predicted.unwrap_or(0) == 0);
            ns.apply::<Dataset>("flowers", dataset("flowers", &source))
                .await;
            generated(&ns, "flowers", 60).await;

            let looked: Model = ns
                .until_is("good", Phase::Done, Reason::Accepted, seconds(90))
                .await;
            let found = looked.status.unwrap();
            assert_eq!(found.inputs.len(), 1);
            assert_eq!(found.sha256.unwrap().len(), 64);
            let refused: Model = ns
                .until_is("broken", Phase::Failed, Reason::InvalidModel, seconds(90))
                .await;
            assert!(
                message(&refused).starts_with("The file is no ONNX model"),
                "{}",
                message(&refused)
            );
            assert_eq!(
                ns.jobs(MODEL_LABEL, "broken").await.len(),
                1,
                "looked at once"
            );

            kill_its_pod(&ns, "flowers").await;
            let done: Prediction = ns
                .until_is("flowers", Phase::Done, Reason::Predicted, seconds(120))
                .await;
            let status = done.status.unwrap();
            let items = i64::try_from(ITEMS).unwrap();
            assert_eq!(
                (status.items, status.predicted, status.failed),
                (Some(items), Some(items - 1), Some(1))
            );
            assert_eq!(status.failed_items[0].line, 9);
            assert!(
                status.failed_items[0].reason.contains('a'),
                "{:?}",
                status.failed_items
            );
            assert_eq!(said(&world, &ns.name).await, items - 1);

            let mut wish = export("flowers", "Now");
            wish["predictions"] = json!(true);
            ns.apply::<Export>("with-predictions", wish).await;
            let _: Export = ns
                .until_is(
                    "with-predictions",
                    Phase::Done,
                    Reason::Exported,
                    seconds(60),
                )
                .await;

            // In any order: the Model first, which its Prediction still names, then the Project before what is in it.
            ns.delete::<Model>("good", seconds(60)).await;
            let _ = ns
                .api::<Project>()
                .delete("flowers", &Default::default())
                .await;
            ns.delete::<Dataset>("flowers", seconds(60)).await;
            ns.delete::<Prediction>("flowers", seconds(60)).await;
            ns.delete::<Model>("broken", seconds(60)).await;
            ns.delete::<Export>("with-predictions", seconds(60)).await;
            eventually("the end of the Project", seconds(60), || async {
                match ns.api::<Project>().get_opt("flowers").await {
                    Ok(None) => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            })
            .await;
            assert!(ns.jobs(MODEL_LABEL, "good").await.is_empty());
            assert!(ns.jobs(PREDICTION_LABEL, "flowers").await.is_empty());
        },
    )
    .await;
}

/// Waits until what is at `path` is READY.
async fn ready(clara: &Person, path: &str) -> Value {
    eventually(format!("{path} to be READY"), seconds(120), || async {
        let reply = clara.get(path).await;
        match reply.body["state"].as_str() {
            Some("READY") => Ok(reply.body),
            _ => Err(reply),
        }
    })
    .await
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn model_is_uploaded_and_applied_by_rest() {
    promise("model_is_uploaded_and_applied_by_rest", Manners::Peaceful, |world| async move {
        let clara = world.rest.register(&format!("e2e-modeller-{}", world.run)).await;
        become_client(&world, &clara).await;
        let field = json!({"name": "verdict", "type": "SINGLE_CHOICE", "options": ["a", "b", "c"], "required": true});
        let labeling = json!({
            "display": [{"column": "a", "kind": "TEXT"}], "externalIdColumn": "id", "fields": [field],
        });
        let body = json!({"displayName": "Flowers", "dataType": "TEXT", "labeling": labeling});
        let project = clara.post("/projects", &body).await.expect(201);
        let project = id(&project);
        world.rest.pay(project, 1000).await;
        let path = format!("/projects/{project}/datasets");
        let dataset = clara.upload(&path, "flowers.csv", &table(), 100).await.expect(201);
        let dataset = id(&dataset);
        clara.post(&format!("/datasets/{dataset}/generate-tasks"), &json!({})).await.expect(202);
        dataset_ready(&clara, dataset).await;

        let upload = clara.post(&format!("/projects/{project}/uploads"), &json!({})).await.expect(201);
        let put = format!("/uploads/{}/file?name=flowers.onnx", id(&upload));
        clara.put(&put, LOGISTIC).await.expect(200);
        let new = json!({
            "sourceUri": format!("{}flowers.onnx", upload["sourceUri"].as_str().unwrap()),
            "input": {"kind": "COLUMNS", "columns": ["a", "b", "c", "d", "e"]},
            "output": {"field": "verdict", "labels": ["a", "b", "c"]},
        });
        let model = clara.post(&format!("/projects/{project}/models"), &new).await.expect(202);
        let model = ready(&clara, &format!("/models/{}", id(&model))).await;
        let new = json!({"modelId": id(&model), "datasetId": dataset});
        let path = format!("/projects/{project}/predictions");
        let prediction = clara.post(&path, &new).await.expect(202);
        let path = format!("/predictions/{}", id(&prediction));
        let done = ready(&clara, &path).await;
        assert_eq!((&done["predicted"], &done["failed"]), (&json!(ITEMS - 1), &json!(1)));
        assert_eq!(done["failedItems"][0]["reason"], "NOT_A_NUMBER");
        let page = clara.get(&format!("{path}/items?limit=1")).await.expect(200);
        let item = &page["items"][0];
        let sum: f64 = item["probabilities"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{item}");

        clara.delete(&path).await.expect(202);
        clara.delete(&format!("/models/{}", id(&model))).await.expect(202);
        for path in [path, format!("/models/{}", id(&model))] {
            eventually(format!("the end of {path}"), seconds(60), || async {
                let reply = clara.get(&path).await;
                if reply.status == 404 { Ok(()) } else { Err(reply) }
            })
            .await;
        }
        clara.delete(&format!("/projects/{project}")).await.expect(202);
    })
    .await;
}
