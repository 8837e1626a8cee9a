//! Workers begin with what a model says: which tasks, which workers, and what that does to their answers.

use std::time::Duration;

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    models::{get, items, said, setting},
    support::{Actor, Platform, Predictor},
};

/// Has the model say "1" of every item of a dataset.
pub async fn predict(p: &Platform, client: &Actor, project: &str, model: &str, dataset: &Value) {
    let dataset = dataset["id"].as_str().unwrap();
    let prediction = p.prediction(client, project, model, dataset).await;
    let pod = Predictor::open(p, client, "predictions", &prediction, 1).await;
    let (mut after, mut count) = (0, 0);
    loop {
        let page = items(&pod.items(p, after).await.expect(200));
        let Some(last) = page.last() else { break };
        after = last["rowNo"].as_i64().unwrap();
        count += i64::try_from(page.len()).unwrap();
        pod.report(p, page.iter().map(said).collect())
            .await
            .expect(200);
    }
    pod.complete(p, count, 0).await.expect(204);
}

/// What somebody holds.
async fn held(p: &Platform, worker: &str) -> Vec<Value> {
    let held = p.call(Some(worker), Method::GET, "/me/tasks", None).await;
    held.expect(200)["tasks"].as_array().unwrap().clone()
}

fn is_prefilled(task: &Value) -> bool {
    let prefill = &task["prefill"];
    assert!(
        prefill.is_null() || *prefill == json!({"rating": "1"}),
        "{task}"
    );
    !prefill.is_null()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_begin_with_what_a_model_says_and_gold_is_no_exception() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let labeling = json!({"reviewersPerAnswer": 0, "answersPerTask": 3, "gold": {"onboarding": 2, "every": 3}});
    let project = p.project(&client, labeling).await;
    let dataset = json!({"id": p.loaded(&client, &project, 20, 20).await});
    let gold = p.gold_rows(&client, &project, 6).await;
    let usage = json!({"use": {"prefill": true, "blindShare": 0.5}});
    let model = p.checked_model(&client, &project, usage).await;
    predict(&p, &client, &project, &model, &dataset).await;
    let workers = ["wanda", "otto", "ida"];
    let mut tokens = Vec::new();
    for name in workers {
        tokens.push(p.register(name).await.1);
    }
    // Gold that it has not seen yet would tell itself.
    for token in &tokens {
        let first = p.claim(token, &project, 10).await.expect(200);
        assert!(!items_of(&first).iter().any(is_prefilled));
    }
    predict(&p, &client, &project, &model, &gold).await;
    eventually(Duration::from_secs(20), || async {
        let mut all = Vec::new();
        for token in &tokens {
            all.extend(held(&p, token).await);
        }
        all.iter().any(is_prefilled).then_some(())
    })
    .await;

    let (mut of_gold, mut of_tasks) = (Vec::new(), Vec::new());
    for token in &tokens {
        for _ in 0..20 {
            let claimed = p.claim(token, &project, 1).await.expect(200);
            let task = items_of(&claimed).remove(0);
            let again = held(&p, token).await;
            let same = again.iter().find(|held| held["id"] == task["id"]).unwrap();
            assert_eq!(same["prefill"], task["prefill"], "a reload changes nothing");
            let is_gold = p.which_gold(&json!([task])).await[0];
            let began = is_prefilled(&task);
            // Whoever begins with it takes it over; nobody else would have said so.
            let say = if began { "1" } else { "0" };
            p.submit(token, &task, say).await.expect(201);
            match is_gold {
                true => of_gold.push(began),
                false => of_tasks.push(began),
            }
        }
    }
    for began in [&of_gold, &of_tasks] {
        let share = began.iter().filter(|began| **began).count();
        assert!(
            began.len() > 10 && share > 0 && share < began.len(),
            "{of_gold:?} {of_tasks:?}"
        );
    }
    let path = format!("/models/{model}");
    let seen = get(&p, &client, &path).await.expect(200)["use"].clone();
    let shown = of_tasks.iter().filter(|began| **began).count();
    assert_eq!(
        (&seen["shown"]["answers"], &seen["shown"]["alike"]),
        (&json!(shown), &json!(shown))
    );
    assert_eq!(
        (&seen["blind"]["answers"], &seen["blind"]["share"]),
        (&json!(of_tasks.len() - shown), &json!(0.0))
    );
    assert_eq!(
        (&seen["prefill"], &seen["blindShare"]),
        (&json!(true), &json!(0.5))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_begins_with_what_nobody_asked_for() {
    let (p, client, project) = setting().await;
    let refused = json!({"use": {"prefill": true, "blindShare": 1.5}});
    let refused = p.model(&client, &project, refused).await;
    let problem = refused.expect(422);
    assert_eq!(
        problem["details"]["use.blindShare"],
        "must be between 0 and 1"
    );
    let dataset = json!({"id": p.loaded(&client, &project, 4, 4).await});
    let unused = p.checked_model(&client, &project, json!({})).await;
    predict(&p, &client, &project, &unused, &dataset).await;
    let (_, wanda) = p.register("wanda").await;
    let claimed = p.claim(&wanda, &project, 1).await.expect(200);
    assert!(!is_prefilled(&items_of(&claimed)[0]));
    let path = format!("/models/{unused}");
    let seen = get(&p, &client, &path).await.expect(200);
    assert_eq!(seen["use"]["shown"]["answers"], 0);
    assert_eq!(seen["predict"], "ON_REQUEST");

    // What is not named stays as it is.
    let change = async |body: Value| {
        let changed = p.call(Some(&client.token), Method::PATCH, &path, Some(body));
        changed.await
    };
    change(json!({"use": {"blindShare": 0}})).await.expect(200);
    change(json!({"use": {"prefill": true}, "predict": "ALWAYS"}))
        .await
        .expect(200);
    let changed = change(json!({"replicas": 2})).await.expect(200);
    let usage = json!({"prefill": true, "blindShare": 0.0, "answerAbove": null});
    assert_eq!(changed["use"], usage);
    assert_eq!(
        (&changed["predict"], &changed["replicas"]),
        (&json!("ALWAYS"), &json!(2))
    );
    let refused = change(json!({"replicas": 51, "use": {"blindShare": 2}})).await;
    let problem = refused.expect(422);
    assert_eq!(problem["details"]["replicas"], "must be between 0 and 50");
    change(json!({"sourceUri": "s3://other/file.onnx"}))
        .await
        .expect(422);
    eventually(Duration::from_secs(20), || async {
        let held = held(&p, &wanda).await;
        is_prefilled(&held[0]).then_some(())
    })
    .await;
}

fn items_of(claimed: &Value) -> Vec<Value> {
    claimed["tasks"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_at_the_same_moment_is_not_noted() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    let dataset = json!({"id": p.loaded(&client, &project, 2, 2).await});
    let usage = json!({"use": {"prefill": true, "blindShare": 0.0}});
    let model = p.checked_model(&client, &project, usage).await;
    predict(&p, &client, &project, &model, &dataset).await;
    let tasks: Vec<i64> = sqlx::query_scalar("select id from tasks order by id")
        .fetch_all(&p.rows)
        .await
        .unwrap();
    let mut deletion = p.rows.begin().await.unwrap();
    sqlx::query("delete from tasks where id = $1")
        .bind(tasks[0])
        .execute(&mut *deletion)
        .await
        .unwrap();
    let (rows, both) = (p.rows.clone(), tasks.clone());
    let asking = tokio::spawn(async move {
        sqlx::query("select * from prefill_v1(gen_random_uuid(), array[$1::uuid], $2, now())")
            .bind(model.parse::<uuid::Uuid>().unwrap())
            .bind(both)
            .execute(&rows)
            .await
    });
    // It has seen both tasks, and waits for what becomes of one.
    eventually(Duration::from_secs(20), || async {
        let waiting = p
            .count("select count(*) from pg_locks where not granted and locktype = 'transactionid'")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    deletion.commit().await.unwrap();
    asking
        .await
        .unwrap()
        .expect("it asks no more of what is gone");
    assert_eq!(p.count("select count(*) from prefills").await, 1);
}
