//! Looking at what was brought: previews, media, the form, and lists by state.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Platform, answer};

async fn setting(members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    (p, client, project)
}

async fn get(p: &Platform, client: &Actor, path: &str) -> Value {
    p.call(Some(&client.token), Method::GET, path, None)
        .await
        .expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_first_rows_and_what_the_columns_hold() {
    let (p, client, project) = setting(json!({})).await;
    let csv =
        b"id,text,picture\n1,\"two\nlines\",a.png\n2,x,b.JPG\n3,y,https://example.com/c.webp?s=1\n";
    let dataset = p
        .upload(&client, &project, "items.csv", csv.to_vec(), 10)
        .await
        .expect(201);
    let path = format!("/datasets/{}/preview", dataset["id"].as_str().unwrap());
    let preview = get(&p, &client, &format!("{path}?rows=2")).await;
    assert_eq!(
        preview["columns"],
        json!([{"name": "id", "kind": "TEXT"}, {"name": "text", "kind": "TEXT"}, {"name": "picture", "kind": "IMAGE"}])
    );
    assert_eq!(
        preview["rows"],
        json!([
            {"line": 2, "values": {"id": "1", "text": "two\nlines", "picture": "a.png"}},
            {"line": 4, "values": {"id": "2", "text": "x", "picture": "b.JPG"}}
        ])
    );
    assert_eq!(
        get(&p, &client, &path).await["rows"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let jsonl = "{\"id\": 1, \"box\": [1, 2]}\n".repeat(20_000).into_bytes();
    let dataset = p
        .upload(&client, &project, "items.jsonl", jsonl, 10)
        .await
        .expect(201);
    let long = format!("/datasets/{}/preview", dataset["id"].as_str().unwrap());
    let preview = get(&p, &client, &long).await;
    assert_eq!(preview["rows"].as_array().unwrap().len(), 10);
    assert_eq!(
        preview["columns"][1],
        json!({"name": "box", "kind": "JSON"})
    );
    let other = p.client("carl").await;
    p.call(Some(&other.token), Method::GET, &path, None)
        .await
        .refused(404, "not_found");
    p.call(
        Some(&client.token),
        Method::GET,
        &format!("{path}?rows=51"),
        None,
    )
    .await
    .refused(422, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn media_are_shown_to_who_holds_the_task_to_the_owner_and_to_nobody_else() {
    let display =
        json!([{"column": "text", "kind": "TEXT"}, {"column": "picture", "kind": "IMAGE"}]);
    let (p, client, project) = setting(json!({"display": display.clone()})).await;
    let dataset = p
        .upload(
            &client,
            &project,
            "items.csv",
            b"id,text,picture\n1,a,b\n".to_vec(),
            10,
        )
        .await
        .expect(201);
    // The file itself stands for a picture: what matters is which object the link opens.
    let source = dataset["sourceUri"].as_str().unwrap().to_owned();
    p.loaded_beside(&client, &project, Some("picture"), 5, 5)
        .await;
    let cells = [
        source.clone(),
        "source.csv".to_owned(),
        "https://example.com/x.png".to_owned(),
        "s3://datacrowd/somebody-else/secret.png".to_owned(),
        "../../secret.png".to_owned(),
    ];
    for (row, cell) in (1_i64..).zip(&cells) {
        sqlx::query("update tasks set payload = payload || jsonb_build_object('picture', $2::text) where row_no = $1")
            .bind(row)
            .bind(cell)
            .execute(&p.rows)
            .await
            .unwrap();
    }
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let tasks = p.claim(&wanda, &project, 5).await.expect(200)["tasks"].clone();
    let shown = p.media(&wanda, &tasks[0], "picture").await;
    let link = shown.headers["location"].to_str().unwrap().to_owned();
    shown.expect(307);
    let object = p.http.get(&link).send().await.unwrap();
    assert_eq!(object.text().await.unwrap(), "id,text,picture\n1,a,b\n");
    let beside = p.media(&wanda, &tasks[1], "picture").await;
    let link = beside.headers["location"].to_str().unwrap().to_owned();
    assert!(
        p.http
            .get(&link)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let public = p.media(&wanda, &tasks[2], "picture").await;
    assert_eq!(public.headers["location"], "https://example.com/x.png");
    // A page asks for the link itself: an image cannot send a token.
    let as_json = async |task: &Value| {
        let path = format!("{}/tasks/{}/media/picture", p.url, task["id"]);
        let request = p.http.get(path).bearer_auth(&wanda);
        answer(request.header("accept", "application/json, */*;q=0.1"))
            .await
            .expect(200)
    };
    let link = as_json(&tasks[0]).await;
    let object = p.http.get(link["url"].as_str().unwrap()).send();
    let object = object.await.unwrap();
    assert_eq!(object.headers()["etag"], link["etag"].as_str().unwrap());
    assert_eq!(object.text().await.unwrap(), "id,text,picture\n1,a,b\n");
    assert!(link["expiresAt"].is_string());
    let expected = json!({"url": "https://example.com/x.png", "expiresAt": null, "etag": null});
    assert_eq!(as_json(&tasks[2]).await, expected);
    for task in [&tasks[3], &tasks[4]] {
        p.media(&wanda, task, "picture")
            .await
            .refused(409, "media_unreachable");
    }
    p.media(&wanda, &tasks[0], "text")
        .await
        .refused(404, "no_media");
    p.media(&wim, &tasks[0], "picture")
        .await
        .refused(404, "not_found");
    p.submit(&wanda, &tasks[0], "1").await.expect(201);
    p.media(&wanda, &tasks[0], "picture")
        .await
        .refused(404, "not_found");
    p.call(Some(&wim), Method::POST, "/reviews/claim", Some(json!({})))
        .await
        .expect(200);
    p.media(&wim, &tasks[0], "picture").await.expect(307);
    // The owner sees it whoever holds it, under the project's path; other clients do not, and no worker is asked there.
    let owned = async |who: &str, project: &str, task: &Value, column: &str| {
        let path = format!("/projects/{project}/tasks/{}/media/{column}", task["id"]);
        p.call(Some(who), Method::GET, &path, None).await
    };
    let shown = owned(&client.token, &project, &tasks[0], "picture").await;
    let link = shown.headers["location"].to_str().unwrap().to_owned();
    shown.expect(307);
    let object = p.http.get(&link).send().await.unwrap();
    assert_eq!(object.text().await.unwrap(), "id,text,picture\n1,a,b\n");
    owned(&client.token, &project, &tasks[3], "picture")
        .await
        .refused(409, "media_unreachable");
    owned(&client.token, &project, &tasks[0], "text")
        .await
        .refused(404, "no_media");
    owned(&wanda, &project, &tasks[0], "picture")
        .await
        .refused(403, "forbidden");
    let carl = p.client("carl").await;
    let of_carl = p.project(&carl, json!({"display": display})).await;
    for project in [&project, &of_carl] {
        owned(&carl.token, project, &tasks[0], "picture")
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_cells() {
    let display = json!([{"column": "img", "kind": "IMAGE"}]);
    let (p, client, project) = setting(json!({"display": display})).await;
    p.loaded_beside(&client, &project, Some("img"), 6, 6).await;
    let cells = [
        json!(format!(
            "s3://{}/{}/img/missing.png",
            crate::support::env("TEST_S3_BUCKET"),
            client.namespace
        )),
        json!("https://example.com/a b.png?q=ä#x"),
        json!(""),
        json!("data:text/html;base64,PGI+eDwvYj4="),
        json!("img/a.png"),
        Value::Null,
    ];
    for (row, cell) in (1_i64..).zip(&cells) {
        sqlx::query(
            "update tasks set payload = payload || jsonb_build_object('img', $2) where row_no = $1",
        )
        .bind(row)
        .bind(cell)
        .execute(&p.rows)
        .await
        .unwrap();
    }
    let (_, wanda) = p.register("wanda").await;
    let tasks = p.claim(&wanda, &project, 6).await.expect(200)["tasks"].clone();
    let look = async |at: usize| p.media(&wanda, &tasks[at], "img").await;
    for at in [0, 4] {
        look(at).await.refused(404, "media_missing");
    }
    assert_eq!(
        look(1).await.headers["location"],
        "https://example.com/a%20b.png?q=%C3%A4#x"
    );
    for at in [2, 5] {
        let refused = look(at).await.refused(404, "media_empty");
        let said = refused["message"].as_str().unwrap();
        assert!(said.starts_with("The cell is empty"), "{said}");
    }
    look(3).await.refused(409, "media_unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_every_labeling_version_is_published() {
    let (p, client, project) = setting(json!({})).await;
    let schema = format!("/projects/{project}/answer-schema");
    let first = p
        .call(Some(&client.token), Method::GET, &schema, None)
        .await;
    assert_eq!(first.headers["content-type"], "application/schema+json");
    let first = first.expect(200);
    assert_eq!(
        first["properties"]["rating"]["enum"],
        json!(["-1", "0", "1"])
    );
    let labeling = json!({"fields": [{"name": "note", "type": "TEXT"}]});
    p.call(
        Some(&client.token),
        Method::PATCH,
        &format!("/projects/{project}"),
        Some(json!({"labeling": labeling})),
    )
    .await
    .expect(200);
    assert_eq!(
        get(&p, &client, &schema).await["properties"]["note"]["type"],
        "string"
    );
    assert_eq!(
        get(&p, &client, &format!("{schema}?version=1")).await,
        first
    );
    p.call(
        Some(&client.token),
        Method::GET,
        &format!("{schema}?version=3"),
        None,
    )
    .await
    .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_and_filtered_by_state() {
    let (p, client, project) = setting(json!({})).await;
    let second = p.project(&client, json!({})).await;
    let pause = json!({"paused": true});
    p.call(
        Some(&client.token),
        Method::PATCH,
        &format!("/projects/{second}"),
        Some(pause),
    )
    .await
    .expect(200);
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|i| i["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let paused = get(&p, &client, "/projects?state=PAUSED").await;
    assert_eq!(ids(&paused), [second.as_str()]);
    let page = get(&p, &client, "/projects?limit=1").await;
    assert_eq!(ids(&page), [project.as_str()]);
    let next = format!(
        "/projects?limit=1&cursor={}",
        page["nextCursor"].as_str().unwrap()
    );
    let page = get(&p, &client, &next).await;
    assert_eq!(
        (ids(&page), &page["nextCursor"]),
        (vec![second], &Value::Null)
    );
    p.loaded(&client, &project, 1, 1).await;
    let datasets = async |state: &str| {
        let path = format!("/projects/{project}/datasets?state={state}");
        ids(&get(&p, &client, &path).await).len()
    };
    assert_eq!((datasets("READY").await, datasets("FAILED").await), (1, 0));
    let refused = p
        .call(
            Some(&client.token),
            Method::GET,
            "/projects?state=ready",
            None,
        )
        .await
        .refused(422, "invalid_request");
    assert!(
        refused["details"]["state"]
            .as_str()
            .unwrap()
            .contains("PAUSED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_closed_and_opened_again_by_hand() {
    let (p, client, project) = setting(json!({})).await;
    let dataset = p.loaded(&client, &project, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    let task = p.count("select id from tasks").await;
    let path = format!("/internal/tasks/{task}/status");
    let set = async |status: &str| {
        p.trusted(Method::PATCH, &path, Some(json!({"status": status})))
            .await
    };
    assert_eq!(set("REJECTED").await.expect(200)["status"], "REJECTED");
    assert_eq!(
        get(&p, &client, &format!("/datasets/{dataset}")).await["state"],
        "COMPLETED"
    );
    p.claim(&wanda, &project, 1)
        .await
        .refused(404, "no_task_available");
    assert_eq!(set("NEW").await.expect(200)["status"], "NEW");
    assert_eq!(
        get(&p, &client, &format!("/datasets/{dataset}")).await["state"],
        "READY"
    );
    p.assert_consistent().await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    set("REJECTED").await.expect(200);
    p.submit(&wanda, &task, "1").await.expect(201);
    set("DONE").await.refused(422, "invalid_request");
    p.assert_consistent().await;
}
