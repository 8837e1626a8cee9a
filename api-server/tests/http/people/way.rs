//! The ways to people, as whoever runs them sees them: what is told of them, how they end, and what is forgotten.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use datacrowd_api_server::dispatch::mail::MailServer;
use datacrowd_notifications::Channel;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::support::mail_server;
use crate::support::{Platform, Process};

/// A mail server that takes everything but this recipient, of whom it says so.
async fn refusing(of_recipient: &'static str) -> MailServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, of_recipient));
        }
    });
    MailServer {
        url: url.parse().unwrap(),
        plaintext: true,
        ca: None,
        ..mail_server()
    }
}

async fn talk(stream: TcpStream, of_recipient: &str) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    write.write_all(b"220 here\r\n").await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).unwrap_or_default() {
            "RCPT" => of_recipient,
            _ => "250 yes",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_says_nothing_of_the_way_and_a_server_without_room_does() {
    for (says, is_late) in [
        ("452 4.2.2 Mailbox full", false),
        ("451 4.3.1 No room here", true),
        ("450 busy", false),
    ] {
        let p = Platform::start().await;
        p.with_mail().await;
        let client = p.client("clara").await;
        let project = p.project(&client, json!({})).await;
        p.exported(&client, &project).await;
        p.tell_people().await;
        let backlog = async || p.notifications.messages_backlog(Channel::Email).await;
        let (rows, since) = backlog().await.unwrap();
        assert!(rows == 1 && since.is_some(), "before it was tried");
        let mailer = p.mailer(&refusing(says).await, Utc::now);
        assert_eq!(mailer.pass().await.unwrap(), 1);
        let (rows, since) = backlog().await.unwrap();
        assert_eq!((rows, since.is_some()), (1, is_late), "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_that_is_told_to_stop_waits_for_nobody_who_does_not_answer() {
    let p = Platform::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let telegram = [
        ("DATACROWD_TELEGRAM_TOKEN", "42:secret"),
        ("DATACROWD_TELEGRAM_API_URL", url.as_str()),
    ];
    let mut dispatcher = Process::dispatch_with(&p, &telegram).await;
    // It asks for the bot's name, and hears nothing.
    let asked = tokio::time::timeout(Duration::from_secs(20), listener.accept());
    let _asked = asked.await.unwrap().unwrap();
    dispatcher.terminate().await;
    let ended = tokio::time::timeout(Duration::from_secs(8), dispatcher.child.wait());
    let ended = ended.await.expect("it ends at once").unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_forgotten_in_steps() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let hook = p.hook(&client, "https://example.com/hook", &[]).await;
    let rows = p.told.owner_pool();
    let (old, young) = ("now() - interval '100 days'", "now() - interval '1 day'");
    let tables = [
        (
            "notices",
            "user_id, topic, event_id, event_at, created_at",
            "gen_random_uuid(), 'exports', gen_random_uuid(), T, T",
        ),
        (
            "messages",
            "user_id, channel, topic, event_id, event_at, due_at, created_at",
            "gen_random_uuid(), 'email', 'exports', gen_random_uuid(), T, T, T",
        ),
        (
            "deliveries",
            "endpoint_id, event_id, event_at, due_at, created_at",
            "'H', gen_random_uuid(), T, T, T",
        ),
        (
            "sink_queue",
            "sink, event_id, event_at",
            "'people', gen_random_uuid(), T",
        ),
    ];
    let mut set_up = vec![
        "create table steps (name text, many bigint)".to_owned(),
        "create function seen() returns trigger language plpgsql security definer as
         'begin insert into steps select tg_table_name, count(*) from gone; return null; end'"
            .to_owned(),
    ];
    for (table, columns, values) in tables {
        for (times, at) in [(2500, old), (3, young)] {
            let values = values.replace('T', at).replace('H', &hook);
            set_up.push(format!(
                "insert into {table} ({columns}) select {values} from generate_series(1, {times})"
            ));
        }
        set_up.push(format!(
            "create trigger seen after delete on {table} referencing old table as gone for each statement execute function seen()"
        ));
    }
    for sql in set_up {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&rows)
            .await
            .unwrap();
    }
    let now = Utc::now();
    let forgotten = p.notifications.retain(now - TimeDelta::days(90), now).await;
    forgotten.unwrap();
    let steps: Vec<(String, i64, i64)> = sqlx::query_as(
        "select name, max(many), sum(many)::bigint from steps group by name order by name",
    )
    .fetch_all(&rows)
    .await
    .unwrap();
    let expected = ["deliveries", "messages", "notices", "sink_queue"];
    let expected = expected.map(|table| (table.to_owned(), 1000, 2500));
    assert_eq!(steps, expected);
    for (table, ..) in tables {
        let sql = format!("select count(*) from {table}");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&rows)
            .await
            .unwrap();
        assert_eq!(left, 3, "{table}");
    }
}
