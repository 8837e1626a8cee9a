//! A bot of Telegram, over what stands for its API: `getUpdates` gives again what no offset confirmed, and a chat that blocked the bot is 403.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_api_server::dispatch::{
    messages::Way,
    telegram::{Bot, Heard},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Platform};

const TOKEN: &str = "42:secret";

#[derive(Default)]
struct Chats {
    updates: Vec<Value>,
    said: Vec<(i64, String)>,
    /// What a chat answers instead of taking a message.
    refusals: BTreeMap<i64, (u16, Value)>,
}

/// What stands for Telegram.
#[derive(Clone, Default)]
struct Telegram(Arc<Mutex<Chats>>);

impl Telegram {
    async fn start(&self) -> Bot {
        let method = |answer: fn(&mut Chats, Value) -> (u16, Value)| {
            post(
                move |State(telegram): State<Self>, Json(body): Json<Value>| async move {
                    let (status, answer) = answer(&mut telegram.0.lock().unwrap(), body);
                    (StatusCode::from_u16(status).unwrap(), Json(answer))
                },
            )
        };
        let at = |name: &str| format!("/bot{TOKEN}/{name}");
        let router = Router::new()
            .route(
                &at("getMe"),
                method(|_, _| {
                    (
                        200,
                        json!({"ok": true, "result": {"username": "crowd_bot"}}),
                    )
                }),
            )
            .route(&at("getUpdates"), method(updates))
            .route(&at("sendMessage"), method(say))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let public = "https://crowd.example.com".parse().unwrap();
        Bot::new(&url.parse().unwrap(), TOKEN, public).unwrap()
    }

    fn write(&self, chat: i64, kind: &str, text: &str) {
        let mut chats = self.0.lock().unwrap();
        let id = 1000 + chats.updates.len();
        chats.updates.push(json!({"update_id": id, "message": {
            "message_id": id, "chat": {"id": chat, "type": kind}, "from": {"id": chat, "language_code": "en"}, "text": text}}));
    }

    /// What a chat was told, and forgotten now.
    fn heard(&self, chat: i64) -> Vec<String> {
        let said = &mut self.0.lock().unwrap().said;
        let (theirs, others) = said.drain(..).partition(|(to, _)| *to == chat);
        *said = others;
        let theirs: Vec<(i64, String)> = theirs;
        theirs.into_iter().map(|(_, text)| text).collect()
    }

    fn refuse(&self, chat: i64, code: u16, more: Value) {
        let mut answer = json!({"ok": false, "error_code": code, "description": "Forbidden: bot was blocked by the user"});
        answer
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.0.lock().unwrap().refusals.insert(chat, (code, answer));
    }
}

fn updates(chats: &mut Chats, body: Value) -> (u16, Value) {
    let offset = body["offset"].as_i64().unwrap();
    chats
        .updates
        .retain(|u| u["update_id"].as_i64().unwrap() >= offset);
    (200, json!({"ok": true, "result": chats.updates}))
}

fn say(chats: &mut Chats, body: Value) -> (u16, Value) {
    let chat = body["chat_id"].as_i64().unwrap();
    if let Some(refusal) = chats.refusals.get(&chat) {
        return refusal.clone();
    }
    let text = body["text"].as_str().unwrap().to_owned();
    chats.said.push((chat, text));
    (200, json!({"ok": true, "result": {"message_id": 1}}))
}

async fn listen(p: &Platform, bot: &Bot) {
    let mut heard = Heard::default();
    let mut rounds = 0;
    // Whoever listened before has the right until its connection is closed.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while rounds < 2 {
        let listening = bot.listen(&p.notifications, &mut heard, Duration::ZERO, Utc::now);
        rounds += u32::from(listening.await.unwrap());
        assert!(tokio::time::Instant::now() < deadline, "alone");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The code that the bot gives out in a chat.
async fn code(p: &Platform, telegram: &Telegram, bot: &Bot, chat: i64) -> String {
    telegram.write(chat, "private", "/connect");
    listen(p, bot).await;
    let said = telegram.heard(chat);
    let [text] = said.as_slice() else {
        panic!("{said:?}");
    };
    let code = text.lines().next().unwrap().to_owned();
    assert_eq!(code.len(), 6, "{text}");
    assert!(
        text.contains("https://crowd.example.com/app/account"),
        "{text}"
    );
    code
}

async fn enter(p: &Platform, person: &str, code: &str) -> Answer {
    let body = json!({"code": code});
    p.call(Some(person), Method::POST, "/me/telegram", Some(body))
        .await
}

async fn settings(p: &Platform, person: &str) -> Value {
    let path = "/me/notification-settings";
    let settings = p.call(Some(person), Method::GET, path, None).await;
    settings.expect(200)
}

/// A client with a project, and a bot.
async fn bot() -> (Platform, Actor, String, Telegram, Bot) {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let telegram = Telegram::default();
    let bot = telegram.start().await;
    (p, client, project, telegram, bot)
}

async fn send(p: &Platform, bot: &Bot, clock: fn() -> DateTime<Utc>) {
    let messenger = p.messenger(Way::Telegram(bot.clone()), clock);
    while messenger.pass().await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_links_a_chat_hears_there_and_ends_it() {
    let (p, client, project, telegram, bot) = bot().await;
    assert_eq!(
        settings(&p, &client.token).await["telegramBot"],
        json!(null)
    );
    send(&p, &bot, Utc::now).await;
    let before = settings(&p, &client.token).await;
    assert_eq!(before["telegramBot"], "@crowd_bot");
    assert_eq!(before["telegramLinked"], false);
    assert_eq!(before["emailAvailable"], false);
    p.exported(&client, &project).await;
    p.tell_people().await;
    telegram.write(7, "private", "hello there");
    telegram.refuse(9, 429, json!({"parameters": {"retry_after": 50}}));
    telegram.write(9, "private", "/connect");
    telegram.write(7, "private", "/start");
    telegram.write(-5, "group", "/connect");
    listen(&p, &bot).await;
    let said = telegram.heard(7);
    assert!(said.len() == 1 && said[0].contains("/connect"), "{said:?}");
    assert_eq!(telegram.heard(-5), Vec::<String>::new());
    let code = code(&p, &telegram, &bot, 7).await;
    let entered = enter(&p, &client.token, &code.to_lowercase()).await;
    entered.expect(204);
    enter(&p, &client.token, &code)
        .await
        .refused(422, "telegram_code_unknown");
    assert_eq!(settings(&p, &client.token).await["telegramLinked"], true);
    p.exported(&client, &project).await;
    p.tell_people().await;
    send(&p, &bot, Utc::now).await;
    send(&p, &bot, Utc::now).await;
    let said = telegram.heard(7);
    assert_eq!(
        said.len(),
        1,
        "what was before the link is not told: {said:?}"
    );
    let page = format!("https://crowd.example.com/app/client/projects/{project}/exports");
    assert!(
        said[0].starts_with("Export ") && said[0].ends_with(&page),
        "{said:?}"
    );
    telegram.write(7, "private", "/disconnect@crowd_bot");
    listen(&p, &bot).await;
    assert!(telegram.heard(7)[0].starts_with("Nothing is sent here any more"));
    assert_eq!(settings(&p, &client.token).await["telegramLinked"], false);
}

static MINUTES: AtomicI64 = AtomicI64::new(0);

fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(MINUTES.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_five_minutes_once_and_for_the_latest_question() {
    let (p, client, _, telegram, bot) = bot().await;
    let (first, second) = (
        code(&p, &telegram, &bot, 7).await,
        code(&p, &telegram, &bot, 7).await,
    );
    enter(&p, &client.token, &first)
        .await
        .refused(422, "telegram_code_unknown");
    sqlx::query("update telegram_codes set expires_at = now() - interval '1 second'")
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    enter(&p, &client.token, &second)
        .await
        .refused(422, "telegram_code_unknown");
    let third = code(&p, &telegram, &bot, 7).await;
    enter(&p, &client.token, &third).await.expect(204);
    // The chat goes with whoever enters its next code.
    let other = p.client("cecil").await;
    let fourth = code(&p, &telegram, &bot, 7).await;
    enter(&p, &other.token, &fourth).await.expect(204);
    assert_eq!(settings(&p, &client.token).await["telegramLinked"], false);
    assert_eq!(settings(&p, &other.token).await["telegramLinked"], true);
    p.call(Some(&other.token), Method::DELETE, "/me/telegram", None)
        .await
        .expect(204);
    assert_eq!(settings(&p, &other.token).await["telegramLinked"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_tries_more_than_five_codes_in_five_minutes_not_even_at_once() {
    let (p, client, _, telegram, bot) = bot().await;
    let code = code(&p, &telegram, &bot, 7).await;
    let tries = (0..20).map(|n| enter(&p, &client.token, ["AAAAAA", "BBBBBB"][n % 2]));
    let answers = futures::future::join_all(tries).await;
    let unknown = answers.iter().filter(|a| a.status == 422).count();
    let stopped = answers.iter().filter(|a| a.status == 429).count();
    assert_eq!((unknown, stopped), (5, 15));
    enter(&p, &client.token, &code)
        .await
        .refused(429, "too_many_telegram_codes");
    let other = p.client("cecil").await;
    for _ in 0..4 {
        enter(&p, &other.token, "AAAAAA")
            .await
            .refused(422, "telegram_code_unknown");
    }
    enter(&p, &other.token, &code).await.expect(204);
    // A right code makes up for no wrong one.
    enter(&p, &other.token, "AAAAAA")
        .await
        .refused(422, "telegram_code_unknown");
    enter(&p, &other.token, "AAAAAA")
        .await
        .refused(429, "too_many_telegram_codes");
    sqlx::query("update telegram_tries set since = now() - interval '6 minutes'")
        .execute(&p.told.owner_pool())
        .await
        .unwrap();
    enter(&p, &client.token, "AAAAAA")
        .await
        .refused(422, "telegram_code_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocked_the_bot_is_unlinked_and_who_is_slowed_down_hears_later() {
    let (p, client, project, telegram, bot) = bot().await;
    send(&p, &bot, Utc::now).await;
    let code = code(&p, &telegram, &bot, 7).await;
    enter(&p, &client.token, &code).await.expect(204);
    telegram.refuse(7, 429, json!({"parameters": {"retry_after": 50}}));
    p.exported(&client, &project).await;
    p.tell_people().await;
    send(&p, &bot, later).await;
    telegram.0.lock().unwrap().refusals.clear();
    p.exported(&client, &project).await;
    p.tell_people().await;
    send(&p, &bot, later).await;
    assert!(
        telegram.heard(7).is_empty(),
        "Telegram asked for 50 s, and did not say of which message"
    );
    MINUTES.store(1, Ordering::Relaxed);
    send(&p, &bot, later).await;
    assert_eq!(telegram.heard(7).len(), 2);
    telegram.refuse(7, 403, json!({}));
    p.exported(&client, &project).await;
    p.tell_people().await;
    send(&p, &bot, later).await;
    assert_eq!(settings(&p, &client.token).await["telegramLinked"], false);
    let failed: Vec<(String, Option<String>)> =
        sqlx::query_as("select state, failure from messages order by id desc limit 1")
            .fetch_all(&p.told.owner_pool())
            .await
            .unwrap();
    assert_eq!(failed[0].0, "failed");
    assert!(failed[0].1.as_deref().unwrap().contains("the bot blocked"));
}

/// What waits for a chat is not for the next one, nor for who left the client.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_a_link_ends_reaches_no_other_chat() {
    let (p, client, project, telegram, bot) = bot().await;
    send(&p, &bot, Utc::now).await;
    let first = code(&p, &telegram, &bot, 7).await;
    enter(&p, &client.token, &first).await.expect(204);
    p.exported(&client, &project).await;
    p.tell_people().await;
    let second = code(&p, &telegram, &bot, 8).await;
    enter(&p, &client.token, &second).await.expect(204);
    send(&p, &bot, Utc::now).await;
    assert!(telegram.heard(7).is_empty() && telegram.heard(8).is_empty());
    p.exported(&client, &project).await;
    p.tell_people().await;
    sqlx::query("delete from tenant_members")
        .execute(&p.rows)
        .await
        .unwrap();
    send(&p, &bot, Utc::now).await;
    assert!(telegram.heard(8).is_empty(), "who left is told nothing");
    assert_eq!(p.notices(&client.token).await["unread"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dispatcher_listens_and_another_takes_over() {
    let (p, _, _, telegram, bot) = bot().await;
    let (mut first, mut second) = (Heard::default(), Heard::default());
    let listen = async |heard: &mut Heard| {
        bot.listen(&p.notifications, heard, Duration::ZERO, Utc::now)
            .await
            .unwrap()
    };
    assert!(listen(&mut first).await);
    telegram.write(7, "private", "/help");
    assert!(!listen(&mut second).await);
    assert!(telegram.heard(7).is_empty());
    drop(first);
    datacrowd_testkit::eventually(Duration::from_secs(10), || async {
        let mut second = Heard::default();
        listen(&mut second).await.then_some(())
    })
    .await;
    assert_eq!(telegram.heard(7).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_never_takes_is_given_up_and_a_wrong_token_loses_nothing() {
    let (p, client, project, telegram, bot) = bot().await;
    send(&p, &bot, Utc::now).await;
    let code = code(&p, &telegram, &bot, 7).await;
    enter(&p, &client.token, &code).await.expect(204);
    for (status, state) in [(400, "failed"), (401, "pending")] {
        telegram.refuse(7, status, json!({}));
        p.exported(&client, &project).await;
        p.tell_people().await;
        send(&p, &bot, Utc::now).await;
        let latest: String =
            sqlx::query_scalar("select state from messages order by id desc limit 1")
                .fetch_one(&p.told.owner_pool())
                .await
                .unwrap();
        assert_eq!(latest, state, "{status}");
    }
    assert_eq!(settings(&p, &client.token).await["telegramLinked"], true);
}
