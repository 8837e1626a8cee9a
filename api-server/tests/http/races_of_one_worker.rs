//! One worker in several places at once: no two of their calls get what one alone would not.

use datacrowd_testkit::scaled;
use futures::future::{join_all, try_join_all};
use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    pairwise_races::{PairwiseRace, after, setting, status},
    support::Platform,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_a_task_while_they_are_shown_an_answer_of_it() {
    let mut race = PairwiseRace::new("a claim against a look at the task's answer");
    let members = json!({"answersPerTask": 2});
    let (p, _, project) = setting(members, race.rounds).await;
    let (_, author) = p.register("author").await;
    let (_, copier) = p.register("copier").await;
    let (mut claimed, mut seen) = (0, 0);
    for round in 0..race.rounds {
        let answer = p.work(&author, &project, 1, "1").await.remove(0);
        let pauses = [race.pause(), race.pause()];
        // By a look, or by the number of an answer that they came by elsewhere.
        let looks = race.rng.random_bool(0.5);
        let look = async {
            if looks {
                p.shown(&copier, &project).await
            } else {
                p.decide(&copier, &answer, "approve").await
            }
        };
        let (claim, look) = tokio::join!(
            after(pauses[0], p.claim(&copier, &project, 1)),
            after(pauses[1], look)
        );
        p.assert_consistent().await;
        match (status(&look), looks) {
            ((200, _), true) => {
                let id = look.body["review"]["answerId"].clone();
                p.decide(&copier, &id, "approve").await.expect(200);
                seen += 1;
            }
            ((200, _), false) => seen += 1,
            ((404, "no_review_available"), true) | ((403, "own_task"), false) => {}
            other => panic!("round {round}: {other:?}"),
        }
        match status(&claim) {
            (200, _) => {
                let task = &claim.body["tasks"][0];
                p.submit(&copier, task, "1").await.expect(201);
                claimed += 1;
            }
            other => assert_eq!(other, (404, "no_task_available"), "round {round}"),
        }
        p.assert_consistent().await;
    }
    eprintln!("{claimed} tasks taken, {seen} answers seen");
    assert!(claimed > 0 && seen > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_looks_at_once_show_one_answer() {
    let race = PairwiseRace::new("looks of one reviewer at once");
    let (p, _, project) = setting(json!({}), 10).await;
    let (_, author) = p.register("author").await;
    let (_, reviewer) = p.register("reviewer").await;
    p.work(&author, &project, 10, "1").await;
    for round in 0..race.rounds.min(10) {
        let looks = join_all((0..8).map(|_| p.shown(&reviewer, &project))).await;
        let mut ids: Vec<_> = looks
            .into_iter()
            .map(|look| look.expect(200)["review"]["answerId"].as_i64().unwrap())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "round {round}: {ids:?}");
        assert_eq!(
            p.count("select count(*) from shown_tasks").await,
            round + 1,
            "one answer shown is one task barred"
        );
        p.decide(&reviewer, &json!(ids[0]), "approve")
            .await
            .expect(200);
    }
    p.assert_consistent().await;
}

/// Everything this worker holds goes back.
async fn give_back(p: &Platform, worker: &str) {
    let held = p
        .call(Some(worker), Method::GET, "/me/tasks", None)
        .await
        .expect(200);
    for task in held["tasks"].as_array().unwrap() {
        p.lease(worker, task, "unlock").await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_holds_twenty_tasks_whatever_they_take_and_take_back_at_once() {
    let mut race = PairwiseRace::new("claims and withdrawals of one worker");
    let (p, client, project) = setting(json!({}), 40).await;
    let mut projects = vec![project.clone()];
    for _ in 0..2 {
        let more = p.project(&client, json!({})).await;
        p.loaded(&client, &more, 30, 10).await;
        projects.push(more);
    }
    let (_, hoarder) = p.register("hoarder").await;
    for round in 0..scaled(3, 60) {
        let mut answers = p.work(&hoarder, &project, 10, "1").await;
        answers.extend(p.work(&hoarder, &project, 10, "1").await);
        let withdraw = async |answer: &Value| {
            let path = format!("/answers/{answer}/withdraw");
            p.call(Some(&hoarder), Method::POST, &path, None).await
        };
        let withdrawals = answers
            .iter()
            .map(|answer| after(race.pause(), withdraw(answer)));
        let withdrawals: Vec<_> = withdrawals.collect();
        let claims = projects
            .iter()
            .chain(&projects)
            .map(|project| after(race.pause(), p.claim(&hoarder, project, 10)));
        let claims: Vec<_> = claims.collect();
        let (withdrawn, claimed) = tokio::join!(join_all(withdrawals), join_all(claims));
        p.assert_consistent().await;
        for ended in withdrawn.iter().chain(&claimed) {
            assert!(
                matches!(status(ended), (200, _) | (409, "too_many_leases")),
                "round {round}: {ended:?}"
            );
        }
        assert_eq!(
            p.count("select count(*) from leases").await,
            20,
            "round {round}: as many as allowed, and not one more"
        );
        give_back(&p, &hoarder).await;
        // What was not withdrawn is taken back now, so that the next round finds its tasks.
        let rest = withdrawn
            .iter()
            .zip(&answers)
            .filter(|(ended, _)| !ended.status.is_success());
        try_join_all(rest.map(async |(_, answer)| {
            let ended = withdraw(answer).await;
            ended.status.is_success().then_some(()).ok_or(ended)
        }))
        .await
        .unwrap();
        give_back(&p, &hoarder).await;
        p.assert_consistent().await;
    }
}
