//! Whatever an endpoint answers, it is told in time, and its client is told in words.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_api_server::dispatch::{attempt::Sender, deliver::Deliverer, egress::Egress};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::sink::{Says, Sink};
use crate::support::{Actor, Platform};

const GRANTED: &str = "io.datacrowd.quota.granted.v1";

/// A client with a project and an endpoint there.
async fn told(p: &Platform, url: &str) -> (Actor, String, String) {
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let hook = p.hook(&client, url, &[GRANTED]).await;
    p.grant(&project, 1).await;
    (client, project, hook)
}

fn seconds_until(next: &Value) -> i64 {
    let next: DateTime<Utc> = next.as_str().unwrap().parse().unwrap();
    (next - Utc::now()).num_seconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_judged_and_told_in_words() {
    let p = Platform::start().await;
    for (says, words, next) in [
        (
            Says::Status(500),
            "The answer was 500 Internal Server Error, where only 2xx counts.",
            2..=6,
        ),
        (Says::Status(404), "where only 2xx counts", 2..=6),
        (
            Says::With(301, "location", "http://127.0.0.1:1/".into()),
            "a redirect, which is not followed",
            2..=6,
        ),
        (
            Says::With(503, "retry-after", "9".into()),
            "where only 2xx counts",
            7..=9,
        ),
        (
            Says::With(503, "retry-after", "86400".into()),
            "where only 2xx counts",
            8..=10,
        ),
        (
            Says::With(429, "retry-after", "1".into()),
            "asked less often for a while",
            3..=5,
        ),
    ] {
        let sink = Sink::start(says.clone()).await;
        let (client, _, hook) = told(&p, &sink.url).await;
        p.dispatch().await;
        let delivery = p.deliveries(&client, &hook).await[0].clone();
        assert_eq!(
            (&delivery["state"], &delivery["attempts"]),
            (&json!("PENDING"), &json!(1)),
            "{says:?}"
        );
        assert!(
            delivery["lastFailure"].as_str().unwrap().contains(words),
            "{delivery}"
        );
        assert!(
            next.contains(&seconds_until(&delivery["nextAttemptAt"])),
            "{says:?}: {delivery}"
        );
        assert_eq!(
            sink.heard().len(),
            1,
            "a redirect is not followed, and nothing is tried at once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_asked_no_more_and_its_client_hears_so() {
    let p = Platform::start().await;
    let sink = Sink::start(Says::Status(410)).await;
    let (client, project, hook) = told(&p, &sink.url).await;
    let watch = Sink::start(Says::Status(204)).await;
    p.hook(&client, &watch.url, &["io.datacrowd.webhook.disabled.v1"])
        .await;
    p.dispatch().await;
    p.grant(&project, 1).await;
    p.dispatch().await;
    assert_eq!(sink.heard().len(), 1);
    let path = format!("/{hook}");
    let endpoint = p.hooks(&client, Method::GET, &path, None).await.expect(200);
    assert_eq!(
        (&endpoint["state"], &endpoint["pending"]),
        (&json!("DISABLED"), &json!(0))
    );
    let event = watch.heard()[0].event();
    assert_eq!(event["data"]["reason"], endpoint["disabledReason"]);
    crate::events::support::assert_valid(&[event]);
    sink.says(Says::Status(204));
    let enabled = p
        .hooks(
            &client,
            Method::PATCH,
            &path,
            Some(json!({"suspended": false})),
        )
        .await;
    assert_eq!(enabled.expect(200)["state"], "ACTIVE");
    p.grant(&project, 1).await;
    p.dispatch().await;
    assert_eq!(sink.heard().len(), 2);
}

static DAYS: AtomicI64 = AtomicI64::new(0);

fn simulated() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(DAYS.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_for_a_week_is_tried_ten_times_and_then_disabled() {
    let p = Platform::start().await;
    let sink = Sink::start(Says::Status(500)).await;
    let (client, project, hook) = told(&p, &sink.url).await;
    for hour in 0..7 * 24 {
        DAYS.store(hour, Ordering::Relaxed);
        if hour % 24 == 0 {
            p.grant(&project, 1).await;
        }
        p.dispatch_at(simulated).await;
    }
    let deliveries = p.deliveries(&client, &hook).await;
    let first = deliveries.last().unwrap();
    assert_eq!(
        (&first["state"], &first["attempts"]),
        (&json!("FAILED"), &json!(10))
    );
    let endpoint = p
        .hooks(&client, Method::GET, &format!("/{hook}"), None)
        .await
        .expect(200);
    let reason = endpoint["disabledReason"].as_str().unwrap();
    assert!(
        reason.starts_with(
            "Every attempt failed for 5 days, the latest one thus: The answer was 500"
        ),
        "{reason}"
    );
    let disabled: DateTime<Utc> = endpoint["disabledAt"].as_str().unwrap().parse().unwrap();
    let after = (disabled - Utc::now()).num_hours();
    assert!((5 * 24 - 1..6 * 24).contains(&after), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_takes_fifteen_seconds_of_its_own_and_nobody_else_s() {
    let p = Platform::start().await;
    let hanging = Sink::start(Says::After(Duration::from_mins(1))).await;
    let (client, project, hook) = told(&p, &hanging.url).await;
    let quick = Sink::start(Says::Status(204)).await;
    p.hook(&client, &quick.url, &[GRANTED]).await;
    for _ in 0..60 {
        p.grant(&project, 1).await;
    }
    p.relay().await;
    let mut deliverer = p.deliverer(Utc::now);
    let begun = Instant::now();
    while quick.heard().len() < 60 {
        deliverer.pass().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            quick.heard().len()
        );
    }
    assert!(
        hanging.heard().len() <= 16,
        "so many at once: {}",
        hanging.heard().len()
    );
    deliverer.drain().await;
    assert!(
        (14..20).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    let attempt = p.attempt(&client, &hook).await;
    let deliveries = p.deliveries(&client, &hook).await;
    let failed = deliveries
        .iter()
        .find(|d| !d["lastFailure"].is_null())
        .unwrap();
    assert!(
        failed["lastFailure"]
            .as_str()
            .unwrap()
            .starts_with("No answer came within 15 seconds"),
        "{attempt}"
    );
}

/// The name is asked for when the connection is made: an endpoint of a public name that leads inside is refused then.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_is_refused_when_it_is_called() {
    let p = Platform::start().await;
    let sink = Sink::start(Says::Status(204)).await;
    let url = sink.url.replace("127.0.0.1", "localhost");
    let (client, _, hook) = told(&p, &url).await;
    p.relay().await;
    let sender = Sender::new(Egress::default()).unwrap();
    let mut deliverer = Deliverer::new(p.notifications.clone(), sender, Utc::now);
    deliverer.pass().await.unwrap();
    deliverer.drain().await;
    let attempt = p.attempt(&client, &hook).await;
    let failure = attempt["failure"].as_str().unwrap();
    assert!(
        failure.starts_with("localhost is at") && failure.contains("no public address"),
        "{attempt}"
    );
    assert!(sink.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_cut_and_a_broken_one_is_explained() {
    let p = Platform::start().await;
    let sink = Sink::start(Says::Much(10 * 1024 * 1024)).await;
    let (client, _, hook) = told(&p, &sink.url).await;
    p.dispatch().await;
    let attempt = p.attempt(&client, &hook).await;
    assert_eq!(
        (
            attempt["status"].as_i64(),
            attempt["answer"].as_str().unwrap().len()
        ),
        (Some(200), 20_000)
    );
    assert!(attempt["failure"].is_null());

    // Whoever speaks no TLS.
    let garbage = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = garbage.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = garbage.accept().await {
            let _ = stream.write_all(b"\x15this is no TLS\r\n\r\n").await;
        }
    });
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, words) in [
        (format!("https://{address}/"), "No connection could be made"),
        (format!("http://{address}/"), "No answer could be read"),
        (format!("http://{closed}/"), "The connection was refused"),
        ("http://10.0.0.1/".to_owned(), "which is no public address"),
        (
            "http://[::ffff:192.168.0.1]/".to_owned(),
            "which is no public address",
        ),
        (
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "which is no public address",
        ),
        (
            "http://2130706434/".to_owned(),
            "which is no public address",
        ),
        ("https://nothing.invalid/".to_owned(), "leads to no address"),
    ] {
        let (client, _, hook) = told(&p, &url).await;
        p.dispatch().await;
        let attempt = p.attempt(&client, &hook).await;
        assert!(
            attempt["failure"].as_str().unwrap().contains(words),
            "{url}: {attempt}"
        );
        assert!(attempt["status"].is_null());
    }
}
