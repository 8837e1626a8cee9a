//! What is refused leaves nothing behind: no resource, no object.

use std::time::Duration;

use datacrowd_crds::{Dataset, Export, Project};
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use kube::Api;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    contract::project,
    support::{Actor, Answer, Platform, answer, env},
};

/// Lets the platform refuse whatever is bound from now on: as another tenant's that was faster.
const REFUSE: &str = "
    create function refuse() returns trigger language plpgsql as $$
        begin raise unique_violation using constraint = tg_table_name || '_bound_uid'; end $$;
    create trigger refuse before update of bound_uid on projects for each row execute function refuse();
    create trigger refuse before update of bound_uid on datasets for each row execute function refuse();
    create trigger refuse before update of bound_uid on exports for each row execute function refuse();";

/// Projects, Datasets and Exports of the client's namespace.
async fn resources(p: &Platform, client: &Actor) -> [usize; 3] {
    macro_rules! count {
        ($kind:ty) => {{
            let api = Api::<$kind>::namespaced(p.cluster.clone(), &client.namespace);
            let found = api.list(&Default::default()).await.unwrap();
            found.items.len()
        }};
    }
    [count!(Project), count!(Dataset), count!(Export)]
}

async fn create(p: &Platform, client: &Actor, path: &str, body: Value) -> Answer {
    p.call(Some(&client.token), Method::POST, path, Some(body))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_after_it_was_written_is_taken_back() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let id = p.project(&client, json!({})).await;
    let key = format!("{}/own.csv", client.namespace);
    p.put_object(&key, b"id,text\n1,a\n".to_vec()).await;
    let (before, stored) = (
        resources(&p, &client).await,
        p.stored(&client.namespace).await,
    );
    assert_eq!(before, [1, 0, 0]);
    sqlx::raw_sql(REFUSE).execute(&p.rows).await.unwrap();
    let (datasets, exports) = (
        format!("/projects/{id}/datasets"),
        format!("/projects/{id}/export"),
    );
    let uri = format!("s3://{}/{key}", env("TEST_S3_BUCKET"));
    for (path, body) in [
        ("/projects", project("Two")),
        (datasets.as_str(), json!({"sourceUri": uri})),
        (exports.as_str(), json!({"format": "CSV"})),
    ] {
        let refused = create(&p, &client, path, body).await;
        refused.refused(409, "namespace_not_bound");
        assert_eq!(resources(&p, &client).await, before, "{path}");
    }
    let csv = b"id,text\n1,a\n".to_vec();
    let refused = p.upload(&client, &id, "items.csv", csv, 10).await;
    refused.refused(409, "namespace_not_bound");
    assert_eq!(resources(&p, &client).await, before);
    eventually(Duration::from_secs(20), || async {
        let closed = "select count(*) from uploads where state = 'aborted'";
        let is_gone = p.stored(&client.namespace).await == stored && p.count(closed).await == 1;
        is_gone.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_known_before_is_refused_before_it_is_written() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let id = p.project(&client, json!({})).await;
    let before = resources(&p, &client).await;
    let export = format!("/projects/{id}/export");
    for since in [-1_i64, 10_000_000_000_000_000] {
        let body = json!({"format": "CSV", "since": since});
        let refused = create(&p, &client, &export, body).await;
        let details = refused.refused(422, "invalid_request")["details"].clone();
        assert!(details["since"].is_string(), "{details}");
    }
    assert_eq!(resources(&p, &client).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_repetition_leaves_what_the_first_try_made() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let post = async || {
        let request = p.http.post(format!("{}/projects", p.url));
        let request = request.bearer_auth(&client.token);
        answer(
            request
                .header("idempotency-key", "one")
                .json(&project("One")),
        )
        .await
    };
    post().await.expect(201);
    // As if the server had died before it stored the answer, and the project had been deleted since.
    for change in [
        "update idempotency_keys set status = null, headers = null, body = null, locked_until = now() - interval '1 second'",
        "insert into tombstones (uid, kind) select bound_uid, 'project' from projects",
    ] {
        sqlx::query(change).execute(&p.rows).await.unwrap();
    }
    post().await.refused(410, "tombstoned");
    assert_eq!(resources(&p, &client).await, [1, 0, 0]);
}
