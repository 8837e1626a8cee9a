//! The bell of the console: who is told, once, and what they choose.

use std::collections::BTreeSet;

use chrono::Utc;
use datacrowd_api_server::dispatch::people;
use datacrowd_labelling::BillingMode;
use datacrowd_notifications::Sink;
use reqwest::Method;
use serde_json::json;

use crate::{
    support::Platform,
    webhook_endpoints::sink::{Says, Sink as Receiver},
};

#[tokio::test(flavor = "multi_thread")]
async fn clients_hear_of_their_exports_and_nobody_else_does() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let project = p.project(&client, json!({})).await;
    let export = p.exported(&client, &project).await;
    p.tell_people().await;
    let told = p.notices(&client.token).await;
    assert_eq!(told["unread"], 1);
    let notice = &told["items"][0];
    assert_eq!(
        (&notice["topic"], &notice["type"], &notice["readAt"]),
        (
            &json!("EXPORTS"),
            &json!("io.datacrowd.export.ready.v1"),
            &json!(null)
        )
    );
    assert_eq!(notice["subject"], format!("exports/{export}"));
    assert_eq!(notice["data"]["exportId"], export.as_str());
    assert_eq!(notice["projectId"], project.as_str());
    assert_eq!(
        p.notices(&other.token).await,
        json!({"items": [], "nextCursor": null, "unread": 0})
    );
    let read = |token: String, up_to: i64| {
        let (p, body) = (&p, json!({"upTo": up_to}));
        let path = "/me/notifications/read";
        async move { p.call(Some(&token), Method::POST, path, Some(body)).await }
    };
    let id = notice["id"].as_i64().unwrap();
    let others = read(other.token.clone(), id).await.expect(200);
    assert_eq!(others, json!({"unread": 0}));
    let before = read(client.token.clone(), id - 1).await.expect(200);
    assert_eq!(before["unread"], 1, "what others read is theirs");
    let all = read(client.token.clone(), id).await.expect(200);
    assert_eq!(all["unread"], 0);
    assert!(p.notices(&client.token).await["items"][0]["readAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_hear_when_judgements_run_out_and_when_a_webhook_is_disabled() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let sink = Receiver::start(Says::Status(410)).await;
    p.hook(&client, &sink.url, &[]).await;
    p.grant(&project, 10).await;
    p.loaded(&client, &project, 9, 20).await;
    p.loaded(&client, &project, 1, 20).await;
    p.dispatch().await;
    p.tell_people().await;
    let told = p.notices(&client.token).await;
    let told = told["items"].as_array().unwrap().iter();
    let told = told.map(|n| (n["topic"].to_string(), n["type"].to_string()));
    let told: BTreeSet<_> = told.collect();
    let expected = [
        ("PAYMENTS", "quota.low"),
        ("PAYMENTS", "quota.exhausted"),
        ("WEBHOOKS", "webhook.disabled"),
    ];
    let expected = expected.map(|(topic, kind)| {
        (
            format!("\"{topic}\""),
            format!("\"io.datacrowd.{kind}.v1\""),
        )
    });
    assert_eq!(told, expected.into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_hears_what_happened_to_them_and_the_client_is_not_told_of_it() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 1, 2).await;
    let (wanda, token) = p.register("wanda").await;
    let (_, other) = p.register("wim").await;
    p.work(&token, &project, 1, "0").await;
    let wanda = p.known_as(&client, &project, &wanda).await;
    let block = format!("/projects/{project}/workers/{wanda}/block");
    p.call(Some(&client.token), Method::POST, &block, None)
        .await
        .expect(200);
    p.tell_people().await;
    let told = p.notices(&token).await;
    let types = told["items"].as_array().unwrap().iter();
    let types: Vec<_> = types.map(|n| n["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "io.datacrowd.worker.blocked.v1",
            "io.datacrowd.worker.added.v1"
        ]
    );
    for nobody in [&other, &client.token] {
        assert_eq!(p.notices(nobody).await["unread"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_hears_of_a_topic_by_the_ways_they_chose() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let path = "/me/notification-settings";
    let get = p.call(Some(&client.token), Method::GET, path, None);
    let settings = get.await.expect(200);
    assert_eq!(settings["language"], "en");
    assert_eq!(settings["emailAvailable"], false);
    let defaults = [
        ("EXPORTS", true),
        ("DATASETS", false),
        ("PAYMENTS", true),
        ("WEBHOOKS", true),
        ("QUALIFICATION", true),
    ];
    let defaults = defaults
        .map(|(t, email)| json!({"topic": t, "inApp": true, "email": email, "telegram": true}));
    assert_eq!(settings["topics"], json!(defaults));
    let off = json!({"topic": "EXPORTS", "inApp": false, "email": false, "telegram": false});
    let twice = json!({"topic": "EXPORTS", "inApp": true, "email": true, "telegram": true});
    let chosen = json!({"language": "ru", "topics": [twice, off]});
    let settings = p.choose(&client.token, chosen).await;
    assert_eq!(
        (&settings["language"], &settings["topics"][0]),
        (&json!("ru"), &off),
        "the last word counts"
    );
    assert_eq!(settings["topics"][1], defaults[1]);
    p.exported(&client, &project).await;
    p.tell_people().await;
    assert_eq!(p.notices(&client.token).await["items"], json!([]));
    for (body, member) in [
        (json!({"language": "de"}), "language"),
        (
            json!({"language": "en", "topics": [{"topic": "LUNCH", "inApp": true, "email": true, "telegram": true}]}),
            "topics[0].topic",
        ),
    ] {
        let refused = p
            .call(Some(&client.token), Method::PUT, path, Some(body))
            .await;
        let problem = refused.refused(422, "invalid_request");
        assert!(problem.to_string().contains(member), "{problem}");
    }
}

/// Two dispatchers at once, one that dies in the middle, and a stream that is told again from a backup: everybody hears once.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_dispatches_dies_or_dispatches_again_nobody_hears_twice() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    for _ in 0..3 {
        p.exported(&client, &project).await;
    }
    p.keep_stream().await;
    p.relay().await;
    let taken = p.notifications.sink_take(Sink::People, 2).await.unwrap();
    let taken = taken.unwrap();
    let alone = p.notifications.sink_take(Sink::People, 2).await.unwrap();
    assert!(alone.is_none(), "one at a time");
    let members = p.core.tenant_members(&taken.clients()).await.unwrap();
    let telling = taken.tell(&members, Utc::now());
    // Cut off wherever it is.
    let _ = tokio::time::timeout(std::time::Duration::from_micros(300), telling).await;
    let passes = (0..4).map(|_| async {
        for _ in 0..20 {
            people::pass(&p.notifications, &p.core, Utc::now())
                .await
                .unwrap();
        }
    });
    futures::future::join_all(passes).await;
    p.tell_people().await;
    p.tell_again().await;
    p.tell_people().await;
    let told = p.notices(&client.token).await;
    assert_eq!(told["unread"], 3, "{told}");
    assert_eq!(told["items"].as_array().unwrap().len(), 3);
    let page = p.call(
        Some(&client.token),
        Method::GET,
        "/me/notifications?limit=2",
        None,
    );
    let page = page.await.expect(200);
    let rest = format!(
        "/me/notifications?cursor={}",
        page["nextCursor"].as_str().unwrap()
    );
    let rest = p.call(Some(&client.token), Method::GET, &rest, None).await;
    assert_eq!(rest.expect(200)["items"], json!([told["items"][2]]));
}
