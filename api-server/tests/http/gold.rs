//! Tasks whose right answer is known: how they come in, how they are given and answered, what they cost and where they do not
//! count.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    consensus::export,
    support::{Actor, Platform},
};

/// Twenty tasks and six items of gold, of which a worker's first two are; every third is after that.
async fn mixed(billing: BillingMode, members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(billing).await;
    let client = p.client("clara").await;
    let mut labeling = json!({"gold": {"onboarding": 2, "every": 3}});
    for (name, value) in members.as_object().unwrap() {
        labeling[name] = value.clone();
    }
    let project = p.project(&client, labeling).await;
    if billing.gates() {
        p.grant(&project, 23).await;
    }
    p.loaded(&client, &project, 20, 10).await;
    p.gold_rows(&client, &project, 6).await;
    (p, client, project)
}

impl Platform {
    /// One task after the other: what came, and whether it was gold.
    async fn one_by_one(
        &self,
        worker: &str,
        project: &str,
        count: usize,
        say: &str,
    ) -> Vec<(Value, bool)> {
        let mut done = Vec::new();
        for _ in 0..count {
            let tasks = self.claim(worker, project, 1).await.expect(200)["tasks"].clone();
            let gold = self.which_gold(&tasks).await[0];
            self.submit(worker, &tasks[0], say).await.expect(201);
            done.push((tasks[0].clone(), gold));
        }
        done
    }

    async fn spent(&self) -> i64 {
        self.count("select tasks_used from projects").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gold_comes_in_as_any_file_and_becomes_no_task() {
    let (p, client, project) = mixed(BillingMode::Manual, json!({})).await;
    assert_eq!(p.spent().await, 20, "it costs nothing to load");
    let rows = "a,one,1,\nb,two,7,no such rating\nc,three,,\nd,four,-1,\n";
    let dataset = p.gold(&client, &project, rows).await;
    let says = |member: &str| dataset[member].clone();
    assert_eq!(
        [
            "state",
            "purpose",
            "goldItems",
            "tasksCreated",
            "rowsRejected"
        ]
        .map(says),
        [json!("READY"), json!("GOLD"), json!(2), json!(0), json!(2)]
    );
    assert_eq!(says("goldColumns"), json!({"rating": "right"}));
    let refused: Vec<_> = says("rejectedRows")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["line"].clone(),
                row["reason"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(refused[0].0, 3);
    assert!(refused[0].1.contains("must be one of"), "{refused:?}");
    assert_eq!(refused[1].0, 4);
    assert!(refused[1].1.contains("is empty"), "{refused:?}");
    let path = format!("/projects/{project}");
    let body = p
        .call(Some(&client.token), Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(body["tasks"]["total"], 20);
    assert_eq!(p.count("select count(*) from tasks").await, 20);
    assert_eq!(p.gold_list(&client, &project).await.len(), 8);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_do_not_fit_the_form_are_refused_by_name() {
    let (p, client, project) = mixed(BillingMode::Disabled, json!({})).await;
    for (members, named) in [
        (vec![("purpose", "GOLD")], "goldColumns"),
        (
            vec![("goldColumns", r#"{"rating":"right"}"#)],
            "goldColumns",
        ),
        (
            vec![("purpose", "GOLD"), ("goldColumns", r#"{"mood":"right"}"#)],
            "goldColumns.mood",
        ),
        (
            vec![("purpose", "GOLD"), ("goldColumns", r#"{"rating":"text"}"#)],
            "goldColumns.rating",
        ),
        (vec![("purpose", "SILVER")], "purpose"),
    ] {
        let csv = "id,text,right\na,one,1\n".to_owned();
        let refused = p
            .upload_with(&client, &project, csv, &members)
            .await
            .refused(422, "invalid_request");
        assert!(refused["details"][named].is_string(), "{refused:#}");
    }
    for (gold, named) in [
        (json!({}), "labeling.gold"),
        (json!({"every": 1}), "labeling.gold.every"),
    ] {
        let body = json!({"labeling": crate::support::labeling(json!({"gold": gold}))});
        let path = format!("/projects/{project}");
        let refused = p
            .call(Some(&client.token), Method::PATCH, &path, Some(body))
            .await
            .refused(422, "invalid_request");
        assert!(refused["details"][named].is_string(), "{refused:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_begin_with_gold_and_what_they_are_given_depends_on_them_alone() {
    let (p, client, project) = mixed(BillingMode::Disabled, json!({})).await;
    let (_, wanda) = p.register("wanda").await;
    let next = format!("/tasks/next?projectId={project}");
    let shown = p
        .call(Some(&wanda), Method::GET, &next, None)
        .await
        .expect(200);
    let again = p
        .call(Some(&wanda), Method::GET, &next, None)
        .await
        .expect(200);
    assert_eq!(shown, again, "a reload changes nothing");
    let lock = format!("/tasks/{}/lock", shown["task"]["id"]);
    let locked = p
        .call(Some(&wanda), Method::POST, &lock, None)
        .await
        .expect(200);
    assert_eq!(locked["payload"], shown["task"]["payload"]);
    let claimed = p.claim(&wanda, &project, 1).await.expect(200)["tasks"].clone();
    assert_eq!(claimed[0]["lease"]["token"], locked["lease"]["token"]);
    p.submit(&wanda, &locked, "1").await.expect(201);
    let done = p.one_by_one(&wanda, &project, 11, "1").await;
    let gold: Vec<_> = done.iter().map(|(_, gold)| *gold).collect();
    assert!(gold[0], "the second task is gold, too: {gold:?}");
    let kinds: Vec<i64> = sqlx::query_scalar("select nth from gold_draws order by nth")
        .fetch_all(&p.rows)
        .await
        .unwrap();
    let rule: Vec<i64> = sqlx::query_scalar(
        "select n::bigint from generate_series(0, 11) n where gold_due_v1((select user_id from gold_draws limit 1), $1::uuid, n, 2, 3) order by n limit 6")
        .bind(&project).fetch_all(&p.rows).await.unwrap();
    assert_eq!(kinds, rule, "which ones are gold is a rule");
    let (_, wim) = p.register("wim").await;
    p.one_by_one(&wim, &project, 2, "1").await;
    // Nothing that a worker is shown holds what is right, or says that there is gold.
    for (task, _) in &done {
        let columns: Vec<_> = task["payload"].as_object().unwrap().keys().collect();
        assert_eq!(columns, ["id", "text"]);
    }
    let work = p
        .call(
            Some(&wanda),
            Method::GET,
            &format!("/work/projects/{project}"),
            None,
        )
        .await
        .expect(200);
    assert!(work["labeling"]["gold"].is_null());
    assert_eq!(work["myAnswers"], 12);
    let owned = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        owned["labeling"]["gold"],
        json!({"onboarding": 2, "every": 3})
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_gold_waits_is_decided_and_paid_as_any_other_right_or_wrong() {
    let (p, client, project) = mixed(BillingMode::Manual, json!({})).await;
    let ((_, wanda), (_, rita)) = (p.register("wanda").await, p.register("rita").await);
    let done = p.one_by_one(&wanda, &project, 8, "1").await;
    let gold = done.iter().filter(|(_, gold)| *gold).count();
    // Two of them as a newcomer, and there are six.
    assert!((2..=6).contains(&gold), "{gold}");
    p.sweep_in(0).await;
    assert_eq!(
        p.spent().await,
        20 + i64::try_from(gold.min(3)).unwrap(),
        "each costs a judgement, as far as quota goes"
    );
    let mine = p.my_answers(&wanda).await;
    assert!(
        mine.iter()
            .all(|a| a["status"] == "IN_REVIEW" && a["points"] == 0)
    );
    p.sweep_in(3600).await;
    assert!(
        p.my_answers(&wanda)
            .await
            .iter()
            .all(|a| a["status"] == "IN_REVIEW"),
        "nobody has reviewed anything"
    );
    for _ in 0..8 - gold {
        let shown = p.shown(&rita, &project).await.expect(200)["review"].clone();
        p.decide(&rita, &shown["answerId"], "approve")
            .await
            .expect(200);
    }
    p.shown(&rita, &project)
        .await
        .refused(404, "no_review_available");
    p.sweep_in(0).await;
    p.sweep_in(3600).await;
    let mine = p.my_answers(&wanda).await;
    assert!(
        mine.iter()
            .all(|a| a["status"] == "APPROVED" && a["points"] == 5),
        "{mine:#?}"
    );
    assert!(
        mine.iter()
            .all(|a| a["decisions"].as_array().unwrap().len() == 1 && a["decidedAt"].is_string())
    );
    let wrong = p.count("select count(*) from gold_answers a join gold_draws g on g.id = a.draw_id where g.onboarding and not a.correct").await;
    let explained: Vec<_> = mine
        .iter()
        .filter_map(|a| {
            a["decisions"][0]["comment"]
                .as_str()
                .filter(|c| !c.is_empty())
        })
        .collect();
    assert_eq!(
        explained.len() as i64,
        wrong,
        "who is new is told what was right: {explained:?}"
    );
    assert!(
        explained
            .iter()
            .all(|told| told.starts_with("rating: 0. as ")),
        "{explained:?}"
    );
    let points = p
        .call(Some(&wanda), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(points["balance"], 40);
    let exported = export(&p, &client, &project, "JSONL").await;
    assert_eq!(exported.lines().count(), 8 - gold, "gold is in no export");
    let list = p.gold_list(&client, &project).await;
    let sum = |member: &str| {
        list.iter()
            .map(|i| i[member].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(sum("answers"), gold as i64);
    let right = p
        .count("select count(*) from gold_answers where correct")
        .await;
    assert_eq!(sum("right"), right, "{list:#?}");
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gold_is_held_given_back_skipped_and_taken_back_as_any_task() {
    let (p, _, project) = mixed(BillingMode::Disabled, json!({"gold": {"onboarding": 1}})).await;
    let (_, wanda) = p.register("wanda").await;
    let first = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(p.which_gold(&json!([first])).await, [true]);
    p.lease(&wanda, &first, "heartbeat").await.expect(200);
    let held = p
        .call(Some(&wanda), Method::GET, "/me/tasks", None)
        .await
        .expect(200);
    assert_eq!(held["tasks"].as_array().unwrap().len(), 1, "{held:#}");
    let (_, wim) = p.register("wim").await;
    p.submit(&wim, &first, "1").await.refused(409, "lease_lost");
    let lock = format!("/tasks/{}/lock", first["id"]);
    p.call(Some(&wim), Method::POST, &lock, None)
        .await
        .refused(404, "not_found");
    p.lease(&wanda, &first, "unlock").await.expect(204);
    p.submit(&wanda, &first, "1")
        .await
        .refused(409, "lease_lost");
    let other = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    assert_ne!(
        other["id"], first["id"],
        "it went to the end of the queue, as a task does"
    );
    p.lease(&wanda, &other, "unlock").await.expect(204);
    let again = p
        .call(Some(&wanda), Method::POST, &lock, None)
        .await
        .expect(200);
    p.sweep_in(3600).await;
    p.lease(&wanda, &again, "heartbeat")
        .await
        .refused(409, "lease_lost");
    let again = p
        .call(Some(&wanda), Method::POST, &lock, None)
        .await
        .expect(200);
    let bad = json!({"leaseToken": again["lease"]["token"], "answer": {"rating": "7"}});
    let submit = format!("/tasks/{}/submit", first["id"]);
    p.call(Some(&wanda), Method::POST, &submit, Some(bad))
        .await
        .refused(422, "invalid_answer");
    let given = p.submit(&wanda, &again, "1").await.expect(201);
    let repeated = p.submit(&wanda, &again, "1").await.expect(200);
    assert_eq!(repeated["answerId"], given["answerId"]);
    let withdraw = format!("/answers/{}/withdraw", given["answerId"]);
    let back = p
        .call(Some(&wanda), Method::POST, &withdraw, None)
        .await
        .expect(200);
    assert_eq!(
        (&back["id"], &back["status"]),
        (&first["id"], &json!("LOCKED"))
    );
    p.call(Some(&wanda), Method::POST, &withdraw, None)
        .await
        .refused(409, "already_reviewed");
    p.submit(&wanda, &back, "0").await.expect(201);
    let statuses: Vec<_> = p
        .my_answers(&wanda)
        .await
        .iter()
        .map(|a| a["status"].clone())
        .collect();
    assert_eq!(statuses, ["IN_REVIEW", "WITHDRAWN"]);
    let wims = p.claim(&wim, &project, 1).await.expect(200)["tasks"][0].clone();
    p.lease(&wim, &wims, "skip").await.expect(204);
    let lock = format!("/tasks/{}/lock", wims["id"]);
    p.call(Some(&wim), Method::POST, &lock, None)
        .await
        .refused(404, "not_found");
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_task_becomes_gold_for_who_knows_nothing_of_it() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let members = json!({"reviewersPerAnswer": 0, "gold": {"onboarding": 3}});
    let project = p.project(&client, members).await;
    p.loaded(&client, &project, 4, 4).await;
    let (_, wanda) = p.register("wanda").await;
    let done = p.one_by_one(&wanda, &project, 1, "1").await;
    let task = done[0].0["id"].clone();
    let open: i64 = sqlx::query_scalar("select id from tasks where status = 'new' limit 1")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.make_gold(&client, &project, json!({"taskId": open}))
        .await
        .refused(409, "task_not_approved");
    p.make_gold(
        &client,
        &project,
        json!({"taskId": task, "expected": {"rating": "7"}}),
    )
    .await
    .refused(422, "invalid_answer");
    let made = p
        .make_gold(
            &client,
            &project,
            json!({"taskId": task, "explanation": "It is praise."}),
        )
        .await
        .expect(201);
    assert_eq!(
        (&made["expected"], &made["taskId"]),
        (&json!({"rating": "1"}), &task)
    );
    let again = p
        .make_gold(&client, &project, json!({"taskId": task}))
        .await
        .expect(201);
    assert_eq!(again["id"], made["id"]);
    p.make_gold(
        &client,
        &project,
        json!({"taskId": task, "expected": {"rating": "0"}}),
    )
    .await
    .refused(409, "gold_fixed");
    let mine = p.one_by_one(&wanda, &project, 1, "1").await;
    assert!(!mine[0].1, "who answered the task is not given it");
    let (_, wim) = p.register("wim").await;
    let wims = p.one_by_one(&wim, &project, 1, "0").await;
    assert!(wims[0].1);
    assert_eq!(wims[0].0["payload"]["text"], done[0].0["payload"]["text"]);
    let told = p.my_answers(&wim).await[0]["decisions"][0]["comment"].clone();
    assert_eq!(told, "rating: 1. It is praise.");
    let path = format!("/projects/{project}/gold/{}", made["id"]);
    p.call(Some(&client.token), Method::DELETE, &path, None)
        .await
        .expect(204);
    let (_, willy) = p.register("willy").await;
    assert!(
        !p.one_by_one(&willy, &project, 1, "0").await[0].1,
        "retired, it is given to nobody"
    );
    assert_eq!(p.gold_list(&client, &project).await[0]["isRetired"], true);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_completed_by_its_work() {
    let (p, client, project) = mixed(BillingMode::Disabled, json!({"reviewersPerAnswer": 0})).await;
    let body = json!({"format": "JSONL", "trigger": "WHEN_COMPLETED"});
    let path = format!("/projects/{project}/export");
    p.call(Some(&client.token), Method::POST, &path, Some(body))
        .await
        .expect(202);
    let (_, wanda) = p.register("wanda").await;
    // Which ones are gold hangs on who the worker is: the last work may come before the last gold, which is then not asked.
    let end = loop {
        let claimed = p.claim(&wanda, &project, 1).await;
        if claimed.status != 200 {
            break claimed;
        }
        p.submit(&wanda, &claimed.body["tasks"][0], "1")
            .await
            .expect(201);
    };
    end.refused(404, "no_task_available");
    assert_eq!(p.count("select count(*) from answers").await, 20);
    let state = p
        .count("select count(*) from projects where state = 'completed'")
        .await;
    assert_eq!(state, 1);
    assert_eq!(
        p.count("select count(*) from datasets where gold is not null and state = 'ready'")
            .await,
        1
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_quota_is_left_there_is_no_gold() {
    let (p, client, project) = mixed(BillingMode::Manual, json!({"gold": {"onboarding": 6}})).await;
    let (_, wanda) = p.register("wanda").await;
    let done = p.one_by_one(&wanda, &project, 6, "1").await;
    let gold: Vec<_> = done.iter().map(|(_, gold)| *gold).collect();
    assert_eq!(gold, [true, true, true, false, false, false]);
    p.sweep_in(0).await;
    assert_eq!(p.spent().await, 23);
    let path = format!("/projects/{project}");
    let body = p
        .call(Some(&client.token), Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(body["billing"]["tasksUsed"], 23);
    p.assert_consistent().await;
}
