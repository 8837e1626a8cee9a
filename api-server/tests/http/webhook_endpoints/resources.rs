//! An endpoint is a resource: REST writes it, the operator tells of it, and the row follows whoever spoke last.

use datacrowd_crds::Webhook;
use futures::future::join_all;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sink::{Says, Sink};
use crate::support::{Actor, Answer, Platform};

const GRANTED: &str = "io.datacrowd.quota.granted.v1";
const URL: &str = "https://example.com/hooks";

fn resources(p: &Platform, client: &Actor) -> Api<Webhook> {
    Api::namespaced(p.cluster.clone(), &client.namespace)
}

/// The client's tenant, as its namespace's label names it.
fn tenant(client: &Actor) -> &str {
    client.namespace.strip_prefix("dc-").unwrap()
}

/// What the operator would send of a resource of this name.
fn upsert(client: &Actor, name: &str, uid: Uuid, generation: i64, spec: Value) -> Value {
    json!({"namespace": client.namespace, "tenant": tenant(client), "name": name, "uid": uid, "generation": generation, "spec": spec})
}

async fn told(p: &Platform, body: Value) -> Answer {
    p.trusted(Method::PUT, "/internal/webhooks", Some(body))
        .await
}

async fn state(p: &Platform, client: &Actor, hook: &str) -> Value {
    let read = p
        .hooks(client, Method::GET, &format!("/{hook}"), None)
        .await;
    read.expect(200)
}

async fn disabled(p: &Platform, hook: &str) {
    sqlx::query("update webhook_endpoints set disabled_at = now(), disabled_reason = 'It answered 410 Gone.' where id = $1")
        .bind(hook.parse::<Uuid>().unwrap())
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_writes_a_resource_and_its_row_follows() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let body = json!({"url": URL, "eventTypes": [GRANTED], "projectId": project, "description": "Tells finance."});
    let made = p
        .hooks(&client, Method::POST, "", Some(body))
        .await
        .expect(201);
    let hook = made["id"].as_str().unwrap();
    let (namespace, name) = made["resource"].as_str().unwrap().split_once('/').unwrap();
    assert_eq!(namespace, client.namespace);
    assert!(name.starts_with("example-com-"), "{name}");
    let api = resources(&p, &client);
    let written = api.get(name).await.unwrap();
    assert_eq!(written.spec.url, URL);
    assert!(written.spec.project_ref.is_some() && written.spec.suspend.is_none());
    let manifest = p
        .hooks(&client, Method::GET, &format!("/{hook}/manifest"), None)
        .await;
    assert_eq!(manifest.status, StatusCode::OK);

    let change = json!({"url": "https://example.com/other", "suspended": true});
    let changed = p
        .hooks(&client, Method::PATCH, &format!("/{hook}"), Some(change))
        .await;
    assert_eq!(changed.expect(200)["state"], "SUSPENDED");
    let written = api.get(name).await.unwrap();
    assert_eq!(written.spec.url, "https://example.com/other");
    assert_eq!(written.spec.suspend, Some(true));
    assert_eq!(
        written.spec.event_types,
        [GRANTED],
        "what was not named stays"
    );

    // The operator may see an older spec later; nothing of it counts.
    let uid: Uuid = written.uid().unwrap().parse().unwrap();
    let stale = upsert(
        &client,
        name,
        uid,
        0,
        json!({"url": "https://example.com/stale"}),
    );
    assert_eq!(told(&p, stale).await.expect(200)["state"], "Suspended");

    let gone = p
        .hooks(&client, Method::DELETE, &format!("/{hook}"), None)
        .await;
    gone.expect(204);
    assert!(api.get_opt(name).await.unwrap().is_none());
    p.hooks(&client, Method::GET, &format!("/{hook}"), None)
        .await
        .refused(404, "not_found");
    let late = upsert(&client, name, uid, 9, json!({"url": URL}));
    told(&p, late).await.refused(410, "tombstoned");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_leaves_no_resource() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    p.hook(&client, URL, &[]).await;
    let twice = json!({"url": URL});
    let refused = p.hooks(&client, Method::POST, "", Some(twice)).await;
    refused.refused(409, "webhook_endpoint_taken");
    let odd = json!({"url": "https://example.com/x", "eventTypes": ["io.datacrowd.nothing.v1"]});
    p.hooks(&client, Method::POST, "", Some(odd))
        .await
        .refused(422, "invalid_request");
    let there = resources(&p, &client)
        .list(&Default::default())
        .await
        .unwrap();
    assert_eq!(there.items.len(), 1);
    // Two at once: the database takes one of them, and the other's resource goes again.
    let race = Some(json!({"url": "https://example.com/race"}));
    let both = (0..2).map(|_| p.hooks(&client, Method::POST, "", race.clone()));
    let said = join_all(both).await.into_iter().map(|answer| answer.status);
    let mut said: Vec<_> = said.collect();
    said.sort();
    assert_eq!(said, [StatusCode::CREATED, StatusCode::CONFLICT]);
    let there = resources(&p, &client)
        .list(&Default::default())
        .await
        .unwrap();
    assert_eq!(there.items.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_takes_over_the_endpoint_of_its_address_with_its_secret() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Sink::start(Says::Status(204)).await;
    let hook = p.hook(&client, &sink.url, &[GRANTED]).await;
    let secret = p.secret(&client, &hook).await;
    let resource = state(&p, &client, &hook).await["resource"].clone();
    let name = resource
        .as_str()
        .unwrap()
        .split('/')
        .next_back()
        .unwrap()
        .to_owned();
    // The cluster lost it: nobody told the platform.
    let api = resources(&p, &client);
    api.delete(&name, &DeleteParams::default()).await.unwrap();
    let suspended = json!({"description": "Told by hand."});
    let changed = p
        .hooks(&client, Method::PATCH, &format!("/{hook}"), Some(suspended))
        .await
        .expect(200);
    assert_eq!(changed["resource"], Value::Null, "REST speaks for it now");
    p.grant(&project, 1).await;
    p.dispatch().await;
    assert!(sink.heard()[0].is_signed_by(&secret));

    let uid = Uuid::now_v7();
    let spec = json!({"url": sink.url, "eventTypes": [GRANTED]});
    let view = told(&p, upsert(&client, "finance", uid, 1, spec.clone()))
        .await
        .expect(200);
    assert_eq!(
        (&view["adopted"], view["id"].as_str()),
        (&json!(true), Some(&*hook))
    );
    p.grant(&project, 1).await;
    p.dispatch().await;
    assert!(sink.heard()[1].is_signed_by(&secret));
    assert_eq!(
        p.deliveries(&client, &hook).await.len(),
        2,
        "its history stays"
    );

    // Another incarnation of its name replaces it, for ever.
    let second = Uuid::now_v7();
    let view = told(&p, upsert(&client, "finance", second, 1, spec.clone()))
        .await
        .expect(200);
    assert_eq!(
        (&view["adopted"], view["id"].as_str()),
        (&json!(true), Some(&*hook))
    );
    told(&p, upsert(&client, "finance", uid, 2, spec))
        .await
        .refused(410, "tombstoned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_spec_enables_what_was_disabled_and_so_does_rest() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let uid = Uuid::now_v7();
    let spec = json!({"url": URL});
    let view = told(&p, upsert(&client, "done", uid, 1, spec.clone()))
        .await
        .expect(200);
    let hook = view["id"].as_str().unwrap();
    disabled(&p, hook).await;
    let view = told(&p, upsert(&client, "done", uid, 1, spec.clone()))
        .await
        .expect(200);
    assert_eq!(view["state"], "Disabled");
    assert_eq!(view["disabledReason"], "It answered 410 Gone.");
    let view = told(&p, upsert(&client, "done", uid, 2, spec))
        .await
        .expect(200);
    assert_eq!(view["state"], "Active");

    let made = p.hook(&client, "https://example.com/other", &[]).await;
    disabled(&p, &made).await;
    let enable = json!({"suspended": false});
    let enabled = p
        .hooks(&client, Method::PATCH, &format!("/{made}"), Some(enable))
        .await;
    assert_eq!(enabled.expect(200)["state"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_manager_says_is_changed_there() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let api = resources(&p, &client);
    let mut webhook = Webhook::new(
        "gitops",
        serde_json::from_value(json!({"url": URL, "suspend": false})).unwrap(),
    );
    webhook.metadata.namespace = Some(client.namespace.clone());
    let params = PatchParams::apply("argocd");
    let written = api
        .patch("gitops", &params, &Patch::Apply(&webhook))
        .await
        .unwrap();
    let uid = written.uid().unwrap().parse().unwrap();
    let spec = json!({"url": URL, "suspend": false});
    let view = told(&p, upsert(&client, "gitops", uid, 1, spec))
        .await
        .expect(200);
    let hook = view["id"].as_str().unwrap();
    let change = json!({"suspended": true});
    let refused = p
        .hooks(&client, Method::PATCH, &format!("/{hook}"), Some(change))
        .await;
    let refused = refused.refused(409, "managed_elsewhere");
    assert!(
        refused["details"].to_string().contains("argocd"),
        "{refused}"
    );
    assert_eq!(state(&p, &client, hook).await["state"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_namespace_changes_hands_is_disabled_and_stays_its_owners() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let uid = Uuid::now_v7();
    let spec = json!({"url": URL});
    let view = told(&p, upsert(&client, "done", uid, 1, spec.clone()))
        .await
        .expect(200);
    let hook = view["id"].as_str().unwrap().to_owned();
    let departs = async |tenant: Value| {
        let body = json!({"kind": "Webhook", "uid": uid, "tenant": tenant});
        let said = p
            .trusted(Method::POST, "/internal/departures", Some(body))
            .await;
        said.expect(200)["departed"].clone()
    };
    assert_eq!(departs(json!(tenant(&client))).await, false);
    assert_eq!(departs(json!(tenant(&other))).await, true);
    assert_eq!(departs(json!(tenant(&other))).await, true, "asked again");
    let left = state(&p, &client, &hook).await;
    assert_eq!(
        (&left["state"], &left["resource"]),
        (&json!("DISABLED"), &Value::Null)
    );
    let mut theirs = upsert(&client, "done", uid, 2, spec.clone());
    theirs["tenant"] = json!(tenant(&other));
    told(&p, theirs).await.refused(409, "namespace_not_bound");
    // The label comes back, and with it the endpoint.
    assert_eq!(departs(json!(tenant(&client))).await, false);
    let view = told(&p, upsert(&client, "done", uid, 3, spec))
        .await
        .expect(200);
    assert_eq!(
        (view["id"].as_str(), &view["state"]),
        (Some(&*hook), &json!("Active"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_and_deletions_at_once_leave_one_endpoint_or_none() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    for round in 0..8 {
        let uid = Uuid::now_v7();
        let name = format!("race-{round}");
        let spec = json!({"url": format!("https://example.com/{round}")});
        let first = told(&p, upsert(&client, &name, uid, 1, spec.clone()))
            .await
            .expect(200);
        let hook = first["id"].as_str().unwrap().to_owned();
        let bodies = (2..8).map(|generation| upsert(&client, &name, uid, generation, spec.clone()));
        let upserts = join_all(bodies.map(|body| told(&p, body)));
        let path = format!("/internal/webhooks/{hook}?uid={uid}&policy=Retain");
        let removal = p.trusted(Method::DELETE, &path, None);
        let (said, removed) = tokio::join!(upserts, removal);
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        let fine = [StatusCode::OK, StatusCode::GONE];
        assert!(
            said.iter().all(|said| fine.contains(&said.status)),
            "{said:?}"
        );
    }
    let left: i64 = sqlx::query_scalar("select count(*) from webhook_endpoints")
        .fetch_one(&p.told.owner_pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_fifty_endpoints_however_they_come() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let bodies = (0..60).map(|n| {
        let spec = json!({"url": format!("https://example.com/{n}")});
        upsert(&client, &format!("w{n}"), Uuid::now_v7(), 1, spec)
    });
    let said = join_all(bodies.map(|body| told(&p, body))).await;
    let taken = said.iter().filter(|said| said.status == StatusCode::OK);
    assert_eq!(taken.count(), 50);
    let one_more = json!({"url": "https://example.com/more"});
    let refused = p.hooks(&client, Method::POST, "", Some(one_more)).await;
    refused.refused(409, "too_many_webhook_endpoints");
    let there = resources(&p, &client)
        .list(&Default::default())
        .await
        .unwrap();
    assert!(there.items.is_empty(), "nothing was written for it");
}
