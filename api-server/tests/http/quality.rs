//! What an owner reads of quality: agreement, workers, the hardest tasks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    consensus::answered,
    support::{Actor, Platform},
};

async fn read(p: &Platform, client: &Actor, path: &str) -> Value {
    p.call(Some(&client.token), Method::GET, path, None)
        .await
        .expect(200)
}

/// Ids of the tasks, in the order of their rows.
async fn tasks(p: &Platform) -> Vec<i64> {
    sqlx::query_scalar("select id from tasks order by row_no")
        .fetch_all(&p.rows)
        .await
        .unwrap()
}

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

/// As below; a worker without a record is right half of the time, and none here has one that makes two answers sure.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reads_what_sureness_costs() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let path = format!("/projects/{project}/quality/costs");
    let costs = read(&p, &client, &path).await;
    assert_eq!(
        (&costs["field"], &costs["tasks"], &costs["answersPerTask"]),
        (&json!("rating"), &json!(3), &json!(4.0))
    );
    let curve: Vec<[f64; 3]> = costs["costs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| ["confidence", "answersPerTask", "sure"].map(|member| c[member].as_f64().unwrap()))
        .collect();
    assert!(curve.is_sorted_by(|a, b| a[0] < b[0] && a[1] <= b[1] && a[2] >= b[2]));
    assert_eq!(curve.last().unwrap()[1..], [4.0, 0.0]);
    let least = read(&p, &client, &format!("{path}?minAnswers=4")).await;
    assert_eq!(least["costs"][0]["answersPerTask"], 4.0);
    p.call(
        Some(&client.token),
        Method::GET,
        &format!("{path}?minAnswers=26"),
        None,
    )
    .await
    .refused(422, "invalid_request");
    let empty = p.project(&client, json!({})).await;
    let costs = read(&p, &client, &format!("/projects/{empty}/quality/costs")).await;
    assert_eq!(
        (&costs["field"], &costs["costs"]),
        (&Value::Null, &json!([]))
    );
}

/// Task 1: 1 1 1 -1. Task 2: 0 0 -1 1. Task 3: -1 1 0 1.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reads_how_much_people_agree_and_on_what() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let path = format!("/projects/{project}/quality");
    let quality = read(&p, &client, &path).await;
    assert_eq!(
        (
            &quality["answers"],
            &quality["isSample"],
            &quality["confidence"]
        ),
        (&json!(12), &json!(false), &json!(0.9))
    );
    let field = &quality["fields"][0];
    assert_eq!(
        (&field["field"], &field["method"]),
        (&json!("rating"), &json!("MAJORITY_VOTE"))
    );
    assert_eq!(
        (&field["tasks"], &field["answers"]),
        (&json!(3), &json!(12))
    );
    // Pairs that are equal: 3, 1 and 1 of 6 each.
    near(
        &field["rawAgreement"]["value"],
        (0.5 + 1.0 / 6.0 + 1.0 / 6.0) / 3.0,
    );
    // α = 1 − 11 · Σ unequal ordered pairs of a task / 3 / 90, the unequal ordered pairs of 3, 3 and 6.
    near(&field["alpha"]["value"], 1.0 - 11.0 * 26.0 / 3.0 / 90.0);
    for measure in ["alpha", "rawAgreement", "ac1"] {
        let number = |member: &str| field[measure][member].as_f64().unwrap();
        assert!(
            number("low") <= number("value") && number("value") <= number("high"),
            "{field:#}"
        );
    }
    let labels: Vec<_> = field["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (&l["value"], &l["answers"], &l["tasks"]))
        .collect();
    let expected = [(json!("-1"), 3, 0), (json!("0"), 3, 1), (json!("1"), 6, 2)];
    let expected: Vec<_> = expected
        .iter()
        .map(|(value, answers, tasks)| (value.clone(), json!(answers), json!(tasks)))
        .collect();
    assert_eq!(
        labels,
        expected
            .iter()
            .map(|(a, b, c)| (a, b, c))
            .collect::<Vec<_>>()
    );
    assert_eq!(field["confusion"], json!([[0, 0, 0], [1, 2, 1], [2, 1, 5]]));
    assert_eq!(
        (&field["confident"], &field["decided"]),
        (&json!(0.0), &json!(0))
    );
    let half = read(&p, &client, &format!("{path}?confidence=0.75")).await;
    near(&half["fields"][0]["confident"], 1.0 / 3.0);
    let decision = format!("{path}/tasks/{}/decision", tasks(&p).await[1]);
    p.call(
        Some(&client.token),
        Method::PUT,
        &decision,
        Some(json!({"value": "-1"})),
    )
    .await
    .expect(200);
    let decided = read(&p, &client, &path).await["fields"][0].clone();
    assert_eq!(decided["decided"], 1);
    near(&decided["confident"], 1.0 / 3.0);
    assert_eq!(
        decided["confusion"],
        json!([[1, 2, 1], [0, 0, 0], [2, 1, 5]])
    );
    let wrong = format!("{path}?confidence=2");
    p.call(Some(&client.token), Method::GET, &wrong, None)
        .await
        .refused(422, "invalid_request");
    let empty = p
        .project(
            &client,
            json!({"fields": [{"name": "why", "type": "TEXT"}]}),
        )
        .await;
    let nothing = read(&p, &client, &format!("/projects/{empty}/quality")).await;
    assert_eq!(
        (&nothing["answers"], &nothing["fields"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reads_whom_to_trust_by_pseudonyms_that_exports_have() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let path = format!("/projects/{project}/quality/workers");
    let mut found = Vec::new();
    let mut next = format!("{path}?limit=3");
    loop {
        let page = read(&p, &client, &next).await;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        next = format!("{path}?limit=3&cursor={cursor}");
    }
    let names: Vec<_> = found
        .iter()
        .map(|w| w["workerId"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.is_sorted() && names.len() == 4, "{names:?}");
    let listed = read(&p, &client, &format!("/projects/{project}/workers")).await;
    let listed: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["workerId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, listed);
    // The labels are 1, 0 and 1: wanda says two of them, wim three, willy and mallory one each.
    let mut skills: Vec<_> = found
        .iter()
        .map(|w| (w["skill"].as_f64().unwrap() * 3.0).round() as i64)
        .collect();
    skills.sort_unstable();
    assert_eq!(skills, [1, 1, 2, 3]);
    let best = found.iter().find(|w| w["skill"] == 1.0).unwrap();
    assert_eq!(
        (&best["answers"], &best["compared"]),
        (&json!(3), &json!(3))
    );
    // Wilson's interval of 3 of 3.
    near(
        &best["skillLow"],
        3.0 / (3.0 + 1.959_963_984_540_054_f64.powi(2)),
    );
    near(&best["skillHigh"], 1.0);
    near(&best["agreement"], 4.0 / 9.0);
    assert!(best["medianSeconds"].as_f64().unwrap() >= 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hardest_tasks_come_first_with_all_answers_and_the_decision() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let ids = tasks(&p).await;
    let path = format!("/projects/{project}/quality/tasks?order=disagreement");
    let page = read(&p, &client, &path).await;
    let order = |page: &Value| -> Vec<i64> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["taskId"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(
        (order(&page), &page["isWhole"]),
        (vec![ids[1], ids[2], ids[0]], &json!(true))
    );
    let hardest = &page["items"][0];
    near(&hardest["agreement"], 1.0 / 6.0);
    assert_eq!(
        (&hardest["rowNo"], &hardest["externalId"]),
        (&json!(2), &json!("i2"))
    );
    assert_eq!(
        (&hardest["source"]["text"], &hardest["decision"]),
        (&json!("text 2"), &Value::Null)
    );
    let answers = hardest["answers"].as_array().unwrap();
    let said: Vec<_> = answers
        .iter()
        .map(|a| a["answer"]["rating"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["0", "0", "-1", "1"]);
    assert!(answers.iter().all(|a| a["status"] == "APPROVED" && a["workerId"].as_str().unwrap().starts_with("w-")));
    // Page by page, nothing twice.
    let mut by_one = Vec::new();
    let mut next = format!("{path}&limit=1");
    loop {
        let page = read(&p, &client, &next).await;
        by_one.extend(order(&page));
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        next = format!("{path}&limit=1&cursor={cursor}");
    }
    assert_eq!(by_one, order(&page));
    let decision = format!("/projects/{project}/quality/tasks/{}/decision", ids[1]);
    p.call(
        Some(&client.token),
        Method::PUT,
        &decision,
        Some(json!({"value": "1"})),
    )
    .await
    .expect(200);
    let decided = read(&p, &client, &path).await["items"][0]["decision"].clone();
    assert_eq!(
        (&decided["field"], &decided["value"]),
        (&json!("rating"), &json!("1"))
    );
    // Without mallory's, task 1 is agreed on and task 2 has fewer answers.
    let mallory = page["items"][2]["answers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["answer"]["rating"] == "-1")
        .unwrap()["workerId"]
        .clone();
    let void = format!(
        "/projects/{project}/workers/{}/void",
        mallory.as_str().unwrap()
    );
    p.call(
        Some(&client.token),
        Method::POST,
        &void,
        Some(json!({"reason": "contradicts"})),
    )
    .await
    .expect(200);
    let page = read(&p, &client, &path).await;
    assert_eq!(order(&page), [ids[2], ids[1], ids[0]]);
    near(&page["items"][0]["agreement"], 0.0);
    near(&page["items"][1]["agreement"], 1.0 / 3.0);
    near(&page["items"][2]["agreement"], 1.0);
    for wrong in ["order=speed", "cursor=x", "cursor=NaN_1", "limit=0"] {
        let path = format!("/projects/{project}/quality/tasks?{wrong}");
        p.call(Some(&client.token), Method::GET, &path, None)
            .await
            .refused(422, "invalid_request");
    }
    let carl = p.client("carl").await;
    for what in ["", "/workers", "/tasks"] {
        let path = format!("/projects/{project}/quality{what}");
        p.call(Some(&carl.token), Method::GET, &path, None)
            .await
            .refused(404, "not_found");
    }
    let plain = p.project(&client, json!({})).await;
    let path = format!("/projects/{plain}/quality/tasks");
    p.call(Some(&client.token), Method::GET, &path, None)
        .await
        .refused(409, "no_consensus");
}
