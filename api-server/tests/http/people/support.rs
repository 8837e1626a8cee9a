//! What the dispatcher does for people, and what reached their mailboxes.

use chrono::{DateTime, Utc};
use datacrowd_api_server::dispatch::{
    mail::{MailServer, Mailer},
    messages::{Messenger, Way},
    people,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, ExportRun, Platform, accounts_over, env};

/// The tests' mail server.
pub fn mail_server() -> MailServer {
    MailServer {
        url: env("TEST_SMTP_URL").parse().unwrap(),
        plaintext: false,
        ca: Some(env("TEST_SMTP_CA").into()),
        from: "DataCrowd <noreply@example.com>".parse().unwrap(),
        public_url: "https://crowd.example.com".parse().unwrap(),
    }
}

/// What came to an address: as mailpit lists it.
pub async fn mailbox(p: &Platform, address: &str) -> Vec<Value> {
    let url = format!("{}/api/v1/search?query=to:{address}", env("TEST_SMTP_API"));
    let found: Value = p.http.get(url).send().await.unwrap().json().await.unwrap();
    found["messages"].as_array().unwrap().clone()
}

/// A message as it was sent.
pub async fn source(p: &Platform, message: &Value) -> String {
    let id = message["ID"].as_str().unwrap();
    let url = format!("{}/api/v1/message/{id}/raw", env("TEST_SMTP_API"));
    let raw = p.http.get(url).send().await.unwrap();
    raw.text().await.unwrap()
}

/// What its reader sees.
pub async fn text(p: &Platform, message: &Value) -> String {
    let id = message["ID"].as_str().unwrap();
    let url = format!("{}/api/v1/message/{id}", env("TEST_SMTP_API"));
    let read: Value = p.http.get(url).send().await.unwrap().json().await.unwrap();
    read["Text"].as_str().unwrap().replace("\r\n", "\n")
}

impl Platform {
    /// As the dispatcher does it, until nothing waits.
    pub async fn tell_people(&self) {
        self.relay().await;
        while people::pass(&self.notifications, &self.core, Utc::now())
            .await
            .unwrap()
            > 0
        {}
    }

    pub fn messenger(&self, way: Way, clock: fn() -> DateTime<Utc>) -> Messenger {
        let accounts = accounts_over(&self.auth);
        let (to, core) = (self.notifications.clone(), self.core.clone());
        Messenger::new(to, accounts, core, way, clock)
    }

    pub fn mailer(&self, server: &MailServer, clock: fn() -> DateTime<Utc>) -> Messenger {
        self.messenger(Way::Email(Mailer::new(server).unwrap()), clock)
    }

    /// Says that there is a mail server, without sending anything yet.
    pub async fn with_mail(&self) {
        let channel = datacrowd_notifications::Channel::Email;
        let there = self.notifications.channel_open(channel, None, Utc::now());
        there.await.unwrap();
    }

    /// An export of a project without answers that is ready.
    pub async fn exported(&self, client: &Actor, project: &str) -> String {
        let export = self
            .export(client, project, json!({"format": "JSONL"}))
            .await;
        let run = ExportRun::open(self, client, &export).await;
        run.finish(self).await;
        export
    }

    pub async fn notices(&self, token: &str) -> Value {
        let list = self.call(Some(token), Method::GET, "/me/notifications", None);
        list.await.expect(200)
    }

    pub async fn choose(&self, token: &str, chosen: Value) -> Value {
        let path = "/me/notification-settings";
        let put = self.call(Some(token), Method::PUT, path, Some(chosen));
        put.await.expect(200)
    }

    pub async fn address(&self, token: &str) -> String {
        let me = self.call(Some(token), Method::GET, "/me", None).await;
        me.expect(200)["email"].as_str().unwrap().to_owned()
    }
}
