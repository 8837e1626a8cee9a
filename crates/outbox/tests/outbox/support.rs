//! The outbox of each context that has one, and a receiver that remembers what it was told.

use std::sync::Mutex;

use datacrowd_outbox::{Failure, Message, Outbox, Receiver, push};
use datacrowd_testkit::TestDatabase;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

/// What tests say, under a kind that the table takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Said {
    DeleteObject(Line),
    PaymentGrant(Line),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub key: String,
    pub n: i64,
}

impl Line {
    pub fn is_of(&self, key: &str) -> bool {
        self.key == key
    }
}

pub fn said(context: &str, key: &str, n: i64) -> Said {
    let key = key.to_owned();
    match context {
        "core" => Said::DeleteObject(Line { key, n }),
        _ => Said::PaymentGrant(Line { key, n }),
    }
}

/// An outbox on a database of its own, and keys to push under.
pub struct Place {
    pub context: &'static str,
    pub keys: [String; 2],
    pub outbox: Outbox<Said>,
    pub pool: PgPool,
    _database: TestDatabase,
}

impl Place {
    pub async fn both() -> [Self; 2] {
        [Self::core().await, Self::payments().await]
    }

    pub async fn core() -> Self {
        Self::on("core", ["a", "b"].map(str::to_owned)).await
    }

    /// Here a key is a payment.
    pub async fn payments() -> Self {
        let ids = [Uuid::now_v7(), Uuid::now_v7()];
        let place = Self::on("payments", ids.map(|id| id.to_string())).await;
        for id in ids {
            sqlx::query(
                "insert into payments (id, tenant_id, project_id, user_id, judgements, list_cents, amount_cents, currency,
                                       livemode, request, stripe_idempotency_key, created_at, updated_at)
                 values ($1::uuid, $1, $1, $1, 1, 1, 1, 'EUR', false, '', $1::uuid::text, now(), now())",
            )
            .bind(id)
            .execute(&place.pool)
            .await
            .unwrap();
        }
        place
    }

    async fn on(context: &'static str, keys: [String; 2]) -> Self {
        let database = TestDatabase::create(context).await;
        let pool = database.pool();
        Self {
            context,
            keys,
            outbox: Outbox::new(context, pool.clone()),
            pool,
            _database: database,
        }
    }

    pub async fn push(&self, key: &str, n: i64) {
        let mut tx = self.pool.begin().await.unwrap();
        push(&mut tx, key, &said(self.context, key, n))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A row whose payload is none that anybody knows.
    pub async fn push_unreadable(&self, key: &str) {
        self.push(key, -1).await;
        self.execute("update outbox set payload = '{}'").await;
    }

    pub async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }
}

/// What came of telling.
pub enum Answer {
    Taken,
    Failure(Failure),
    /// None comes.
    Never,
}

/// Remembers what it was told, in order.
pub struct Recorder {
    told: Mutex<Vec<Line>>,
    answer: Box<dyn Fn(&Line) -> Answer + Send + Sync>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::answering(|_| Answer::Taken)
    }
}

impl Recorder {
    pub fn answering(answer: impl Fn(&Line) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            told: Mutex::default(),
            answer: Box::new(answer),
        }
    }

    pub fn told_of(&self, key: &str) -> Vec<i64> {
        let told = self.told.lock().unwrap();
        let lines = told.iter().filter(|line| line.is_of(key));
        lines.map(|line| line.n).collect()
    }
}

impl Receiver<Said> for Recorder {
    async fn take(&self, message: &Message<Said>) -> Result<(), Failure> {
        let (Said::DeleteObject(line) | Said::PaymentGrant(line)) = &message.body;
        let answer = (self.answer)(line);
        self.told.lock().unwrap().push(line.clone());
        // Others get their turn between a call's begin and its end.
        tokio::task::yield_now().await;
        match answer {
            Answer::Taken => Ok(()),
            Answer::Failure(failure) => Err(failure),
            Answer::Never => std::future::pending().await,
        }
    }
}
