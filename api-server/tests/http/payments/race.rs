//! The last unit of quota goes to one of sixty-four.

use std::sync::Arc;

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::{ids::PaymentId, payment::PaymentGrant};
use datacrowd_testkit::scaled;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Platform, Run};

const SPENDERS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_spenders_never_share_the_last_unit_and_never_leave_it() {
    let rounds = scaled(20, 1000);
    let p = Arc::new(Platform::with_billing(BillingMode::Stripe).await);
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let grant = async |judgements| {
        let grant = PaymentGrant {
            payment: PaymentId(Uuid::new_v4()),
            project: project.parse().unwrap(),
            judgements,
            pending: false,
            version: 1,
        };
        p.core.payment_grant(&grant).await.unwrap();
    };
    // One unit opens the gate for everybody; nothing is spent before a chunk is loaded.
    grant(1).await;
    let mut spenders = Vec::new();
    for _ in 0..SPENDERS {
        let uploaded = p
            .upload(
                &client,
                &project,
                "items.csv",
                b"id,text\n1,a\n".to_vec(),
                1000,
            )
            .await
            .expect(201);
        let dataset = uploaded["id"].as_str().unwrap();
        p.call(
            Some(&client.token),
            Method::POST,
            &format!("/datasets/{dataset}/generate-tasks"),
            Some(json!({})),
        )
        .await
        .expect(202);
        let run = Run::open(&p, &client, dataset, "pod").await;
        spenders.push(Arc::new((run, std::sync::atomic::AtomicI64::new(1))));
    }
    for round in 0..rounds {
        if round > 0 {
            grant(1).await;
        }
        let spent = join_all(spenders.iter().map(|spender| {
            let (p, spender) = (p.clone(), spender.clone());
            tokio::spawn(async move {
                let (run, next) = &*spender;
                let row = next.load(std::sync::atomic::Ordering::SeqCst);
                let answer = run.load(&p, row, row).await;
                match answer.status.as_u16() {
                    200 => {
                        next.store(row + 1, std::sync::atomic::Ordering::SeqCst);
                        answer.body["inserted"].as_i64().unwrap()
                    }
                    402 => answer.body["details"]["accepted"].as_i64().unwrap(),
                    _ => panic!("{answer:?}"),
                }
            })
        }))
        .await;
        let spent: i64 = spent.into_iter().map(Result::unwrap).sum();
        assert_eq!(spent, 1, "round {round}");
    }
    assert_eq!(
        p.billing_of(&client, &project).await,
        json!({"status": "PAID", "taskQuota": rounds, "tasksUsed": rounds, "debt": 0})
    );
    assert_eq!(
        p.count("select count(*) from tasks").await,
        rounds,
        "what was charged is there"
    );
}
