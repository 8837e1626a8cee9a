//! Models that answer tasks as workers: which tasks, once, and beside people.

use std::time::Duration;

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::{eventually, scaled};
use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    models::{get, items, said},
    scheduled,
    support::{
        Actor, ExportRun, InboxSetting, Platform, Predictor, Process, inbox_setting_with, pool_of,
        said_at, wav,
    },
};

/// A project with so many tasks, and their dataset.
async fn setting(labeling: Value, tasks: i64) -> (Platform, Actor, String, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, labeling).await;
    let dataset = p.loaded(&client, &project, tasks, 100).await;
    (p, client, project, dataset)
}

fn above(answer_above: f64) -> Value {
    json!({"use": {"answerAbove": answer_above}})
}

/// What a model says of items, as sure of each as `sure` says.
fn told(page: &[Value], sure: impl Fn(usize) -> f64) -> Vec<Value> {
    let each = page.iter().enumerate();
    each.map(|(nth, item)| {
        let mut said = said(item);
        said["probability"] = json!(sure(nth));
        said
    })
    .collect()
}

/// Has a model speak of a whole dataset; the items.
async fn predict(
    (p, client, project): (&Platform, &Actor, &str),
    model: &str,
    dataset: &str,
    sure: impl Fn(usize) -> f64,
) -> Vec<Value> {
    let prediction = p.prediction(client, project, model, dataset).await;
    let pod = Predictor::open(p, client, "predictions", &prediction, 1).await;
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map_or(0, |item| item["rowNo"].as_i64().unwrap());
        let page = items(&pod.items(p, after).await.expect(200));
        if page.is_empty() {
            break;
        }
        let said = told(&page, |nth| sure(all.len() + nth));
        pod.report(p, said).await.expect(200);
        all.extend(page);
    }
    let count = i64::try_from(all.len()).unwrap();
    pod.complete(p, count, 0).await.expect(204);
    all
}

impl Platform {
    /// One pass of a server; how many answers models gave.
    async fn models_answer(&self) -> u64 {
        self.core.models_answer(Utc::now()).await.unwrap()
    }

    async fn answered_by(&self, user: &str) -> i64 {
        let answers = "select count(*) from answers where user_id = $1::uuid";
        let count = sqlx::query_scalar(answers).bind(user);
        count.fetch_one(&self.rows).await.unwrap()
    }

    async fn change_model(&self, client: &Actor, model: &str, usage: Value) -> Value {
        let path = format!("/models/{model}");
        let body = Some(json!({"use": usage}));
        self.call(Some(&client.token), Method::PATCH, &path, body)
            .await
            .expect(200)
    }
}

fn tasks_of(claimed: &Value) -> Vec<Value> {
    claimed["tasks"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_answers_once_what_it_is_sure_of_and_is_paid_nothing() {
    let (p, client, project, dataset) = setting(json!({"reviewersPerAnswer": 0}), 4).await;
    let model = p.checked_model(&client, &project, above(0.9)).await;
    let sure = |nth: usize| [0.95, 0.9, 0.89, 0.2][nth];
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let first = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&first.items(&p, 0).await.expect(200));
    first.report(&p, told(&page, sure)).await.expect(200);
    assert_eq!(p.models_answer().await, 2);
    // Its pod dies before it hears so, and another one says the same; then another prediction does.
    let second = Predictor::take(&p, &client, &first.id, "pod-1").await;
    second.report(&p, told(&page, sure)).await.expect(200);
    second.complete(&p, 4, 0).await.expect(204);
    predict((&p, &client, &project), &model, &dataset, sure).await;
    assert_eq!(p.models_answer().await, 0);
    assert_eq!(p.answered_by(&model).await, 2);
    for nothing in [
        "select count(*) from points_ledger",
        "select count(*) from leases",
        "select count(*) from predictions where answer_due",
    ] {
        assert_eq!(p.count(nothing).await, 0, "{nothing}");
    }
    let path = format!("/models/{model}");
    let usage = get(&p, &client, &path).await.expect(200)["use"].clone();
    assert_eq!(usage["answerAbove"], 0.9);
    let answers = json!({"given": 2, "inReview": 0, "approved": 2, "rejected": 0});
    assert_eq!(usage["answers"], answers);

    // Its word is no people's, so it is held against nothing yet.
    let accuracy = format!("/predictions/{prediction}/accuracy");
    let found = get(&p, &client, &accuracy).await.expect(200);
    assert_eq!(found["compared"], 0);
    let (_, wanda) = p.register("wanda").await;
    let claimed = tasks_of(&p.claim(&wanda, &project, 4).await.expect(200));
    let left: Vec<_> = claimed.iter().map(|task| task["id"].clone()).collect();
    assert_eq!(left, [page[2]["taskId"].clone(), page[3]["taskId"].clone()]);
    for task in &claimed {
        p.submit(&wanda, task, "0").await.expect(201);
    }
    let path = format!("/projects/{project}/workers");
    let workers = items(&get(&p, &client, &path).await.expect(200));
    let named: Vec<_> = workers.iter().filter(|w| !w["model"].is_null()).collect();
    let [row] = named.as_slice() else {
        panic!("{workers:?}")
    };
    assert_eq!((workers.len(), &row["answers"]), (2, &json!(2)));
    let name = row["model"].as_str().unwrap();
    assert!(name.starts_with("voice-"), "{name}");
    let stats = format!("/projects/{project}/stats");
    get(&p, &client, &stats).await.expect(200);

    // A model that is deleted is still known for one.
    sqlx::query("update models set bound_uid = null")
        .execute(&p.rows)
        .await
        .unwrap();
    for (members, by) in [
        (json!({"format": "JSONL", "predictions": true}), json!(name)),
        (json!({"format": "JSONL"}), Value::Null),
    ] {
        let export = p.export(&client, &project, members).await;
        let run = ExportRun::open(&p, &client, &export).await;
        let path = format!(
            "{}/internal/exports/{export}/answers?runId={}&epoch={}",
            p.internal, run.id, run.opened["epoch"]
        );
        let page = p.http.get(path).bearer_auth(&run.token).send().await;
        let page: Value = page.unwrap().json().await.unwrap();
        let by_whom: Vec<_> = items(&page)
            .iter()
            .map(|task| task["answers"][0]["model"].clone())
            .collect();
        assert_eq!(by_whom, [by.clone(), by, Value::Null, Value::Null]);
    }
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_places_models_leave_one_to_people_and_what_is_rejected_is_not_said_again() {
    let form = json!({"reviewersPerAnswer": 1, "answersPerTask": 3, "onReject": "REQUEUE"});
    let (p, client, project, dataset) = setting(form, 3).await;
    let mut models = Vec::new();
    for _ in 0..3 {
        let model = p.checked_model(&client, &project, above(0.7)).await;
        predict((&p, &client, &project), &model, &dataset, |_| 0.8).await;
        models.push(model);
    }
    assert_eq!(p.models_answer().await, 6);
    let places = "select count(*) from tasks where slots_free = 1 and in_review = 2";
    assert_eq!(p.count(places).await, 3);
    let reviewer = p.register("rita").await.1;
    let answer: i64 = sqlx::query_scalar("select min(id) from answers")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.reject(&reviewer, &json!(answer), "wrong")
        .await
        .expect(200);
    // Also where it is told to look at everything again.
    for model in &models {
        p.change_model(&client, model, json!({"answerAbove": 0.6}))
            .await;
    }
    let again = p.models_answer().await;
    assert_eq!(again, 1, "the one that had no place yet");
    let author: Uuid = sqlx::query_scalar("select user_id from answers where id = $1")
        .bind(answer)
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let usage = get(&p, &client, &format!("/models/{author}")).await;
    let given = usage.expect(200)["use"]["answers"].clone();
    assert_eq!(
        (&given["rejected"], &given["inReview"]),
        (&json!(1), &json!(given["given"].as_i64().unwrap() - 1))
    );
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 3, "0").await;
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_grows_behind_a_models_answer_grows_for_people() {
    let consensus =
        json!({"field": "rating", "minAnswers": 1, "maxAnswers": 3, "confidence": "0.9"});
    let form = json!({"reviewersPerAnswer": 0, "consensus": consensus});
    let (p, client, project, dataset) = setting(form, 2).await;
    for _ in 0..2 {
        let model = p.checked_model(&client, &project, above(0.7)).await;
        predict((&p, &client, &project), &model, &dataset, |_| 0.8).await;
    }
    assert_eq!(p.models_answer().await, 2, "of one place each");
    let grown = "select count(*) from tasks where slots = 2 and slots_free = 1";
    assert_eq!(p.count(grown).await, 2);
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 2, "0").await;
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_said_before_is_answered_by_whichever_server_there_is() {
    let (p, client, project, dataset) = setting(json!({"reviewersPerAnswer": 0}), 6).await;
    let model = p.checked_model(&client, &project, json!({})).await;
    let here = (&p, &client, project.as_str());
    predict(here, &model, &dataset, |nth| [0.9, 0.5][nth % 2]).await;
    assert_eq!(p.models_answer().await, 0);
    let changed = p
        .change_model(&client, &model, json!({"answerAbove": 0.8}))
        .await;
    assert_eq!(changed["use"]["answerAbove"], 0.8);
    // The server that took the change, and what came of items, ends here: nothing of it is in its memory.
    let server = Process::start(&p).await;
    eventually(Duration::from_secs(20), || async {
        (p.answered_by(&model).await == 3).then_some(())
    })
    .await;
    let word = p.count("select count(*) from models where answers_from is null");
    assert_eq!(word.await, 1);
    // A paused project is left alone until it goes on.
    let pause = format!("/projects/{project}");
    for (paused, answers) in [(true, 3), (false, 6)] {
        let body = Some(json!({"paused": paused}));
        let told = p.call(Some(&client.token), Method::PATCH, &pause, body);
        told.await.expect(200);
        if paused {
            p.change_model(&client, &model, json!({"answerAbove": 0.4}))
                .await;
            assert_eq!(p.models_answer().await, 0);
            assert_eq!(p.answered_by(&model).await, 3);
        }
        eventually(Duration::from_secs(20), || async {
            (p.answered_by(&model).await == answers).then_some(())
        })
        .await;
    }
    drop(server);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_begins_with_the_word_of_a_model_that_answers_and_none_answers_what_began_with_it() {
    let form = json!({
        "reviewersPerAnswer": 0, "answersPerTask": 2, "gold": {"onboarding": 4, "every": 2},
    });
    let (p, client, project, dataset) = setting(form, 6).await;
    let gold = p.gold_rows(&client, &project, 4).await;
    let usage = json!({"use": {"prefill": true, "blindShare": 0, "answerAbove": 0.9}});
    let model = p.checked_model(&client, &project, usage).await;
    let here = (&p, &client, project.as_str());
    let half = |nth: usize| [0.95, 0.5][nth % 2];
    let page = predict(here, &model, &dataset, half).await;
    predict(here, &model, gold["id"].as_str().unwrap(), half).await;
    assert_eq!(p.models_answer().await, 3);
    let (_, wanda) = p.register("wanda").await;
    let mut begun = Vec::new();
    while begun.len() < 10 {
        let claimed = p.claim(&wanda, &project, 1).await.expect(200);
        let task = tasks_of(&claimed).remove(0);
        let gold = p.which_gold(&json!([task])).await[0];
        begun.push((gold, task["id"].clone(), !task["prefill"].is_null()));
        p.submit(&wanda, &task, "0").await.expect(201);
    }
    let of_gold: Vec<_> = begun.iter().filter(|(gold, ..)| *gold).collect();
    let prefilled = of_gold.iter().filter(|(_, _, begun)| *begun).count();
    assert_eq!((of_gold.len(), prefilled), (4, 2), "as tasks, by halves");
    for (nth, item) in page.iter().enumerate() {
        let of = begun.iter().find(|(_, id, _)| id == &item["taskId"]);
        assert_eq!(of.unwrap().2, nth % 2 == 1, "{nth} {begun:?}");
    }
    // It may be less sure now, but three of them began with its word.
    p.change_model(&client, &model, json!({"answerAbove": 0.4}))
        .await;
    assert_eq!(p.models_answer().await, 0);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_answers_no_item_of_an_inbox() {
    let form = json!({
        "display": [{"column": "file", "kind": "AUDIO"}], "externalIdColumn": "name", "reviewersPerAnswer": 0,
    });
    let s = inbox_setting_with(form, json!({"crowd": "Always"})).await;
    let InboxSetting {
        p, client, model, ..
    } = &s;
    p.grant(&s.project, 10).await;
    p.change_model(client, model, json!({"answerAbove": 0.5}))
        .await;
    s.send(&wav(b"who is it")).await;
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    s.report_as(lease, said_at(&leased, 0.99)).await.expect(204);
    assert_eq!(p.models_answer().await, 0);
    p.change_model(client, model, json!({"answerAbove": 0.6}))
        .await;
    assert_eq!(p.models_answer().await, 0);
    let (_, wanda) = p.register("wanda").await;
    p.claim(&wanda, &s.project, 1).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_say_all_that_is_required_does_not_answer() {
    let also = json!([
        {"name": "rating", "type": "SINGLE_CHOICE", "options": ["-1", "0", "1"], "required": true},
        {"name": "why", "type": "TEXT", "required": true},
    ]);
    let (p, client, project, dataset) = setting(json!({"fields": also}), 2).await;
    let why = "has the model answer tasks, and the project requires what it does not say: \"why\"; remove it, or make these fields optional";
    let refused = p.model(&client, &project, above(0.9)).await;
    let problem = refused.expect(422);
    assert_eq!(problem["details"]["use.answerAbove"], why);
    let model = p.checked_model(&client, &project, json!({})).await;
    let path = format!("/models/{model}");
    let change = async |answer_above: Value| {
        let body = Some(json!({"use": {"answerAbove": answer_above}}));
        p.call(Some(&client.token), Method::PATCH, &path, body)
            .await
    };
    let problem = change(json!(0.9)).await.expect(422);
    assert_eq!(problem["details"]["use.answerAbove"], why);
    for bad in [0.0, 1.5, -1.0] {
        let problem = change(json!(bad)).await.expect(422);
        let said = &problem["details"]["use.answerAbove"];
        assert_eq!(said, "must be above 0 and at most 1");
    }
    let seen = get(&p, &client, &format!("{path}/manifest")).await;
    assert!(!seen.body.to_string().contains("answerAbove"), "{seen:?}");

    // A form that comes to require more takes nothing out of force; tasks of it are left to people.
    p.relabel(&client, &project, json!({"reviewersPerAnswer": 0}))
        .await;
    let changed = change(json!(0.9)).await.expect(200);
    assert_eq!(changed["use"]["answerAbove"], 0.9);
    p.relabel(
        &client,
        &project,
        json!({"fields": also, "reviewersPerAnswer": 0}),
    )
    .await;
    predict((&p, &client, &project), &model, &dataset, |_| 0.99).await;
    assert_eq!(p.models_answer().await, 0);
    // Null says that it answers nothing; what is not named stays.
    p.change_model(&client, &model, json!({"prefill": true}))
        .await;
    let changed = change(Value::Null).await.expect(200);
    let usage = json!({"prefill": true, "blindShare": 0.1, "answerAbove": null});
    assert_eq!(changed["use"], usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_wrong_too_often_is_measured_but_neither_blocked_nor_told() {
    let form = json!({
        "answersPerTask": 3, "reviewersPerAnswer": 0, "consensus": {"field": "rating"},
        "qualification": {"minSkill": "0.8", "action": "BLOCK"}
    });
    let (p, client, project, dataset) = setting(form, 12).await;
    let model = p.checked_model(&client, &project, above(0.7)).await;
    predict((&p, &client, &project), &model, &dataset, |_| 0.8).await;
    assert_eq!(p.models_answer().await, 12);
    for name in ["wanda", "wim"] {
        let (_, token) = p.register(name).await;
        for _ in 0..2 {
            p.work(&token, &project, 6, "0").await;
        }
    }
    let fitted = scheduled::run(&p, "consensus", &[]).await;
    assert!(fitted.status.success(), "{fitted:?}");
    let skill = "select total from worker_skills where correct = 0";
    let wrong: i32 = sqlx::query_scalar(skill).fetch_one(&p.rows).await.unwrap();
    assert_eq!(wrong, 12, "the model's, and people's labels go by it");
    for nothing in [
        "select count(*) from worker_qualifications",
        "select count(*) from project_workers where standing = 'blocked'",
        "select count(*) from events where kind = 'worker.disqualified'",
    ] {
        assert_eq!(p.count(nothing).await, 0, "{nothing}");
    }
    let told: Vec<Uuid> = sqlx::query_scalar("select user_id from worker_passes")
        .fetch_all(&p.rows)
        .await
        .unwrap();
    assert!(!told.contains(&model.parse().unwrap()), "{told:?}");
    // Its owner may block it all the same, and take its answers back.
    let workers = format!("/projects/{project}/workers");
    let listed = items(&get(&p, &client, &workers).await.expect(200));
    let row = listed.iter().find(|w| !w["model"].is_null()).unwrap();
    let path = format!("{workers}/{}/block", row["workerId"].as_str().unwrap());
    p.call(Some(&client.token), Method::POST, &path, Some(json!({})))
        .await
        .expect(200);
    p.tell_people().await;
    let notices: i64 = sqlx::query_scalar("select count(*) from notices where user_id = $1::uuid")
        .bind(&model)
        .fetch_one(&pool_of(&p.told))
        .await
        .unwrap();
    assert_eq!(notices, 0, "it has no account");
    let more = p.loaded(&client, &project, 3, 3).await;
    predict((&p, &client, &project), &model, &more, |_| 0.8).await;
    assert_eq!(p.models_answer().await, 0);
    p.assert_consistent().await;
}

/// Takes and answers until there is nothing; how many.
async fn work_off(p: &Platform, project: &str, token: &str) -> u64 {
    let mut given = 0;
    loop {
        let claimed = p.claim(token, project, 2).await;
        if claimed.status == 404 {
            return given;
        }
        for task in tasks_of(&claimed.expect(200)) {
            p.submit(token, &task, "0").await.expect(201);
            given += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn raced_for_the_last_place_either_a_person_or_a_model_has_it() {
    let count = scaled(150, 600);
    for places in [1, 2] {
        let form = json!({"reviewersPerAnswer": 0, "answersPerTask": places});
        let (p, client, project, dataset) = setting(form, count).await;
        let model = p.checked_model(&client, &project, above(0.7)).await;
        predict((&p, &client, &project), &model, &dataset, |_| 0.8).await;
        let mut tokens = Vec::new();
        for name in ["wanda", "wim", "otto"] {
            tokens.push(p.register(name).await.1);
        }
        let people = async || {
            // A server is slow with its first answer.
            while p.answered_by(&model).await == 0 {}
            join_all(tokens.iter().map(|token| work_off(&p, &project, token))).await
        };
        // As two servers do it, until nothing is left for either.
        let passes = async || {
            let mut given = 0;
            while p
                .count("select count(*) from predictions where answer_due")
                .await
                > 0
            {
                given += p.models_answer().await;
            }
            given
        };
        let (people, models) = join(people(), join(passes(), passes())).await;
        let (people, models): (u64, u64) = (people.into_iter().sum(), models.0 + models.1);
        assert!(models > 0 && people > 0, "{people} {models}: no race");
        let all = u64::try_from(count * places).unwrap();
        assert_eq!(people + models, all);
        let exact = "select count(*) from tasks t where slots = approved and slots_free = 0
             and (select count(*) from answers a where a.task_id = t.id) = slots";
        assert_eq!(p.count(exact).await, count);
        assert_eq!(p.answered_by(&model).await, i64::try_from(models).unwrap());
        p.assert_consistent().await;
    }
}
