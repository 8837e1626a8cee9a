//! Servers are killed while a crowd works on tasks that grow, gold among them: what was acknowledged is there once, no task has more
//! answers than it may, and nothing is spent that nobody was paid for.

use std::{collections::BTreeSet, time::Duration};

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::{first_seed, scaled};
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::support::{Answer, Platform, Process, try_answer};

/// Who works through whatever server there is.
struct Worker {
    http: reqwest::Client,
    server: watch::Receiver<String>,
    token: String,
    project: String,
    rng: StdRng,
}

impl Worker {
    /// Asks until a server answers, the same each time.
    async fn ask(&self, path: &str, body: &Value) -> Answer {
        loop {
            let url = format!("{}{path}", self.server.borrow().clone());
            let request = self.http.post(url).bearer_auth(&self.token).json(body);
            match try_answer(request).await {
                Ok(answer) if answer.status != 429 && !answer.status.is_server_error() => {
                    return answer;
                }
                // It was killed, or ends, or has just begun.
                Ok(_) | Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Works until there is nothing to do; the answers that were acknowledged.
    async fn work(mut self) -> Vec<i64> {
        let mut acknowledged = Vec::new();
        let claim = json!({"projectId": self.project, "count": 3});
        loop {
            let claimed = self.ask("/tasks/claim", &claim).await;
            if claimed.status == 404 {
                return acknowledged;
            }
            for task in claimed.expect(200)["tasks"].as_array().unwrap() {
                let rating = ["-1", "0", "1"][self.rng.random_range(0..3)];
                let body =
                    json!({"leaseToken": task["lease"]["token"], "answer": {"rating": rating}});
                let path = format!("/tasks/{}/submit", task["id"]);
                // 200: the killed one had stored it already.
                let done = self.ask(&path, &body).await;
                assert!(matches!(done.status.as_u16(), 200 | 201), "{done:?}");
                acknowledged.push(done.body["answerId"].as_i64().unwrap());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_servers_lose_no_answer_and_give_none_too_many() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (tasks, quota) = (scaled(60, 600), scaled(300, 3_000));
    let members = json!({
        "reviewersPerAnswer": 0, "rewardPoints": 1, "gold": {"onboarding": 1, "every": 4},
        "consensus": {"field": "rating", "minAnswers": 1, "maxAnswers": 5, "confidence": "0.9"}
    });
    let project = p.project(&client, members).await;
    p.grant(&project, quota).await;
    p.loaded(&client, &project, tasks, 50).await;
    p.gold_rows(&client, &project, 12).await;
    let billing = [("DATACROWD_BILLING_MODE", "manual")];
    let mut server = Process::start_with(&p, &billing).await;
    let (tell, told) = watch::channel(server.url.clone());
    let seed = first_seed().unwrap_or(1);
    let mut workers = Vec::new();
    for nth in 0..12 {
        let name = format!("worker{nth}");
        p.register(&name).await;
        workers.push(Worker {
            http: p.http.clone(),
            server: told.clone(),
            token: server.sign_in(&p, &name).await,
            project: project.clone(),
            rng: StdRng::seed_from_u64(seed + nth),
        });
    }
    let at_work = tokio::spawn(join_all(workers.into_iter().map(Worker::work)));
    let mut rng = StdRng::seed_from_u64(seed);
    let mut kills = 0;
    while !at_work.is_finished() && kills < scaled(4, 40) {
        sleep(Duration::from_millis(rng.random_range(50..300))).await;
        // The next one is ready before, as a Deployment sees to it; what the killed one was doing is lost with it.
        let next = Process::start_with(&p, &billing).await;
        server.child.kill().await.unwrap();
        tell.send_replace(next.url.clone());
        server = next;
        kills += 1;
    }
    let given: Vec<i64> = at_work.await.unwrap().into_iter().flatten().collect();
    assert!(kills > 0, "they were done before a server was killed");
    p.core.sweep(chrono::Utc::now()).await.unwrap();
    let once: BTreeSet<_> = given.iter().copied().collect();
    assert_eq!(once.len(), given.len(), "an answer was acknowledged as two");
    let kept: BTreeSet<i64> =
        sqlx::query_scalar("select id from answers union all select id from gold_answers")
            .fetch_all(&p.rows)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(kept, once, "what was acknowledged is what there is");
    let too_many =
        "select count(*) from (select from answers group by task_id having count(*) > 5) t";
    assert_eq!(p.count(too_many).await, 0);
    let twice = "select count(*) from (select from gold_draws group by user_id, item_id having count(*) > 1) x";
    assert_eq!(p.count(twice).await, 0);
    assert!(p.count("select count(*) from gold_answers").await > 0);
    let over = "select count(*) from projects where tasks_used > task_quota";
    assert_eq!(p.count(over).await, 0);
    p.assert_consistent().await;
}
