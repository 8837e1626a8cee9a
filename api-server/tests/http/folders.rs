//! A folder as a dataset: what the platform lists, signs and shows of it, and for whom.

use datacrowd_labelling::BillingMode;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    scheduled::run,
    storage::put,
    support::{Actor, Answer, Platform, Run, answer, env},
};

/// A project that shows files as audio, and its owner.
async fn setting() -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let display = json!([{"column": "file", "kind": "AUDIO"}]);
    let members = json!({"display": display, "externalIdColumn": "name"});
    let project = p.project(&client, members).await;
    (p, client, project)
}

/// Puts objects below the client's prefix; the URI of the folder.
async fn folder(p: &Platform, client: &Actor, names: &[&str]) -> String {
    for name in names {
        let key = format!("{}/clips/{name}", client.namespace);
        p.put_object(&key, format!("RIFF {name}").into_bytes())
            .await;
    }
    let bucket = env("TEST_S3_BUCKET");
    format!("s3://{bucket}/{}/clips/", client.namespace)
}

async fn create(p: &Platform, client: &Actor, project: &str, body: Value) -> Answer {
    let path = format!("/projects/{project}/datasets");
    p.call(Some(&client.token), Method::POST, &path, Some(body))
        .await
}

async fn files(p: &Platform, run: &Run, after: Option<&str>) -> Answer {
    let path = format!("/internal/runs/{}/files", run.id);
    let body = json!({"epoch": run.epoch, "after": after});
    p.runner(&run.token, &path, body).await
}

fn names(page: &Value) -> Vec<&str> {
    let files = page["files"].as_array().unwrap().iter();
    files.map(|file| file["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_listed_in_order_by_its_patterns_and_read_by_signed_links() {
    let (p, client, project) = setting().await;
    let all = [
        "a.wav",
        "b/100% #1 +ä?.wav",
        "b/draft-1.wav",
        "b/c.txt",
        "b/c.wav",
        "z.mp3",
    ];
    let uri = folder(&p, &client, &all).await;
    // What begins alike is another folder's.
    let beside = format!("{}/clips2/a.wav", client.namespace);
    p.put_object(&beside, b"RIFF".to_vec()).await;
    let body = json!({
        "sourceUri": uri, "include": ["*.wav"], "exclude": ["draft-*"], "companions": "SAME_STEM",
    });
    let made = create(&p, &client, &project, body).await.expect(201);
    assert_eq!(made["format"], "FILES");
    assert_eq!(made["include"], json!(["*.wav"]));
    assert_eq!(made["companions"], "SAME_STEM");
    let dataset = made["id"].as_str().unwrap();

    let path = format!("/datasets/{dataset}/preview");
    let preview = p.call(Some(&client.token), Method::GET, &path, None).await;
    let preview = preview.expect(200);
    assert_eq!(
        preview["columns"][0],
        json!({"name": "file", "kind": "AUDIO"})
    );
    assert_eq!(preview["rows"][1]["values"]["name"], all[1]);
    let manifest = p
        .http
        .get(format!("{}/datasets/{dataset}/manifest", p.url))
        .bearer_auth(&client.token);
    let manifest = manifest.send().await.unwrap().text().await.unwrap();
    assert!(
        manifest.contains("format: Files") && manifest.contains("companions: SameStem"),
        "{manifest}"
    );

    let held = Run::open(&p, &client, dataset, "pod-1").await;
    let page = files(&p, &held, None).await.expect(200);
    assert_eq!(names(&page), ["a.wav", all[1], "b/c.wav"]);
    assert_eq!(page["next"], Value::Null);
    for file in page["files"].as_array().unwrap() {
        let read = p
            .http
            .get(file["url"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(read.headers()["etag"], file["etag"].as_str().unwrap());
        let text = read.text().await.unwrap();
        assert_eq!(text, format!("RIFF {}", file["name"].as_str().unwrap()));
        assert_eq!(i64::try_from(text.len()).unwrap(), file["sizeBytes"]);
    }
    let beside = &page["files"][2]["companions"];
    let [json, txt] = [&beside[0], &beside[1]].map(|url| url.as_str().unwrap());
    assert_eq!(p.http.get(json).send().await.unwrap().status(), 404);
    let text = p.http.get(txt).send().await.unwrap().text().await;
    assert_eq!(text.unwrap(), "RIFF b/c.txt");

    let key = format!("{}/clips/{}", client.namespace, all[1]);
    let rest = files(&p, &held, Some(&key)).await.expect(200);
    assert_eq!(names(&rest), ["b/c.wav"]);
    // Whoever lost the run is told nothing.
    let lost = Run {
        epoch: held.epoch - 1,
        ..held
    };
    files(&p, &lost, None).await.refused(409, "fenced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_holds_the_last_file_and_a_task_the_version_that_it_was_made_of() {
    let (p, client, project) = setting().await;
    let uri = folder(&p, &client, &["a.wav", "b #1.wav"]).await;
    let made = create(&p, &client, &project, json!({"sourceUri": uri}))
        .await
        .expect(201);
    let held = Run::open(&p, &client, made["id"].as_str().unwrap(), "pod-1").await;
    let page = files(&p, &held, None).await.expect(200);
    let mut chunk = json!({"nextLine": 3, "columns": ["file", "name", "etag"]}).to_string();
    for (row, file) in (1..).zip(page["files"].as_array().unwrap()) {
        let payload = json!({"file": file["uri"], "name": file["name"], "etag": file["etag"]});
        let row = json!({"rowNo": row, "endOffset": row, "line": row, "key": file["key"], "payload": payload});
        chunk = format!("{chunk}\n{row}");
    }
    let loaded = held.load_chunk(&p, chunk).await.expect(200);
    let last = page["files"][1]["key"].clone();
    assert_eq!(loaded["checkpoint"]["after"], last);
    held.complete(&p, 2).await.expect(204);

    let (_, wanda) = p.register("wanda").await;
    let tasks = p.claim(&wanda, &project, 2).await.expect(200)["tasks"].clone();
    let look = async |at: usize| p.media(&wanda, &tasks[at], "file").await;
    for (at, text) in [(0, "RIFF a.wav"), (1, "RIFF b #1.wav")] {
        let shown = look(at).await;
        let link = shown.headers["location"].to_str().unwrap().to_owned();
        let read = p
            .http
            .get(&link)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert_eq!(read, text);
    }
    let key = last.as_str().unwrap();
    p.put_object(key, b"RIFF another".to_vec()).await;
    look(1).await.refused(409, "media_changed");
    p.delete_object(key).await;
    look(1).await.refused(404, "media_missing");
    assert!(look(0).await.status.is_redirection());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_none_is_refused_before_anybody_pays() {
    let (p, client, project) = setting().await;
    let other = p.client("carl").await;
    folder(&p, &other, &["a.wav"]).await;
    let uri = folder(&p, &client, &["a.wav"]).await;
    let bucket = env("TEST_S3_BUCKET");
    let root = format!("s3://{bucket}/{}/", client.namespace);
    for (body, member, says) in [
        (
            json!({"sourceUri": uri, "include": ["*.mp3"]}),
            "sourceUri",
            "has no file that becomes a task",
        ),
        (
            json!({"sourceUri": format!("{root}none/")}),
            "sourceUri",
            "has no file that becomes a task",
        ),
        (json!({"sourceUri": root}), "sourceUri", "must lie below"),
        (
            json!({"sourceUri": format!("{root}exports/")}),
            "sourceUri",
            "must not lie below",
        ),
        (
            json!({"sourceUri": format!("s3://{bucket}/{}/clips/", other.namespace)}),
            "sourceUri",
            "must lie below",
        ),
        (
            json!({"sourceUri": uri, "include": ["[a"]}),
            "include",
            "which is no pattern",
        ),
        (
            json!({"sourceUri": uri, "delimiter": "TAB"}),
            "delimiter",
            "belongs to a file of rows",
        ),
        (
            json!({"sourceUri": format!("{root}a.csv"), "exclude": ["a"]}),
            "exclude",
            "belongs to a folder",
        ),
    ] {
        let refused = create(&p, &client, &project, body.clone()).await;
        let refused = refused.refused(422, "invalid_request");
        let said = refused["details"][member].as_str().unwrap_or_default();
        assert!(said.contains(says), "{body} {refused:#}");
    }
    let needs = json!({"display": [{"column": "text", "kind": "TEXT"}]});
    let needs = p.project(&client, needs).await;
    let refused = create(&p, &client, &needs, json!({"sourceUri": uri})).await;
    let refused = refused.refused(422, "invalid_request");
    let said = refused["details"]["sourceUri"].as_str().unwrap();
    assert!(said.contains("has no column \"text\""), "{said}");
    let body = json!({"sourceUri": uri, "companions": "SAME_STEM"});
    create(&p, &client, &needs, body).await.expect(201);
    assert_eq!(p.count("select count(*) from datasets").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_tenant_had_in_a_namespace_is_no_folder_of_the_next() {
    let (p, client, project) = setting().await;
    let uri = folder(&p, &client, &["a.wav", "deep/b.wav"]).await;
    let (made, _) = put(&p, &client, &project, "clips", json!({"uri": uri})).await;
    made.expect(200);
    let path = format!("/projects/{project}/uploads");
    let upload = p.call(Some(&client.token), Method::POST, &path, None).await;
    let uploaded = upload.expect(201)["sourceUri"].as_str().unwrap().to_owned();
    let next = p.client("nora").await;
    let tenant = sqlx::query_scalar::<_, Uuid>("select tenant_id from projects where id = $1");
    let theirs = p
        .project(
            &next,
            json!({"display": [{"column": "file", "kind": "AUDIO"}]}),
        )
        .await;
    let tenant = tenant
        .bind(theirs.parse::<Uuid>().unwrap())
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let tenant = datacrowd_protocol::ids::TenantId(tenant);
    for (uri, anothers) in [
        (uri.clone(), true),
        (uploaded.clone(), true),
        (format!("{uploaded}a.csv"), true),
        (format!("{uploaded}deep/"), true),
        (uploaded.replace("/files/", "/file"), false),
        (format!("{uri}deep/"), true),
        (format!("{uri}a.wav"), true),
        (uri.replace("clips/", "cli/"), false),
        (uri.replace("clips/", "clips2/"), false),
    ] {
        let found = p
            .app
            .core
            .source_is_anothers(tenant, &client.namespace, &uri);
        assert_eq!(found.await.unwrap(), anothers, "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_put_one_by_one_become_a_dataset_and_go_with_it() {
    let (p, client, project) = setting().await;
    let other = p.client("carl").await;
    let path = format!("/projects/{project}/uploads");
    let upload = p
        .call(Some(&client.token), Method::POST, &path, None)
        .await
        .expect(201);
    let id = upload["id"].as_str().unwrap();
    let put = async |who: &Actor, name: &str, bytes: &'static [u8]| {
        let mut url: Url = format!("{}/uploads/{id}/file", p.url).parse().unwrap();
        url.query_pairs_mut().append_pair("name", name);
        let request = p.http.put(url).bearer_auth(&who.token);
        answer(request.header("content-type", "audio/wav").body(bytes)).await
    };
    // A letter and its accent are one letter, as whoever looks for the file will write it.
    let stored = put(&client, "d/cafe\u{301} #1.wav", b"RIFF 1")
        .await
        .expect(200);
    assert_eq!(
        (&stored["name"], &stored["sizeBytes"]),
        (&json!("d/caf\u{e9} #1.wav"), &json!(6))
    );
    put(&client, "b.wav", b"RIFF 0").await.expect(200);
    let again = put(&client, "b.wav", b"RIFF two").await.expect(200);
    assert_eq!(again["sizeBytes"], 8);
    for name in ["", "/a", "../a", "d//a", "a\n", "d/."] {
        put(&client, name, b"x")
            .await
            .refused(422, "invalid_request");
    }
    put(&other, "c.wav", b"x").await.refused(404, "not_found");

    let body = json!({"sourceUri": upload["sourceUri"], "include": ["*.wav"]});
    let made = create(&p, &client, &project, body).await.expect(201);
    put(&client, "c.wav", b"x")
        .await
        .refused(409, "upload_closed");
    let dataset = made["id"].as_str().unwrap();
    let held = Run::open(&p, &client, dataset, "pod-1").await;
    let page = files(&p, &held, None).await.expect(200);
    assert_eq!(names(&page), ["b.wav", "d/caf\u{e9} #1.wav"]);
    let read = p
        .http
        .get(page["files"][0]["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(read.headers()["content-type"], "audio/wav");
    assert_eq!(p.stored(&client.namespace).await, (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_uploaded_whole_and_its_entries_go_where_only_its_run_says() {
    let (p, client, project) = setting().await;
    let zip = b"PK\x03\x04 the runner reads the rest".to_vec();
    let made = p
        .upload(&client, &project, "clips.ZIP", zip.clone(), 10)
        .await;
    let made = made.expect(201);
    assert_eq!(made["format"], "FILES");
    assert!(made["sourceUri"].as_str().unwrap().ends_with("/source.zip"));
    p.upload(&client, &project, "clips.zip", b"no zip".to_vec(), 10)
        .await
        .refused(422, "invalid_request");
    let dataset = made["id"].as_str().unwrap();
    let path = format!("/datasets/{dataset}/preview");
    p.call(Some(&client.token), Method::GET, &path, None)
        .await
        .refused(409, "preview_unavailable");
    let body = json!({"sourceUri": made["sourceUri"], "include": ["*.wav"]});
    create(&p, &client, &project, body).await.expect(201);

    let held = Run::open(&p, &client, dataset, "pod-1").await;
    let places = async |names: &[&str]| {
        let entries: Vec<_> = names
            .iter()
            .map(|name| json!({"name": name, "sizeBytes": 4}))
            .collect();
        let path = format!("/internal/runs/{}/entries", held.id);
        p.runner(
            &held.token,
            &path,
            json!({"epoch": held.epoch, "entries": entries}),
        )
        .await
    };
    assert_eq!(names(&files(&p, &held, None).await.expect(200)), [""; 0]);
    for name in ["../a.wav", "", "/a.wav", "a\n"] {
        places(&[name]).await.refused(422, "invalid_request");
    }
    let found = places(&["a #1.wav", "d/b.wav"]).await.expect(200);
    for place in found["places"].as_array().unwrap() {
        let put = p.http.put(place["url"].as_str().unwrap()).body("RIFF");
        assert!(put.send().await.unwrap().status().is_success());
    }
    let found = places(&["a #1.wav", "c.wav"]).await.expect(200);
    assert_eq!(found["places"][0], json!({}));
    assert!(found["places"][1]["url"].is_string());
    let page = files(&p, &held, None).await.expect(200);
    assert_eq!(names(&page), ["a #1.wav", "d/b.wav"]);
    let uri = page["files"][0]["uri"].as_str().unwrap();
    assert!(
        uri.contains(&format!("/{}/unpacked/{dataset}/", client.namespace)),
        "{uri}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_dataset_names_within_a_day_is_removed_and_what_one_names_stays() {
    let (p, client, project) = setting().await;
    let begin = async || {
        let path = format!("/projects/{project}/uploads");
        let upload = p.call(Some(&client.token), Method::POST, &path, None).await;
        let upload = upload.expect(201);
        let url = format!(
            "{}/uploads/{}/file?name=a.wav",
            p.url,
            upload["id"].as_str().unwrap()
        );
        answer(p.http.put(url).bearer_auth(&client.token).body("RIFF"))
            .await
            .expect(200);
        upload
    };
    let (kept, forgotten) = (begin().await, begin().await);
    let body = json!({"sourceUri": kept["sourceUri"]});
    create(&p, &client, &project, body).await.expect(201);
    let key = forgotten["sourceUri"]
        .as_str()
        .unwrap()
        .splitn(4, '/')
        .nth(3)
        .unwrap()
        .to_owned();
    let half = p
        .app
        .objects
        .bucket()
        .at(&client.namespace, &format!("{key}half.wav"))
        .unwrap();
    p.app
        .objects
        .multipart_begin(&half, "audio/wav")
        .await
        .unwrap();
    assert_eq!(p.stored(&client.namespace).await, (2, 1));
    sqlx::query("update uploads set created_at = created_at - interval '2 days'")
        .execute(&p.rows)
        .await
        .unwrap();
    let swept = run(&p, "forgotten-uploads", &[]).await;
    assert!(swept.status.success(), "{swept:?}");
    assert_eq!(p.stored(&client.namespace).await, (1, 0));
}
