//! Data is what it was: from an upload over tasks and answers to an export, read by the real runner.

mod cases;
mod head;
mod round_trip;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    runner::Job,
    support::{Actor, Answer, Platform, Run, answer},
};

/// Uploads a file after other fields of the form.
async fn upload(
    p: &Platform,
    client: &Actor,
    project: &str,
    name: &str,
    bytes: &[u8],
    fields: &[(&str, &str)],
) -> Answer {
    let mut form = Vec::new();
    for (field, value) in fields {
        form.extend_from_slice(
            format!(
                "--b0undary\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    form.extend_from_slice(format!("--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").as_bytes());
    form.extend_from_slice(bytes);
    form.extend_from_slice(b"\r\n--b0undary--\r\n");
    let request = p
        .http
        .post(format!("{}/projects/{project}/datasets", p.url))
        .bearer_auth(&client.token)
        .header("content-type", "multipart/form-data; boundary=b0undary")
        .body(form);
    answer(request).await
}

/// Generates a dataset's tasks with the real runner; the dataset as its owner then sees it.
async fn generate(p: &Platform, client: &Actor, dataset: &Value) -> Value {
    let id = dataset["id"].as_str().unwrap();
    let path = format!("/datasets/{id}");
    let go = format!("{path}/generate-tasks");
    p.call(Some(&client.token), Method::POST, &go, Some(json!({})))
        .await
        .expect(202);
    let run = Run::begin(p, id, 1).await;
    let job = Job::new(p, &client.namespace, run).await;
    job.finish(p, "generate", "pod-1").await;
    p.call(Some(&client.token), Method::GET, &path, None)
        .await
        .expect(200)
}

/// Exports with the real runner; the file.
async fn export(p: &Platform, client: &Actor, project: &str, body: Value) -> Vec<u8> {
    let path = format!("/projects/{project}/export");
    let asked = p
        .call(Some(&client.token), Method::POST, &path, Some(body))
        .await
        .expect(202);
    let id = asked["exportId"].as_str().unwrap();
    let uid: Uuid = sqlx::query_scalar("select bound_uid from exports where id = $1")
        .bind(id.parse::<Uuid>().unwrap())
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let path = format!("/internal/exports/{id}/runs");
    let body = json!({"uid": uid, "attempt": 1});
    let begun = p.trusted(Method::POST, &path, Some(body)).await.expect(201);
    let run = begun["runId"].as_str().unwrap().to_owned();
    let job = Job::new(p, &client.namespace, run).await;
    assert_eq!(job.finish(p, "export", "pod-1").await, 0);
    let download = p
        .http
        .get(format!("{}/exports/{id}/download", p.url))
        .bearer_auth(&client.token);
    let redirect = download.send().await.unwrap();
    assert_eq!(redirect.status(), 307);
    let location = redirect.headers()["location"].to_str().unwrap();
    let file = p.http.get(location).send().await.unwrap();
    file.bytes().await.unwrap().to_vec()
}

/// Answers every task of a project.
async fn answer_all(p: &Platform, worker: &str, project: &str, body: &Value) {
    loop {
        let claimed = p.claim(worker, project, 10).await;
        if claimed.status == 404 {
            return;
        }
        for task in claimed.expect(200)["tasks"].as_array().unwrap() {
            let path = format!("/tasks/{}/submit", task["id"]);
            let body = json!({"leaseToken": task["lease"]["token"], "answer": body});
            p.call(Some(worker), Method::POST, &path, Some(body))
                .await
                .expect(201);
        }
    }
}
