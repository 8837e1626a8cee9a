//! A database that does not answer: requests are told to come again, and once it is back they are served.

use std::time::Duration;

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn while_a_database_is_away_requests_are_told_to_come_again() {
    join_all(["auth", "core", "payments"].map(outage)).await;
}

async fn outage(context: &str) {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let clara = p.client("clara").await;
    let project = p.project(&clara, json!({})).await;
    let (database, path) = match context {
        "auth" => (&p.auth, "/me/sessions".to_owned()),
        "core" => (&p.core_database, format!("/projects/{project}")),
        _ => (&p.payments, format!("/projects/{project}/ledger")),
    };
    let ask = async || p.call(Some(&clara.token), Method::GET, &path, None).await;
    ask().await.expect(200);
    database.refuse(true).await;
    let answers = join_all((0..8).map(|_| ask())).await;
    for answer in answers {
        assert_eq!(answer.headers["retry-after"], "5", "{context}: {answer:?}");
        answer.refused(503, "unavailable");
    }
    database.refuse(false).await;
    let served = async || (ask().await.status == 200).then_some(());
    eventually(Duration::from_secs(20), served).await;
}
