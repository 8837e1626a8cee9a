//! E-mails, through a real mail server with STARTTLS.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_api_server::dispatch::mail::MailServer;
use datacrowd_testkit::{eventually, scaled};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{
    Method,
    header::{CONTENT_TYPE, LOCATION},
};
use serde_json::{Value, json};

use super::support::{mail_server, mailbox, source, text};
use crate::support::{Actor, Platform, Process};

const EXPORT_READY: &str = "io.datacrowd.export.ready.v1";

/// A client with a project, on a platform that sends e-mails.
async fn mailed() -> (Platform, Actor, String, String) {
    let p = Platform::start().await;
    p.with_mail().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let address = p.address(&client.token).await;
    (p, client, project, address)
}

/// The states and reasons of what was to be sent.
async fn messages(p: &Platform) -> Vec<(String, i32, Option<String>)> {
    sqlx::query_as("select state, attempts, failure from messages order by id")
        .fetch_all(&p.told.owner_pool())
        .await
        .unwrap()
}

async fn sent_by(p: &Platform, server: &MailServer, clock: fn() -> DateTime<Utc>) {
    let mailer = p.mailer(server, clock);
    while mailer.pass().await.unwrap() > 0 {}
}

fn header<'a>(source: &'a str, name: &str) -> &'a str {
    let begin = format!("{name}: ");
    let line = source.lines().find_map(|line| line.strip_prefix(&begin));
    line.unwrap_or_else(|| panic!("no {name} in {source}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_ready_is_told_by_email_with_a_link_and_a_way_out() {
    let (p, client, project, address) = mailed().await;
    let export = p.exported(&client, &project).await;
    p.tell_people().await;
    sent_by(&p, &mail_server(), Utc::now).await;
    sent_by(&p, &mail_server(), Utc::now).await;
    let came = mailbox(&p, &address).await;
    assert_eq!(came.len(), 1, "{came:?}");
    let page = format!("/exports/{export}");
    let name = p.call(Some(&client.token), Method::GET, &page, None);
    let name = name.await.expect(200)["name"].as_str().unwrap().to_owned();
    assert_eq!(
        came[0]["Subject"],
        format!("Export {name} is ready: 1 record")
    );
    let source = source(&p, &came[0]).await;
    assert_eq!(header(&source, "From"), "DataCrowd <noreply@example.com>");
    assert_eq!(header(&source, "Auto-Submitted"), "auto-generated");
    let page = format!("https://crowd.example.com/app/client/projects/{project}/exports");
    let text = text(&p, &came[0]).await;
    assert!(text.contains(&page), "{text}");
    let event = &p.notices(&client.token).await["items"][0];
    assert_eq!(event["type"], "io.datacrowd.export.ready.v1");
    assert!(header(&source, "Message-ID").ends_with("@crowd.example.com>"));
    assert_eq!(
        header(&source, "List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    let unsubscribe = header(&source, "List-Unsubscribe");
    let unsubscribe = unsubscribe.trim_matches(['<', '>']);
    let path = unsubscribe
        .strip_prefix("https://crowd.example.com")
        .unwrap();
    // A filter that follows links ends nothing.
    let page = p.http.get(format!("{}{path}", p.url)).send().await.unwrap();
    assert_eq!(page.status(), 303);
    assert_eq!(page.headers()[LOCATION], format!("/app{path}"));
    let settings = json!({"language": "ru"});
    assert_eq!(
        p.choose(&client.token, settings.clone()).await["topics"][0]["email"],
        true
    );
    // As mail programs do it, without a session.
    let click = p.http.post(format!("{}{path}", p.url));
    let form = "application/x-www-form-urlencoded";
    let click = click
        .header(CONTENT_TYPE, form)
        .body("List-Unsubscribe=One-Click");
    let click = click.send().await;
    let ended: Value = click.unwrap().json().await.unwrap();
    assert_eq!(ended, json!({"topic": "EXPORTS"}));
    assert_eq!(
        p.choose(&client.token, settings).await["topics"][0]["email"],
        false
    );
    p.exported(&client, &project).await;
    p.tell_people().await;
    sent_by(&p, &mail_server(), Utc::now).await;
    assert_eq!(mailbox(&p, &address).await.len(), 1);
    assert_eq!(
        p.notices(&client.token).await["unread"],
        2,
        "the console tells still"
    );
    for token in ["nonsense", "a.b", &path[13..path.len() - 2], "%0d%0a"] {
        for method in [Method::GET, Method::POST] {
            let path = format!("/unsubscribe/{token}");
            let answer = p.call(None, method.clone(), &path, None).await;
            match method == Method::POST || token.contains('%') {
                true => drop(answer.refused(404, "unsubscribe_unknown")),
                false => assert_eq!(answer.status, 303),
            }
        }
    }
}

/// Also what waits already, when somebody says so.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_wanted_any_more_does_not_come() {
    let (p, client, project, address) = mailed().await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    let off = json!({"topic": "EXPORTS", "inApp": true, "email": false, "telegram": true});
    p.choose(&client.token, json!({"language": "en", "topics": [off]}))
        .await;
    sent_by(&p, &mail_server(), Utc::now).await;
    assert!(mailbox(&p, &address).await.is_empty());
    assert_eq!(messages(&p).await[0].0, "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_for_russian_is_written_to_in_russian() {
    let (p, client, project, address) = mailed().await;
    p.choose(&client.token, json!({"language": "ru"})).await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    sent_by(&p, &mail_server(), Utc::now).await;
    let came = mailbox(&p, &address).await;
    let subject = came[0]["Subject"].as_str().unwrap();
    assert!(subject.ends_with(" готова, записей: 1"), "{subject}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_whom_the_server_refuses_is_not_tried_again() {
    let p = Platform::start().await;
    p.with_mail().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let refused = format!("{}@refused.example", uuid::Uuid::new_v4().simple());
    sqlx::query("update users set email = $1 where role = 'client'")
        .bind(&refused)
        .execute(&p.auth.owner_pool())
        .await
        .unwrap();
    p.exported(&client, &project).await;
    p.tell_people().await;
    sent_by(&p, &mail_server(), Utc::now).await;
    let messages = messages(&p).await;
    let [(state, attempts, Some(failure))] = messages.as_slice() else {
        panic!("{messages:?}");
    };
    assert_eq!((state.as_str(), attempts), ("failed", &1));
    assert!(
        failure == "The mail server answered 550 5.1.0.",
        "{failure}"
    );
}

static MINUTES: AtomicI64 = AtomicI64::new(0);

fn simulated() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(MINUTES.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_for_an_hour_loses_no_message() {
    let (p, client, project, address) = mailed().await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    let away = MailServer {
        url: "smtp://127.0.0.1:1".parse().unwrap(),
        ..mail_server()
    };
    for minute in 0..60 {
        MINUTES.store(minute, Ordering::Relaxed);
        sent_by(&p, &away, simulated).await;
    }
    let waiting = messages(&p).await;
    let [(state, attempts, Some(failure))] = waiting.as_slice() else {
        panic!("{waiting:?}");
    };
    assert_eq!(state, "pending");
    assert!((3..=5).contains(attempts), "{attempts}");
    assert!(
        failure.starts_with("The mail server cannot be reached"),
        "{failure}"
    );
    for minute in (60..60 * 4).step_by(10) {
        MINUTES.store(minute, Ordering::Relaxed);
        sent_by(&p, &mail_server(), simulated).await;
    }
    let came = mailbox(&p, &address).await;
    assert_eq!(came.len(), 1);
    assert_eq!(messages(&p).await[0].0, "sent");
    // Made of what is the same in every attempt.
    let events = p.events(&client, &project).await;
    let ready = events.iter().find(|e| e["type"] == EXPORT_READY).unwrap();
    let me = p.call(Some(&client.token), Method::GET, "/me", None).await;
    let (event, me) = (ready["id"].as_str().unwrap(), me.expect(200));
    let user = me["id"].as_str().unwrap();
    let id = format!("<{event}.{user}@crowd.example.com>");
    assert_eq!(header(&source(&p, &came[0]).await, "Message-ID"), id);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_a_server_whose_certificate_nobody_knows() {
    let (p, client, project, address) = mailed().await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    let unknown = MailServer {
        ca: None,
        ..mail_server()
    };
    sent_by(&p, &unknown, Utc::now).await;
    let waiting = messages(&p).await;
    let failure = waiting[0].2.as_deref().unwrap_or_default();
    assert!(failure.starts_with("No TLS could be spoken"), "{waiting:?}");
    assert_eq!(waiting[0].0, "pending");
    assert!(mailbox(&p, &address).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_stops_sending_keeps_nothing_for_later() {
    let (p, client, project, _) = mailed().await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    let channel = datacrowd_notifications::Channel::Email;
    let none = p.notifications.channel_close(channel, Utc::now());
    none.await.unwrap();
    assert_eq!(messages(&p).await[0].0, "failed");
    p.exported(&client, &project).await;
    p.tell_people().await;
    assert_eq!(messages(&p).await.len(), 1);
}

/// Whoever is shut out is told nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_gets_no_mail() {
    let (p, client, project, address) = mailed().await;
    p.exported(&client, &project).await;
    p.tell_people().await;
    sqlx::query("update users set status = 'disabled' where role = 'client'")
        .execute(&p.auth.owner_pool())
        .await
        .unwrap();
    sent_by(&p, &mail_server(), Utc::now).await;
    assert_eq!(messages(&p).await[0].0, "failed");
    assert!(mailbox(&p, &address).await.is_empty());
}

/// Killed at any moment, it sends each message, some of them twice, under one name.
#[tokio::test(flavor = "multi_thread")]
async fn killed_dispatchers_lose_no_message() {
    let (p, client, project, address) = mailed().await;
    let (exports, kills) = (scaled(6, 40), scaled(3, 40));
    for _ in 0..exports {
        p.exported(&client, &project).await;
    }
    p.tell_people().await;
    let url = std::env::var("TEST_SMTP_URL").unwrap();
    let ca = std::env::var("TEST_SMTP_CA").unwrap();
    let mail = [
        ("DATACROWD_SMTP_URL", url.as_str()),
        ("DATACROWD_SMTP_CA", ca.as_str()),
        ("DATACROWD_MAIL_FROM", "DataCrowd <noreply@example.com>"),
    ];
    let mut chance = StdRng::seed_from_u64(17);
    for _ in 0..kills {
        let mut dispatcher = Process::dispatch_with(&p, &mail).await;
        let pause = Duration::from_millis(chance.random_range(0..60));
        tokio::time::sleep(pause).await;
        dispatcher.child.kill().await.unwrap();
        // Whoever died held them for a minute.
        sqlx::query("update messages set due_at = now() where state = 'pending'")
            .execute(&p.told.owner_pool())
            .await
            .unwrap();
    }
    let _dispatcher = Process::dispatch_with(&p, &mail).await;
    eventually(Duration::from_secs(30), || async {
        let all = messages(&p).await;
        all.iter().all(|(state, ..)| state == "sent").then_some(())
    })
    .await;
    let came = mailbox(&p, &address).await;
    let names: BTreeSet<_> = came.iter().map(|m| m["MessageID"].to_string()).collect();
    assert_eq!(names.len(), exports, "{came:?}");
}
