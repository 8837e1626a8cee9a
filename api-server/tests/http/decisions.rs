//! The owner's word overrules every method, in exports that begin after it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    consensus::{answered, asked, downloaded, export, lines, written},
    support::{Actor, Answer, ExportRun, Platform},
};

async fn decide(p: &Platform, client: &Actor, project: &str, task: i64, value: Value) -> Answer {
    let path = format!("/projects/{project}/quality/tasks/{task}/decision");
    let body = json!({"value": value});
    p.call(Some(&client.token), Method::PUT, &path, Some(body))
        .await
}

async fn undecide(p: &Platform, client: &Actor, project: &str, task: i64) -> Answer {
    let path = format!("/projects/{project}/quality/tasks/{task}/decision");
    p.call(Some(&client.token), Method::DELETE, &path, None)
        .await
}

/// Ids of the tasks, in the order of their rows.
async fn tasks(p: &Platform) -> Vec<i64> {
    sqlx::query_scalar("select id from tasks order by row_no")
        .fetch_all(&p.rows)
        .await
        .unwrap()
}

/// Label, confidence and method of the first task of an export.
fn first(text: &str) -> [Value; 3] {
    let task = lines(text).remove(0);
    ["label", "confidence", "method"].map(|member| task[member].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_overrules_the_method_until_it_is_replaced_or_taken_back() {
    for method in ["MAJORITY_VOTE", "DAWID_SKENE"] {
        let consensus = json!({"field": "rating", "method": method});
        let (p, client, project) = answered(consensus).await;
        let task = tasks(&p).await[0];
        let before = export(&p, &client, &project, "JSONL").await;
        assert_eq!(first(&before)[0], "1");
        for value in ["-1", "0"] {
            let decided = decide(&p, &client, &project, task, json!(value)).await;
            let decided = decided.expect(200);
            let says = (&decided["taskId"], &decided["field"], &decided["value"]);
            assert_eq!(says, (&json!(task), &json!("rating"), &json!(value)));
            let text = export(&p, &client, &project, "JSONL").await;
            let expected = [json!(value), json!(1.0), json!("DECISION")];
            assert_eq!(first(&text), expected, "{method}");
            assert_eq!(lines(&text)[0]["answers"].as_array().unwrap().len(), 4);
            assert_eq!(lines(&text)[1]["method"], method, "others keep theirs");
            let again = export(&p, &client, &project, "JSONL").await;
            assert_eq!(text, again, "the same watermark gives the same bytes");
        }
        let csv = export(&p, &client, &project, "CSV").await;
        assert!(
            csv.lines().nth(1).unwrap().contains(",0,1.0,DECISION,"),
            "{csv}"
        );
        undecide(&p, &client, &project, task).await.expect(204);
        let rows = p.count("select count(*) from decisions").await;
        undecide(&p, &client, &project, task).await.expect(204);
        assert_eq!(p.count("select count(*) from decisions").await, rows);
        assert_eq!(export(&p, &client, &project, "JSONL").await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_after_an_export_began_does_not_change_it() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let task = tasks(&p).await[0];
    decide(&p, &client, &project, task, json!("0"))
        .await
        .expect(200);
    let known = export(&p, &client, &project, "JSONL").await;
    assert_eq!(first(&known)[2], "DECISION");
    let id = asked(&p, &client, &project, "JSONL").await;
    // The first pod takes the watermark, and dies; what is decided then is for exports to come.
    let opened = ExportRun::open(&p, &client, &id).await;
    decide(&p, &client, &project, task, json!("-1"))
        .await
        .expect(200);
    undecide(&p, &client, &project, tasks(&p).await[1])
        .await
        .expect(204);
    sqlx::query("update run_holds set seen_at = now() - interval '1 day'")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(written(&p, &client, &id).await, known);
    let later = export(&p, &client, &project, "JSONL").await;
    assert_eq!(first(&later)[0], "-1");
    let watermark: i64 = sqlx::query_scalar("select max(watermark) from exports")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert!(watermark > opened.opened["watermark"].as_i64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_an_approved_answer_is_exported_once_its_owner_decides() {
    let p = Platform::with_billing(datacrowd_labelling::BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let consensus = json!({"consensus": {"field": "rating"}});
    let project = p.project(&client, consensus).await;
    p.loaded(&client, &project, 3, 3).await;
    let task = tasks(&p).await[1];
    decide(&p, &client, &project, task, json!("1"))
        .await
        .expect(200);
    let text = export(&p, &client, &project, "JSONL").await;
    assert_eq!(lines(&text).len(), 1);
    let row = &lines(&text)[0];
    assert_eq!(
        (&row["taskId"], &row["answers"]),
        (&json!(task), &json!([]))
    );
    assert_eq!(first(&text), [json!("1"), json!(1.0), json!("DECISION")]);
    undecide(&p, &client, &project, task).await.expect(204);
    assert_eq!(export(&p, &client, &project, "JSONL").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_a_value_of_the_field_and_of_a_task_of_the_project() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let task = tasks(&p).await[0];
    for value in [json!("2"), json!(1), json!(null), json!(["1"])] {
        let refused = decide(&p, &client, &project, task, value).await;
        let refused = refused.refused(422, "invalid_answer");
        assert!(refused["details"]["value"].is_string(), "{refused}");
    }
    let nowhere = i64::from(i32::MAX);
    decide(&p, &client, &project, nowhere, json!("1"))
        .await
        .refused(404, "not_found");
    let carl = p.client("carl").await;
    decide(&p, &carl, &project, task, json!("1"))
        .await
        .refused(404, "not_found");
    undecide(&p, &carl, &project, task)
        .await
        .refused(404, "not_found");
    // Carl's own project does not reach another's task.
    let consensus = json!({"consensus": {"field": "rating"}});
    let his = p.project(&carl, consensus).await;
    decide(&p, &carl, &his, task, json!("1"))
        .await
        .refused(404, "not_found");
    p.relabel(
        &client,
        &project,
        json!({"answersPerTask": 4, "reviewersPerAnswer": 0, "consensus": null}),
    )
    .await;
    decide(&p, &client, &project, task, json!("1"))
        .await
        .refused(409, "no_consensus");
    assert_eq!(p.count("select count(*) from decisions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_tasks_tells_of_each_worker_in_a_second_file() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let task = tasks(&p).await[2];
    let one = asked(&p, &client, &project, "CSV").await;
    let path = |id: &str| format!("/exports/{id}/workers");
    p.call(Some(&client.token), Method::GET, &path(&one), None)
        .await
        .refused(409, "export_not_ready");
    written(&p, &client, &one).await;
    let workers = downloaded(&p, &client, &path(&one)).await;
    let lines = lines(&workers);
    let mut skills: Vec<_> = lines.iter().map(|w| w["skill"].as_f64().unwrap()).collect();
    skills.sort_unstable_by(f64::total_cmp);
    assert_eq!(skills, [0.333_333, 0.333_333, 0.666_667, 1.0]);
    assert!(
        lines
            .iter()
            .all(|w| w["answers"] == 3 && w["compared"] == 3)
    );
    let read = format!("/projects/{project}/quality/workers");
    let read = p
        .call(Some(&client.token), Method::GET, &read, None)
        .await
        .expect(200);
    for (line, body) in lines.iter().zip(read["items"].as_array().unwrap()) {
        assert_eq!(
            line["workerId"], body["workerId"],
            "both name workers alike, in one order"
        );
    }
    let again = asked(&p, &client, &project, "JSONL").await;
    let opened = ExportRun::open(&p, &client, &again).await;
    let decided = decide(&p, &client, &project, task, json!("-1")).await;
    decided.expect(200);
    sqlx::query("update run_holds set seen_at = now() - interval '1 day'")
        .execute(&p.rows)
        .await
        .unwrap();
    written(&p, &client, &again).await;
    assert_eq!(
        downloaded(&p, &client, &path(&again)).await,
        workers,
        "{:?}",
        opened.opened
    );
    let later = asked(&p, &client, &project, "JSONL").await;
    written(&p, &client, &later).await;
    assert_ne!(downloaded(&p, &client, &path(&later)).await, workers);
    let shown = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/exports/{later}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(shown["hasWorkers"], true);
    let carl = p.client("carl").await;
    p.call(Some(&carl.token), Method::GET, &path(&later), None)
        .await
        .refused(404, "not_found");
    // An export of answers has no labels, and nothing to hold workers against.
    let plain = p
        .export(
            &client,
            &project,
            json!({"format": "CSV", "rowPer": "ANSWER"}),
        )
        .await;
    written(&p, &client, &plain).await;
    p.call(Some(&client.token), Method::GET, &path(&plain), None)
        .await
        .refused(404, "not_found");
    let (before, _) = p.stored(&client.namespace).await;
    sqlx::query("update exports set expires_at = now() - interval '1 day'")
        .execute(&p.rows)
        .await
        .unwrap();
    p.core.sweep(chrono::Utc::now()).await.unwrap();
    let gone = p
        .count("select count(*) from outbox where payload::text like '%workers.jsonl%'")
        .await;
    assert_eq!(gone, 3, "{before} objects were there");
}
