//! Two calls that meet: whatever order the server takes them in, the promises hold afterwards.
//!
//! Each race is run 50 times, 1,000 times with `TEST_SCALE=full`. `TEST_SEED` repeats a run's choices.

use std::{sync::Arc, time::Duration};

use datacrowd_crds::Dataset;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::{eventually, first_seed, scaled};
use futures::future::join_all;
use kube::Api;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    contract,
    support::{Actor, Answer, PASSWORD, Platform, Run},
};

/// How often, and with which luck.
pub struct PairwiseRace {
    pub rounds: i64,
    pub rng: StdRng,
}

impl PairwiseRace {
    pub fn new(name: &str) -> Self {
        let seed = first_seed().unwrap_or_else(rand::random);
        let rounds = scaled(25, 1000);
        eprintln!("{name}: {rounds} rounds, TEST_SEED={seed}");
        Self {
            rounds,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// A head start of up to three milliseconds: what is raced for is who comes first.
    pub fn pause(&mut self) -> Duration {
        Duration::from_micros(self.rng.random_range(0..3000))
    }
}

pub async fn after<T>(pause: Duration, call: impl Future<Output = T>) -> T {
    tokio::time::sleep(pause).await;
    call.await
}

pub async fn setting(members: Value, rows: i64) -> (Arc<Platform>, Actor, String) {
    let p = Arc::new(Platform::with_billing(BillingMode::Disabled).await);
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    if rows > 0 {
        p.loaded(&client, &project, rows, 10).await;
    }
    (p, client, project)
}

async fn workers(p: &Platform, count: usize) -> Vec<(String, String)> {
    let names: Vec<_> = (0..count).map(|n| format!("worker{n}")).collect();
    join_all(names.iter().map(|n| p.register(n))).await
}

pub fn status(answer: &Answer) -> (u16, &str) {
    (
        answer.status.as_u16(),
        answer.body["code"].as_str().unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_slot_goes_to_one_of_sixty_four() {
    let race = PairwiseRace::new("64 claims of the last slot");
    let (p, _, project) = setting(json!({}), 1).await;
    let workers = workers(&p, 64).await;
    for round in 0..race.rounds {
        let claims = join_all(
            workers
                .iter()
                .map(async |(_, token)| (token, p.claim(token, &project, 1).await)),
        )
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = claims.iter().partition(|(_, a)| a.status.is_success());
        assert_eq!(won.len(), 1, "round {round}");
        assert!(
            lost.iter()
                .all(|(_, a)| status(a) == (404, "no_task_available")),
            "round {round}"
        );
        p.assert_consistent().await;
        let (token, claimed) = won[0];
        let task = &claimed.body["tasks"][0];
        let body = json!({"leaseToken": task["lease"]["token"]});
        let unlock = format!("/tasks/{}/unlock", task["id"]);
        p.call(Some(token), Method::POST, &unlock, Some(body))
            .await
            .expect(204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_submit_and_the_sweeper_never_both_have_the_lease() {
    let mut race = PairwiseRace::new("submit against expiry");
    let (p, _, project) = setting(json!({"reviewersPerAnswer": 0}), race.rounds).await;
    let (_, wanda) = p.register("wanda").await;
    let mut accepted = 0;
    for round in 0..race.rounds {
        let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
        let (now, first, second) = (chrono::Utc::now(), race.pause(), race.pause());
        sqlx::query("update leases set expires_at = $1")
            .bind(now)
            .execute(&p.rows)
            .await
            .unwrap();
        let late = now + chrono::TimeDelta::seconds(1);
        let (submitted, swept) = tokio::join!(
            after(first, p.submit(&wanda, &task, "1")),
            after(second, p.core.sweep(late))
        );
        swept.unwrap();
        match status(&submitted) {
            (201, _) => accepted += 1,
            lost => assert_eq!(lost, (409, "lease_lost"), "round {round}"),
        }
        p.core.sweep(late).await.unwrap();
    }
    assert_eq!(
        p.count("select count(*) from answers").await,
        accepted,
        "every acknowledged answer is there, and no other"
    );
    assert_eq!(p.count("select count(*) from leases").await, 0);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_reviewers_decide_an_answer_once() {
    let mut race = PairwiseRace::new("two reviewers on one answer");
    let (p, _, project) = setting(json!({"onReject": "CLOSE"}), race.rounds).await;
    let people = workers(&p, 3).await;
    let [author, first, second] = [0, 1, 2].map(|n: usize| people[n].1.as_str());
    for round in 0..race.rounds {
        let answer = p.work(author, &project, 1, "1").await.remove(0);
        let verdict = async |reviewer: &str, approve: bool| {
            if approve {
                p.decide(reviewer, &answer, "approve").await
            } else {
                p.reject(reviewer, &answer, "no").await
            }
        };
        let (pauses, approve) = (
            [race.pause(), race.pause()],
            [race.rng.random_bool(0.5), race.rng.random_bool(0.5)],
        );
        let (one, other) = tokio::join!(
            after(pauses[0], verdict(first, approve[0])),
            after(pauses[1], verdict(second, approve[1]))
        );
        let mut outcomes = [status(&one), status(&other)];
        outcomes.sort_unstable();
        assert_eq!(
            outcomes,
            [(200, ""), (409, "already_decided")],
            "round {round}"
        );
    }
    assert_eq!(p.count("select count(*) from reviews").await, race.rounds);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_undo_and_a_second_reviewer_leave_the_votes_that_stand() {
    let mut race = PairwiseRace::new("undo against a second reviewer");
    let members = json!({"reviewersPerAnswer": 3});
    let (p, _, project) = setting(members, race.rounds).await;
    let people = workers(&p, 3).await;
    let [author, first, second] = [0, 1, 2].map(|n: usize| people[n].1.as_str());
    for round in 0..race.rounds {
        let answer = p.work(author, &project, 1, "1").await.remove(0);
        p.decide(first, &answer, "approve").await.expect(200);
        let pauses = [race.pause(), race.pause()];
        let (undone, decided) = tokio::join!(
            after(pauses[0], p.undo(first, &answer)),
            after(pauses[1], p.decide(second, &answer, "approve"))
        );
        let decided = decided.expect(200)["status"].clone();
        match status(&undone) {
            (200, _) => assert_eq!(decided, "IN_REVIEW", "round {round}"),
            late => {
                assert_eq!(late, (409, "undo_too_late"), "round {round}");
                assert_eq!(decided, "APPROVED", "round {round}");
            }
        }
    }
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_voided_and_blocked_workers_submit_leaves_nothing_behind() {
    let mut race = PairwiseRace::new("void against submit");
    let members = json!({"reviewersPerAnswer": 0, "answersPerTask": 2});
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    p.grant(&project, 100_000).await;
    p.loaded(&client, &project, 30, 10).await;
    let people = workers(&p, 2).await;
    let ((bad, token), (_, good)) = (&people[0], &people[1]);
    let bad = p.known_as(&client, &project, bad).await;
    let path = |what: &str| format!("/projects/{project}/workers/{bad}{what}");
    let manage = async |method: Method, what: &str, body: Option<Value>| {
        p.call(Some(&client.token), method, &path(what), body)
            .await
            .expect(200)
    };
    let why = || Some(json!({"reason": "always the same option"}));
    let mut charged = 0;
    for round in 0..race.rounds {
        let tasks = p.claim(token, &project, 2).await.expect(200)["tasks"].clone();
        p.submit(token, &tasks[0], "1").await.expect(201);
        let pauses = [race.pause(), race.pause(), race.pause()];
        let more = async {
            let claimed = p.claim(token, &project, 3).await;
            match claimed.body["tasks"].as_array() {
                Some(tasks) => p.submit(token, tasks.last().unwrap(), "1").await,
                None => claimed,
            }
        };
        let (held, claimed, voided) = tokio::join!(
            after(pauses[0], p.submit(token, &tasks[1], "1")),
            after(pauses[1], more),
            after(pauses[2], async {
                manage(Method::POST, "/block", None).await;
                manage(Method::POST, "/void", why()).await
            })
        );
        for ended in [held, claimed] {
            assert!(
                matches!(
                    status(&ended),
                    (201 | 200, _)
                        | (409, "lease_lost")
                        | (403, "blocked")
                        | (404, "no_task_available")
                ),
                "round {round}: {ended:?}"
            );
        }
        charged += voided["charged"].as_i64().unwrap();
        assert_eq!(
            p.count("select count(*) from answers where status <> 'voided'")
                .await
                + p.count("select count(*) from leases").await,
            0,
            "round {round}: nothing of a blocked worker counts once their answers are voided"
        );
        manage(Method::PUT, "", None).await;
    }
    assert_eq!(
        p.count("select tasks_used from projects").await,
        60 + charged,
        "every approved answer that was taken back is paid for"
    );
    assert_eq!(
        p.count("select coalesce(sum(points), 0)::bigint from points_ledger")
            .await,
        5 * charged,
        "and its author keeps the points"
    );
    p.assert_consistent().await;
    let left = p.claim(good, &project, 10).await.expect(200);
    assert_eq!(
        left["tasks"].as_array().unwrap().len(),
        10,
        "the places are open again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dataset_deleted_while_it_is_generated_leaves_nothing_and_costs_nothing() {
    let mut race = PairwiseRace::new("delete against generate");
    let p = Arc::new(Platform::start().await);
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let resources: Api<Dataset> = Api::namespaced(p.cluster.clone(), &client.namespace);
    for round in 0..race.rounds {
        let csv = b"id,text\ni1,one\ni2,two\n".to_vec();
        let made = p
            .upload(&client, &project, "items.csv", csv, 1)
            .await
            .expect(201);
        let (id, name) = (made["id"].as_str().unwrap(), made["name"].as_str().unwrap());
        let uid = resources.get(name).await.unwrap().metadata.uid.unwrap();
        let pauses = [race.pause(), race.pause() * 3];
        let generate = async {
            let path = format!("/datasets/{id}/generate-tasks");
            let begun = p
                .call(Some(&client.token), Method::POST, &path, Some(json!({})))
                .await;
            if begun.status.as_u16() != 202 {
                return begun;
            }
            match Run::try_open(&p, &client, id, &uid, "pod").await {
                Ok(run) => {
                    let loaded = run.load(&p, 1, 2).await;
                    if loaded.status.is_success() {
                        run.complete(&p, 2).await
                    } else {
                        loaded
                    }
                }
                Err(refused) => refused,
            }
        };
        // As the operator does: the resource is gone, its runner is fenced, its rows are removed.
        let delete = async {
            p.call(
                Some(&client.token),
                Method::DELETE,
                &format!("/datasets/{id}"),
                None,
            )
            .await
            .expect(202);
            let fence = format!("/internal/datasets/{id}/fence");
            p.trusted(Method::POST, &fence, Some(json!({"uid": uid})))
                .await
                .expect(204);
            let rows = format!("/internal/datasets/{id}?uid={uid}&policy=Delete");
            p.trusted(Method::DELETE, &rows, None).await.expect(204);
        };
        let (generated, ()) = tokio::join!(after(pauses[0], generate), after(pauses[1], delete));
        assert!(
            matches!(generated.status.as_u16(), 204 | 404 | 409 | 410),
            "round {round}: {generated:?}"
        );
        assert!(
            resources.get_opt(name).await.unwrap().is_none(),
            "round {round}: what was deleted is not made again"
        );
        for table in [
            "select count(*) from datasets",
            "select count(*) from tasks",
            "select count(*) from task_batches",
            "select count(*) from runs",
            "select count(*) from run_holds",
            "select tasks_used from projects",
        ] {
            assert_eq!(p.count(table).await, 0, "round {round}: {table}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_given_to_one_of_four() {
    let race = PairwiseRace::new("four registrations of one name");
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let before = people(&p).await;
    for round in 0..race.rounds {
        let spellings = ["wanda", "Wanda", "WANDA", "wandA"];
        let attempts = spellings.iter().enumerate().map(async |(n, spelling)| {
            let body = json!({
                "email": format!("w{n}.{round}@example.com"), "username": format!("{spelling}{round}"), "password": PASSWORD,
            });
            p.call(None, Method::POST, "/auth/register", Some(body)).await
        });
        let answers = join_all(attempts).await;
        let mut outcomes: Vec<_> = answers.iter().map(status).collect();
        outcomes.sort_unstable();
        let taken = (409, "username_taken");
        assert_eq!(outcomes, [(201, ""), taken, taken, taken], "round {round}");
    }
    assert_eq!(people(&p).await, before + race.rounds);
}

async fn people(p: &Platform) -> i64 {
    sqlx::query_scalar("select count(*) from users")
        .fetch_one(&p.auth.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_that_is_taken_away_while_it_is_used_is_used_wholly_or_not_at_all() {
    let mut race = PairwiseRace::new("a change of role against the client's request");
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let me = p.me(&client).await;
    let path = format!("/admin/users/{}/role", me["id"].as_str().unwrap());
    let admin = p.login("admin").await;
    let set_role = async |role: &str| {
        let body = json!({"role": role});
        p.call(Some(&admin), Method::PATCH, &path, Some(body))
            .await
            .expect(200);
    };
    let create = async || {
        let project = contract::project("race");
        p.call(
            Some(&client.token),
            Method::POST,
            "/projects",
            Some(project),
        )
        .await
    };
    let mut accepted = 0;
    for round in 0..race.rounds {
        let pauses = [race.pause(), race.pause()];
        let (made, ()) = tokio::join!(
            after(pauses[0], create()),
            after(pauses[1], set_role("WORKER"))
        );
        match status(&made) {
            (201, _) => accepted += 1,
            late => assert_eq!(late, (403, "forbidden"), "round {round}"),
        }
        set_role("CLIENT").await;
    }
    assert_eq!(p.count("select count(*) from projects").await, accepted);
    set_role("WORKER").await;
    // Whoever read the old role a moment before may hold it for half a minute.
    eventually(Duration::from_secs(35), || async {
        (status(&create().await) == (403, "forbidden")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_changes_over_the_same_etag_are_not_both_accepted() {
    let mut race = PairwiseRace::new("two changes of one project");
    let (p, client, project) = setting(json!({}), 0).await;
    let path = format!("{}/projects/{project}", p.url);
    for round in 0..race.rounds {
        let read = p
            .http
            .get(&path)
            .bearer_auth(&client.token)
            .send()
            .await
            .unwrap();
        let etag = read.headers()["etag"].clone();
        let change = async |members: Value| {
            let request = p.http.patch(&path).bearer_auth(&client.token);
            crate::support::answer(request.header("if-match", &etag).json(&members)).await
        };
        let pauses = [race.pause(), race.pause()];
        let (one, other) = tokio::join!(
            after(
                pauses[0],
                change(json!({"displayName": format!("round {round}")}))
            ),
            after(
                pauses[1],
                change(json!({"description": format!("round {round}")}))
            )
        );
        let mut outcomes = [status(&one), status(&other)];
        outcomes.sort_unstable();
        assert_eq!(
            outcomes,
            [(200, ""), (412, "precondition_failed")],
            "round {round}"
        );
        // Without a precondition both are kept: neither overwrites what the other one named.
        let (path, token) = (format!("/projects/{project}"), Some(client.token.as_str()));
        let named = Uuid::new_v4().to_string();
        let (one, other) = tokio::join!(
            p.call(
                token,
                Method::PATCH,
                &path,
                Some(json!({"displayName": named}))
            ),
            p.call(
                token,
                Method::PATCH,
                &path,
                Some(json!({"description": named}))
            )
        );
        one.expect(200);
        other.expect(200);
        let both = p.call(token, Method::GET, &path, None).await.expect(200);
        assert_eq!(
            (&both["displayName"], &both["description"]),
            (&json!(named), &json!(named)),
            "round {round}"
        );
    }
}
