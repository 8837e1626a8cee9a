//! What a page in a browser needs of the API beyond what a program does.

use std::time::Duration;

use datacrowd_crds::{Dataset, Export, Project};
use datacrowd_testkit::eventually;
use kube::{
    Api,
    api::{Patch, PatchParams},
    core::NamespaceResourceScope,
};
use reqwest::{Method, Response, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Platform, answer};

const COOKIE: &str = "__Secure-datacrowd-refresh=";

/// The cookie that an answer sets: its value, then its attributes.
fn cookie(response: &Response) -> (String, String) {
    let set = response.headers()[header::SET_COOKIE].to_str().unwrap();
    let (value, attributes) = set.strip_prefix(COOKIE).unwrap().split_once("; ").unwrap();
    (value.to_owned(), attributes.to_owned())
}

async fn post(p: &Platform, path: &str, cookie: &str, body: Value) -> Response {
    let request = p.http.post(format!("{}/api/v1{path}", p.url)).json(&body);
    let request = request.header(header::COOKIE, format!("theme=dark; {COOKIE}{cookie}"));
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_its_refresh_token_where_no_script_reads_it() {
    let p = Platform::start().await;
    p.register("wanda").await;
    let body = json!({"login": "wanda", "password": PASSWORD, "session": "COOKIE"});
    let begun = post(&p, "/auth/login", "", body).await;
    let (first, attributes) = cookie(&begun);
    assert_eq!(
        attributes,
        "Path=/api/v1/auth; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict"
    );
    assert!(begun.json::<Value>().await.unwrap()["refreshToken"].is_null());

    // Two tabs at once, of which the second sends what the first has used.
    let tab = post(&p, "/auth/refresh", &first, json!({})).await;
    let other = post(&p, "/auth/refresh", &first, json!({})).await;
    let (second, _) = cookie(&tab);
    assert_eq!(cookie(&other).0, second);
    assert_ne!(first, second);
    let tab: Value = tab.json().await.unwrap();
    assert!(tab["refreshToken"].is_null());
    let token = tab["accessToken"].as_str();
    p.call(token, Method::GET, "/me", None).await.expect(200);

    let ended = post(&p, "/auth/logout", &second, json!({})).await;
    assert_eq!(ended.status(), 204);
    let (value, attributes) = cookie(&ended);
    assert!(value.is_empty() && attributes.contains("Max-Age=0;"));
    p.call(token, Method::GET, "/me", None)
        .await
        .refused(401, "session_over");
    let over = post(&p, "/auth/refresh", &second, json!({})).await;
    assert_eq!(over.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_in_the_body_or_a_cookie_nothing_is_refreshed() {
    let p = Platform::start().await;
    for path in ["/auth/refresh", "/auth/logout"] {
        let refused = p
            .call(None, Method::POST, path, Some(json!({})))
            .await
            .refused(422, "invalid_request");
        assert!(refused["details"]["refreshToken"].is_string(), "{refused}");
    }
    p.register("wanda").await;
    let unknown = json!({"login": "wanda", "password": PASSWORD, "session": "LOCAL_STORAGE"});
    p.call(None, Method::POST, "/auth/login", Some(unknown))
        .await
        .refused(422, "invalid_request");
}

async fn read(p: &Platform, client: &Actor, path: &str, known: Option<&str>) -> Response {
    let mut request = p.http.get(format!("{}{path}", p.url));
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    request.bearer_auth(&client.token).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_has_already_is_not_sent_again() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let path = format!("/projects/{project}");
    for path in [&path, "/projects", &format!("{path}/datasets")] {
        let first = read(&p, &client, path, None).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let weak = format!("\"x\", W/{tag}");
        for known in [tag.as_str(), &weak, "*"] {
            let again = read(&p, &client, path, Some(known)).await;
            assert_eq!((again.status().as_u16(), known), (304, known), "{path}");
            assert_eq!(again.headers()[header::ETAG], tag);
            assert!(again.bytes().await.unwrap().is_empty());
        }
        let unknown = read(&p, &client, path, Some("\"x\"")).await;
        assert_eq!(unknown.status(), 200);
    }
    // Counters are part of the body, not of the generation, which a change is compared with.
    let before = read(&p, &client, &path, None).await.headers()[header::ETAG].clone();
    p.loaded(&client, &project, 3, 10).await;
    let after = read(&p, &client, &path, Some(before.to_str().unwrap())).await;
    assert_eq!(after.status(), 200);
    assert_ne!(after.headers()[header::ETAG], before);
    let change = p
        .http
        .patch(format!("{}{path}", p.url))
        .bearer_auth(&client.token)
        .header(header::IF_MATCH, before)
        .json(&json!({"paused": true}));
    answer(change).await.expect(200);
}

/// Applies a manifest as `kubectl apply --server-side` does; the generation before and after.
async fn apply<K>(p: &Platform, client: &Actor, manifest: &Value) -> (i64, i64)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Serialize
        + DeserializeOwned
        + Clone
        + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(p.cluster.clone(), &client.namespace);
    let name = manifest["metadata"]["name"].as_str().unwrap();
    let before = api.get(name).await.unwrap().meta().generation.unwrap();
    let params = PatchParams::apply("kubectl");
    let applied = api.patch(name, &params, &Patch::Apply(manifest)).await;
    (before, applied.unwrap().meta().generation.unwrap())
}

async fn manifest(p: &Platform, client: &Actor, path: &str) -> Value {
    let response = read(p, client, &format!("{path}/manifest"), None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/yaml");
    let text = response.text().await.unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_is_had_as_a_manifest_that_applies_unchanged() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let token = Some(client.token.as_str());
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let dataset = p.loaded(&client, &project, 3, 10).await;
    let export = p
        .call(
            token,
            Method::POST,
            &format!("/projects/{project}/export"),
            Some(json!({"format": "JSONL"})),
        )
        .await
        .expect(202)["exportId"]
        .as_str()
        .unwrap()
        .to_owned();

    let of_project = manifest(&p, &client, &format!("/projects/{project}")).await;
    let of_dataset = manifest(&p, &client, &format!("/datasets/{dataset}")).await;
    let of_export = manifest(&p, &client, &format!("/exports/{export}")).await;
    for (found, kind) in [
        (&of_project, "Project"),
        (&of_dataset, "Dataset"),
        (&of_export, "Export"),
    ] {
        assert_eq!(found["kind"], kind);
        assert_eq!(found["metadata"]["namespace"], client.namespace);
        assert!(found["status"].is_null() && found["metadata"]["uid"].is_null());
    }
    let (before, after) = apply::<Project>(&p, &client, &of_project).await;
    assert_eq!(before, after);
    let (before, after) = apply::<Dataset>(&p, &client, &of_dataset).await;
    assert_eq!(before, after);
    let (before, after) = apply::<Export>(&p, &client, &of_export).await;
    assert_eq!(before, after);

    let stranger = p.client("carl").await;
    for path in [
        format!("/projects/{project}/manifest"),
        format!("/datasets/{dataset}/manifest"),
        format!("/exports/{export}/manifest"),
    ] {
        p.call(Some(&stranger.token), Method::GET, &path, None)
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_what_the_operator_says() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let path = format!("/projects/{project}");
    let token = Some(client.token.as_str());
    let read = async || p.call(token, Method::GET, &path, None).await.expect(200);
    let shown = read().await;
    assert_eq!(shown["conditions"], json!([]), "no operator runs here");
    let said = json!([{"type": "Ready", "status": "False", "reason": "PaymentRequired", "message": "Pay.",
        "observedGeneration": 1, "lastTransitionTime": "2026-11-27T08:00:00Z"}]);
    let api: Api<Project> = Api::namespaced(p.cluster.clone(), &client.namespace);
    let status = json!({"status": {"conditions": said}});
    let name = shown["name"].as_str().unwrap();
    api.patch_status(name, &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let shown = read().await;
    let expected = json!([{"type": "Ready", "status": "False", "reason": "PaymentRequired", "message": "Pay.",
        "lastTransitionTime": "2026-11-27T08:00:00Z"}]);
    assert_eq!(shown["conditions"], expected);
    // Without the resource there is an answer all the same.
    api.delete(name, &kube::api::DeleteParams::default())
        .await
        .unwrap();
    gone(&api, name).await;
    let shown = read().await;
    assert!(shown["conditions"].is_null());
}

async fn gone(api: &Api<Project>, name: &str) {
    eventually(Duration::from_secs(20), || async {
        api.get_opt(name).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sees_how_far_a_project_is() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.grant(&project, 100).await;
    p.loaded(&client, &project, 3, 2).await;
    let (_, wanda) = p.register("wanda").await;
    let progress = async |who: &str| {
        let path = format!("/work/projects/{project}");
        p.call(Some(who), Method::GET, &path, None)
            .await
            .expect(200)["progress"]
            .clone()
    };
    assert_eq!(
        progress(&wanda).await,
        json!({"open": 3, "mine": 0, "done": 0})
    );
    let tasks = p.claim(&wanda, &project, 1).await.expect(200)["tasks"].clone();
    p.submit(&wanda, &tasks[0], "1").await.expect(201);
    assert_eq!(
        progress(&wanda).await,
        json!({"open": 2, "mine": 1, "done": 1})
    );
    let (_, wim) = p.register("wim").await;
    assert_eq!(
        progress(&wim).await,
        json!({"open": 2, "mine": 0, "done": 1})
    );
    let mine = p
        .call(Some(&wanda), Method::GET, "/me/answers", None)
        .await
        .expect(200);
    assert_eq!(mine["items"][0]["projectDisplayName"], "Reviews");
}
