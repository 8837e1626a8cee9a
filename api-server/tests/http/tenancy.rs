//! Nothing of another tenant is readable or guessable; an identity has one binding at a time.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_things_do_not_exist() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let (clara, carl) = (p.client("clara").await, p.client("carl").await);
    let project = p.project(&clara, json!({})).await;
    let dataset = p.loaded(&clara, &project, 1, 1).await;
    let nothing = Uuid::now_v7();
    for path in [
        format!("/projects/{project}"),
        format!("/projects/{nothing}"),
        format!("/datasets/{dataset}"),
        format!("/projects/{project}/datasets"),
        "/projects/not-an-id".into(),
    ] {
        p.call(Some(&carl.token), Method::GET, &path, None)
            .await
            .refused(404, "not_found");
    }
    p.call(
        Some(&carl.token),
        Method::POST,
        &format!("/projects/{project}/export"),
        Some(json!({"format": "CSV"})),
    )
    .await
    .refused(404, "not_found");
    let mine = p
        .call(Some(&carl.token), Method::GET, "/projects", None)
        .await
        .expect(200);
    assert_eq!(mine["items"], json!([]));
    let foreign = p.runner_token(&carl.namespace).await;
    let run: Uuid = sqlx::query_scalar("select id from runs")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    // Neither is told from one that does not exist.
    let told = async |run: Uuid, what: &str, body: Value| {
        let path = format!("/internal/runs/{run}/{what}");
        let mut refused = p
            .runner(&foreign, &path, body)
            .await
            .refused(404, "not_found");
        for own in ["path", "timestamp", "correlationId"] {
            refused.as_object_mut().unwrap().remove(own).unwrap();
        }
        refused
    };
    let of_epoch = json!({"epoch": 1});
    for (what, body) in [
        ("open", json!({"podUid": "pod"})),
        ("heartbeat", of_epoch.clone()),
        ("source-url", of_epoch),
        ("parts", json!({"epoch": 1, "partNumber": 1})),
        (
            "complete",
            json!({"epoch": 1, "outcome": "Failed", "rows": 0}),
        ),
    ] {
        let (theirs, nobodys) = (
            told(run, what, body.clone()).await,
            told(nothing, what, body).await,
        );
        assert_eq!(theirs, nobodys, "{what}");
    }
    p.runner(
        "not-a-token",
        &format!("/internal/runs/{run}/open"),
        json!({"podUid": "pod"}),
    )
    .await
    .refused(401, "runner_token_wrong");
    let trusted = p
        .http
        .put(format!("{}/internal/projects", p.internal))
        .json(&json!({}));
    crate::support::answer(trusted)
        .await
        .refused(401, "internal_token_missing");
    let wrong = p
        .http
        .put(format!("{}/internal/projects", p.internal))
        .header("x-internal-token", "wrong")
        .json(&json!({}));
    crate::support::answer(wrong)
        .await
        .refused(403, "internal_token_wrong");
    let foreign_uri = json!({"sourceUri": format!("s3://datacrowd/{}/items.csv", clara.namespace)});
    let carls = p.project(&carl, json!({})).await;
    let refused = p
        .call(
            Some(&carl.token),
            Method::POST,
            &format!("/projects/{carls}/datasets"),
            Some(foreign_uri),
        )
        .await
        .refused(422, "invalid_request");
    assert!(
        refused["details"]["sourceUri"]
            .as_str()
            .unwrap()
            .contains(&carl.namespace),
        "{refused}"
    );
}

fn upsert(uid: Uuid, generation: i64, display_name: &str) -> Value {
    json!({"namespace": "team-a", "tenant": "team-a", "name": "reviews", "uid": uid, "generation": generation,
           "spec": {"displayName": display_name, "dataType": "Text", "labeling": {"fields": [{"name": "ok", "type": "Boolean"}]}}})
}

/// Whoever may ask for tokens gets one that outlives every pod.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_no_pod_is_no_runners() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let path = format!("/internal/runs/{}/open", Uuid::now_v7());
    let body = json!({"podUid": "pod"});
    let of_a_pod = p.runner_token(&clara.namespace).await;
    p.runner(&of_a_pod, &path, body.clone())
        .await
        .refused(404, "not_found");
    let of_none = p.account_token(&clara.namespace, None).await;
    p.runner(&of_none, &path, body)
        .await
        .refused(401, "runner_token_wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_converge_in_any_order_and_a_replaced_uid_never_speaks_again() {
    let p = Platform::start().await;
    let (old, new) = (Uuid::new_v4(), Uuid::new_v4());
    let put = async |body: Value| {
        p.trusted(Method::PUT, "/internal/projects", Some(body))
            .await
    };
    let first = put(upsert(old, 2, "two")).await.expect(200);
    let late = put(upsert(old, 1, "one")).await.expect(200);
    assert_eq!(first["id"], late["id"]);
    let name: String = sqlx::query_scalar("select display_name from projects")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert_eq!(name, "two", "an older generation changes nothing");
    let adopted = put(upsert(new, 1, "again")).await.expect(200);
    assert_eq!(
        (&adopted["id"], &adopted["adopted"]),
        (&first["id"], &json!(true))
    );
    put(upsert(old, 3, "three"))
        .await
        .refused(410, "tombstoned");
    let settled = p.count("select count(*) from events").await;
    put(upsert(new, 1, "again")).await.expect(200);
    assert_eq!(
        p.count("select count(*) from events").await,
        settled,
        "a repeat changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unacceptable_spec_leaves_the_last_one_in_force() {
    let p = Platform::start().await;
    let uid = Uuid::new_v4();
    p.trusted(
        Method::PUT,
        "/internal/projects",
        Some(upsert(uid, 1, "one")),
    )
    .await
    .expect(200);
    let mut bad = upsert(uid, 2, "two");
    bad["spec"]["labeling"]["fields"] = json!([{"name": "pick", "type": "SingleChoice"}]);
    let view = p
        .trusted(Method::PUT, "/internal/projects", Some(bad))
        .await
        .expect(200);
    assert!(
        view["refusal"]
            .as_str()
            .unwrap()
            .contains("labeling.fields[0].options"),
        "{view}"
    );
    assert_eq!(view["labelingVersion"], 1);
    let healed = p
        .trusted(
            Method::PUT,
            "/internal/projects",
            Some(upsert(uid, 3, "three")),
        )
        .await
        .expect(200);
    assert!(healed["refusal"].is_null());
}
