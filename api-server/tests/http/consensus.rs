//! Many answers become one label in the export, and the same watermark says the same of it for ever.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    runner::Job,
    support::{Actor, ExportRun, Platform, answer},
};

/// What four workers say of tasks 1 to 3. Mallory contradicts whenever the others agree.
const SAID: [(&str, &[&str]); 4] = [
    ("wanda", &["1", "0", "-1"]),
    ("wim", &["1", "0", "1"]),
    ("willy", &["1", "-1", "0"]),
    ("mallory", &["-1", "1", "1"]),
];

pub async fn answered(consensus: Value) -> (Platform, Actor, String) {
    answered_so(consensus, &SAID).await
}

/// What each worker says of all tasks.
pub async fn answered_so(consensus: Value, said: &[(&str, &[&str])]) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let members = json!({"answersPerTask": 4, "reviewersPerAnswer": 0, "consensus": consensus});
    let project = p.project(&client, members).await;
    let tasks = i64::try_from(said[0].1.len()).unwrap();
    p.loaded(&client, &project, tasks, 10).await;
    for (name, ratings) in said {
        let (_, token) = p.register(name).await;
        let tasks = p.claim(&token, &project, tasks).await.expect(200)["tasks"].clone();
        for task in tasks.as_array().unwrap() {
            let row: usize = task["payload"]["id"].as_str().unwrap()[1..]
                .parse()
                .unwrap();
            p.submit(&token, task, ratings[row - 1]).await.expect(201);
        }
    }
    (p, client, project)
}

/// An export of tasks, as the runner writes it.
pub async fn export(p: &Platform, client: &Actor, project: &str, format: &str) -> String {
    let id = asked(p, client, project, format).await;
    written(p, client, &id).await
}

/// Asks for an export of tasks.
pub async fn asked(p: &Platform, client: &Actor, project: &str, format: &str) -> String {
    let asked = p
        .call(
            Some(&client.token),
            Method::POST,
            &format!("/projects/{project}/export"),
            Some(json!({"format": format, "rowPer": "TASK"})),
        )
        .await
        .expect(202);
    asked["exportId"].as_str().unwrap().to_owned()
}

/// The file of an export, which the runner writes.
pub async fn written(p: &Platform, client: &Actor, id: &str) -> String {
    let begun = ExportRun::begin(p, id, 1).await.expect(201);
    let run = begun["runId"].as_str().unwrap().to_owned();
    let job = Job::new(p, &client.namespace, run).await;
    assert_eq!(job.finish(p, "export", "pod").await, 0);
    downloaded(p, client, &format!("/exports/{id}/download")).await
}

/// What a link leads to.
pub async fn downloaded(p: &Platform, client: &Actor, path: &str) -> String {
    let link = p
        .http
        .get(format!("{}{path}", p.url))
        .bearer_auth(&client.token)
        .header("accept", "application/json");
    let link = answer(link).await.expect(200);
    let file = p.http.get(link["url"].as_str().unwrap()).send().await;
    file.unwrap().text().await.unwrap()
}

pub fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_tasks_gives_each_one_label_and_how_sure_it_is() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let text = export(&p, &client, &project, "JSONL").await;
    let found: Vec<_> = lines(&text)
        .iter()
        .map(|task| {
            let of = |member: &str| task[member].clone();
            assert_eq!(task["answers"].as_array().unwrap().len(), 4);
            [of("label"), of("confidence"), of("method"), of("agreement")]
        })
        .collect();
    let expected = [
        [json!("1"), json!(0.75), json!("MAJORITY_VOTE"), json!(0.5)],
        [
            json!("0"),
            json!(0.5),
            json!("MAJORITY_VOTE"),
            json!(0.166_667),
        ],
        [
            json!("1"),
            json!(0.5),
            json!("MAJORITY_VOTE"),
            json!(0.166_667),
        ],
    ];
    assert_eq!(found, expected);
    let csv = export(&p, &client, &project, "CSV").await;
    let mut rows = csv.lines();
    let header = rows.next().unwrap();
    assert!(header.ends_with("source.text,label,confidence,method,agreement,answers"));
    assert!(rows.next().unwrap().contains(",1,0.75,MAJORITY_VOTE,0.5,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_watermark_gives_the_same_labels_and_voided_answers_count_no_more() {
    let method = json!({"field": "rating", "method": "DAWID_SKENE"});
    let (p, client, project) = answered(method).await;
    let first = export(&p, &client, &project, "JSONL").await;
    assert_eq!(lines(&first)[0]["method"], "DAWID_SKENE");
    assert_eq!(lines(&first)[0]["label"], "1");
    let again = export(&p, &client, &project, "JSONL").await;
    assert_eq!(first, again, "the same watermark gives the same bytes");

    let answers = lines(&first)[0]["answers"].clone();
    let answers = answers.as_array().unwrap();
    let mallory = answers
        .iter()
        .find(|a| a["answer"]["rating"] == "-1")
        .unwrap();
    let mallory = mallory["workerId"].as_str().unwrap();
    let void = format!("/projects/{project}/workers/{mallory}/void");
    let why = json!({"reason": "contradicts whenever the others agree"});
    p.call(Some(&client.token), Method::POST, &void, Some(why))
        .await
        .expect(200);
    let without = lines(&export(&p, &client, &project, "JSONL").await);
    assert_eq!(without[0]["answers"].as_array().unwrap().len(), 3);
    let agreement = [&lines(&first)[0]["agreement"], &without[0]["agreement"]];
    assert_eq!(agreement, [&json!(0.5), &json!(1.0)]);
    // Who says how labels are made says it for exports to come.
    let members = json!({"answersPerTask": 4, "reviewersPerAnswer": 0, "consensus": null});
    p.relabel(&client, &project, members).await;
    let plain = export(&p, &client, &project, "JSONL").await;
    assert!(lines(&plain)[0].get("label").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consensus_of_free_text_is_refused_by_name() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    for (field, kind) in [("why", "TEXT"), ("nothing", "BOOLEAN")] {
        let body = json!({"displayName": "Reviews", "dataType": "TEXT", "labeling": {
            "fields": [{"name": "why", "type": kind}], "consensus": {"field": field}}});
        let refused = p
            .call(Some(&client.token), Method::POST, "/projects", Some(body))
            .await
            .refused(422, "invalid_request");
        assert!(refused["details"]["labeling.consensus.field"].is_string());
    }
}
