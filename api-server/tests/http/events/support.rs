//! Reading events as a client does.

use std::collections::BTreeSet;

use chrono::Utc;
use datacrowd_api_server::dispatch::relay;
use datacrowd_notifications::EventType;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Actor, Platform, accounts_over};

impl Platform {
    /// As the dispatcher does it, until nothing waits.
    pub async fn relay(&self) {
        let auth = accounts_over(&self.auth).stream();
        for stream in [auth, self.core.stream(), self.billing.stream()] {
            while relay::pass(&stream, &self.notifications, Utc::now())
                .await
                .unwrap()
                > 0
            {}
        }
    }

    /// What waits to be told now; [`Self::tell_again`] tells it once more.
    pub async fn keep_stream(&self) {
        sqlx::query("create table kept as select * from stream")
            .execute(&self.rows)
            .await
            .unwrap();
    }

    /// As a core that was restored from before.
    pub async fn tell_again(&self) {
        for sql in [
            "insert into stream (event_id, kind, subject, data, tenant_id, project_id, happened_at)
             select event_id, kind, subject, data, tenant_id, project_id, happened_at from kept",
            "drop table kept",
        ] {
            sqlx::query(sql).execute(&self.rows).await.unwrap();
        }
    }

    /// Every event of a project, page by page.
    pub async fn events(&self, client: &Actor, project: &str) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/projects/{project}/events?after={after}&limit=7");
            let page = self
                .call(Some(&client.token), Method::GET, &path, None)
                .await
                .expect(200);
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return events;
            }
            events.extend(items.iter().cloned());
            after = page["nextAfter"].as_i64().unwrap();
        }
    }
}

/// Each event is what CloudEvents and its type's schema say, and comes after the one before.
pub fn assert_valid(events: &[Value]) {
    let schemas = datacrowd_notifications::schemas();
    let mut last = String::new();
    for event in events {
        let schema = &schemas[event["type"].as_str().unwrap()];
        let validator = jsonschema::validator_for(schema).unwrap();
        if let Err(error) = validator.validate(&event["data"]) {
            panic!("{error}: {event}");
        }
        assert_eq!(event["specversion"], "1.0");
        let sequence = event["sequence"].as_str().unwrap();
        assert!(sequence > last.as_str(), "{event}");
        sequence.clone_into(&mut last);
    }
}

/// Fails unless each of these was told.
pub fn assert_told(events: &[Value], types: &[EventType]) {
    let told: BTreeSet<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    let missing: Vec<_> = types.iter().filter(|t| !told.contains(t.name())).collect();
    assert!(missing.is_empty(), "{missing:?} of {told:?}");
}
