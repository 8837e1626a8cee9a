//! A hold that ends before its attempt does: another dispatcher begins one, and neither takes the other's place.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_notifications::{Attempted, Due, Verdict};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Platform;

/// How an attempt went.
fn went(due: &Due, status: u16, verdict: Verdict) -> Attempted {
    Attempted {
        took: Duration::from_millis(5),
        status: Some(status),
        answer: Some(String::new()),
        failure: (verdict != Verdict::Delivered).then(|| "It was slow.".to_owned()),
        verdict,
        ..Attempted::not_made(due)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_attempts_at_once_each_is_recorded_and_the_later_one_decides() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let hook = p.hook(&client, "https://example.com/hook", &[]).await;
    p.grant(&project, 1).await;
    p.relay().await;
    sqlx::query("delete from deliveries where id > (select min(id) from deliveries)")
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    let told = &p.notifications;
    let begin = async |now: DateTime<Utc>| {
        let until = now + TimeDelta::seconds(60);
        told.due(&[], 10, 10, now, until).await.unwrap()
    };
    let history = async || {
        let one = p.deliveries(&client, &hook).await[0].clone();
        let path = format!("/{hook}/deliveries/{}", one["id"]);
        let history = p.hooks(&client, Method::GET, &path, None).await.expect(200);
        let attempts = history["attempts"].as_array().unwrap().clone();
        let statuses: Vec<Value> = attempts.iter().map(|a| a["status"].clone()).collect();
        (one["state"].clone(), one["attempts"].clone(), statuses)
    };
    let now = Utc::now();
    let first = begin(now).await.remove(0);
    assert!(begin(now + TimeDelta::seconds(59)).await.is_empty());
    let later = now + TimeDelta::seconds(61);
    let second = begin(later).await.remove(0);
    assert_eq!((first.begun, second.begun, second.nth), (1, 2, 2));

    // The first one comes back late: it is in the history, and the second is under way as before.
    let again = Verdict::Again {
        after: Duration::ZERO,
        slow: None,
    };
    told.attempted(&[went(&first, 500, again)], later)
        .await
        .unwrap();
    assert!(begin(later + TimeDelta::seconds(1)).await.is_empty());
    let known = [Value::Null, json!(500)];
    assert_eq!(
        history().await,
        (json!("PENDING"), json!(2), known.to_vec())
    );
    // Whose turn did not come takes nothing back but its own.
    told.attempted(&[Attempted::not_made(&first)], later)
        .await
        .unwrap();
    assert_eq!(history().await.1, 2);
    told.attempted(&[went(&second, 204, Verdict::Delivered)], later)
        .await
        .unwrap();
    let known = [json!(204), json!(500)];
    assert_eq!(
        history().await,
        (json!("DELIVERED"), json!(2), known.to_vec())
    );
    // A delivery that is over stays so, and what comes later than that is in the history as well.
    told.attempted(&[went(&second, 500, again)], later)
        .await
        .unwrap();
    assert_eq!(history().await.0, "DELIVERED");
}
