//! Files that were taken for something else, each named after what went wrong.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{answer_all, export, generate, upload};
use crate::support::{Actor, Platform, answer};

pub(super) async fn setting(members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let mut labeling = json!({"reviewersPerAnswer": 0});
    for (name, value) in members.as_object().unwrap() {
        labeling[name] = value.clone();
    }
    let project = p.project(&client, labeling).await;
    (p, client, project)
}

pub(super) fn says(body: &Value, text: &str) {
    let all = body.to_string().replace("\\\"", "\"");
    assert!(all.contains(text), "{body:#} says {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_refused_is_completed() {
    let (p, client, project) = setting(json!({})).await;
    // Larger than what is looked at before anybody pays: later rows might be of use.
    let file = "id,text\n".to_owned() + &format!("1,{}\n", "a".repeat(40_000)).repeat(2);
    let dataset = upload(&p, &client, &project, "items.jsonl", file.as_bytes(), &[])
        .await
        .expect(201);
    says(
        &dataset["notices"],
        "rows would be refused; the first: line 1 is not a JSON object",
    );
    let failed = generate(&p, &client, &dataset).await;
    assert_eq!(
        (&failed["state"], &failed["rowsRejected"]),
        (&json!("FAILED"), &json!(3)),
        "{failed:#}"
    );
    assert_eq!(failed["rejectedRows"].as_array().unwrap().len(), 3);
    says(&failed["message"], "No row could be used");
    says(&failed["message"], "line 1 is not a JSON object");
    says(&failed["message"], "looks like CSV");
    let reason: String = sqlx::query_scalar("select reason from runs")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert_eq!(reason, "bad_input");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_calls_nothing_a_success_is_not_believed() {
    let (p, client, project) = setting(json!({})).await;
    let file = b"id,text\n1,Hello\n";
    let dataset = upload(&p, &client, &project, "items.csv", file, &[])
        .await
        .expect(201);
    let id = dataset["id"].as_str().unwrap();
    let path = format!("/datasets/{id}");
    let go = format!("{path}/generate-tasks");
    p.call(Some(&client.token), Method::POST, &go, Some(json!({})))
        .await
        .expect(202);
    let run = crate::support::Run::open(&p, &client, id, "pod-1").await;
    run.complete(&p, 0).await.expect(204);
    let failed = p.call(Some(&client.token), Method::GET, &path, None).await;
    assert_eq!(failed.expect(200)["state"], "FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_plainly_wrong_is_said_at_upload() {
    let (p, client, project) = setting(json!({})).await;
    let header_only: &[u8] = b"id,text\n";
    let bom_only_file: &[u8] = b"\xEF\xBB\xBF";
    let json_array_loses_half: &[u8] =
        b"[\n{\"id\":1,\"text\":\"a\"},\n{\"id\":2,\"text\":\"b\"}\n]\n";
    let semicolon_known_too_late: &[u8] = b"id;text;lang\n1;Hello, world;en\n2;Bonjour;fr\n";
    for (name, file, text) in [
        ("items.csv", header_only, "a header and no row"),
        ("items.csv", bom_only_file, "is empty"),
        ("items.jsonl", json_array_loses_half, "one object per line"),
        ("items.csv", json_array_loses_half, "looks like JSON"),
        (
            "items.csv",
            b"{\"id\":1,\"text\":\"a\"}\n",
            "looks like JSON",
        ),
        ("items.csv", semicolon_known_too_late, "separated by \";\""),
        (
            "items.csv",
            b"ID,Text\n1,a\n",
            "it has: \"ID\", \"Text\". Write \"Text\" as \"text\"",
        ),
    ] {
        let refused = upload(&p, &client, &project, name, file, &[]).await;
        let refused = refused.refused(422, "invalid_request");
        says(&refused["details"]["file"], text);
    }
    assert_eq!(p.count("select count(*) from datasets").await, 0);
    assert_eq!(p.stored(&client.namespace).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn semicolon_known_too_late() {
    let (p, client, project) = setting(json!({})).await;
    let file = b"id;text;lang\n1;Hello, world;en\n2;Bonjour;fr\n";
    let auto = [("delimiter", "AUTO")];
    let dataset = upload(&p, &client, &project, "items.csv", file, &auto)
        .await
        .expect(201);
    assert_eq!(dataset["columns"], json!(["id", "text", "lang"]));
    assert_eq!(dataset["delimiter"], "SEMICOLON");
    let ready = generate(&p, &client, &dataset).await;
    assert_eq!(
        (&ready["state"], &ready["totalRows"], &ready["delimiter"]),
        (&json!("READY"), &json!(2), &json!("SEMICOLON"))
    );
    let pinned: Value = sqlx::query_scalar("select checkpoint->'dialect' from datasets")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert_eq!(
        pinned,
        json!({"delimiter": "Semicolon", "encoding": "Utf8"})
    );
    let cyrillic = encoding_rs::WINDOWS_1251.encode("id;text\n3;Привет\n").0;
    let written = [("delimiter", "SEMICOLON"), ("encoding", "WINDOWS1251")];
    let dataset = upload(&p, &client, &project, "items.csv", &cyrillic, &written)
        .await
        .expect(201);
    generate(&p, &client, &dataset).await;
    let text = "select count(*) from tasks where payload->>'text' = 'Привет'";
    assert_eq!(p.count(text).await, 1);
    for (fields, says_of) in [
        ([("delimiter", "SPACE")], "delimiter"),
        ([("encoding", "latin1")], "encoding"),
        ([("multiline", "maybe")], "multiline"),
    ] {
        let refused = upload(&p, &client, &project, "items.csv", file, &fields).await;
        let refused = refused.refused(422, "invalid_request");
        assert!(refused["details"][says_of].is_string(), "{refused:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_member_twice() {
    let (p, client, project) = setting(json!({})).await;
    p.loaded(&client, &project, 1, 1).await;
    let (_, worker) = p.register("wanda").await;
    let claimed = p.claim(&worker, &project, 1).await.expect(200);
    let task = &claimed["tasks"][0];
    let submit = async |answer_text: &str| {
        let token = &task["lease"]["token"];
        let body = format!("{{\"leaseToken\":{token},\"answer\":{answer_text}}}");
        let request = p
            .http
            .post(format!("{}/tasks/{}/submit", p.url, task["id"]))
            .bearer_auth(&worker)
            .header("content-type", "application/json")
            .body(body);
        answer(request).await
    };
    let refused = submit(r#"{"rating":"1","rating":"0"}"#).await;
    let refused = refused.refused(422, "invalid_request");
    says(&refused["details"]["answer"], "\"rating\" twice");
    submit("[1]").await.refused(422, "invalid_request");
    submit(r#"{"rating":"1"}"#).await.expect(201);
    submit(r#"{ "rating" : "1" }"#).await.expect(200);
    submit(r#"{"rating":"0"}"#).await.refused(409, "lease_lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn big_integers_rounded() {
    let fields = json!([{"name": "n", "type": "NUMBER", "minimum": "-0.5", "maximum": 0.25}]);
    let (p, client, project) = setting(json!({"fields": fields})).await;
    let file = concat!(
        r#"{"id":9007199254740993,"text":"a","n":12345678901234567890123,"f":0.1,"d":1.10,"e":1e2}"#,
        "\n",
        r#"{"id":18446744073709551616,"text":"b","n":-0,"f":3.141592653589793238462643}"#,
        "\n",
        r#"{"id":3,"text":"c","n":1e309}"#,
        "\n",
        r#"{"id":4,"text":"d","id":5}"#,
        "\n"
    );
    let dataset = upload(&p, &client, &project, "items.jsonl", file.as_bytes(), &[])
        .await
        .expect(201);
    let ready = generate(&p, &client, &dataset).await;
    assert_eq!(
        (&ready["tasksCreated"], &ready["rowsRejected"]),
        (&json!(2), &json!(2)),
        "{ready:#}"
    );
    says(&ready["rejectedRows"], "exponent beyond 308");
    says(&ready["rejectedRows"], "\"id\" twice");
    let (_, worker) = p.register("wanda").await;
    let claimed = p
        .http
        .post(format!("{}/tasks/claim", p.url))
        .bearer_auth(&worker)
        .json(&json!({"projectId": project, "count": 2}));
    let claimed = claimed.send().await.unwrap().text().await.unwrap();
    assert!(claimed.contains("12345678901234567890123"), "{claimed}");
    assert!(claimed.contains("3.141592653589793238462643"), "{claimed}");
    let tasks: Value = serde_json::from_str(&claimed).unwrap();
    for (task, number) in [(0, "0.10000000000000000000000001"), (1, "-0.50")] {
        let task = &tasks["tasks"][task];
        let body = format!(
            "{{\"leaseToken\":{},\"answer\":{{\"n\":{number}}}}}",
            task["lease"]["token"]
        );
        let submit = async |body: String| {
            let request = p
                .http
                .post(format!("{}/tasks/{}/submit", p.url, task["id"]))
                .bearer_auth(&worker)
                .header("content-type", "application/json")
                .body(body);
            answer(request).await
        };
        for outside in [
            "-0.5000000000000000000001",
            "0.2500000000000000000001",
            "1e300",
        ] {
            let refused = submit(body.replace(number, outside)).await;
            let refused = refused.refused(422, "invalid_answer");
            says(&refused["details"]["n"], "from -0.5 to 0.25");
        }
        submit(body).await.expect(201);
    }
    let lines = export(&p, &client, &project, json!({"format": "JSONL"})).await;
    let lines = String::from_utf8(lines).unwrap();
    let table = export(&p, &client, &project, json!({"format": "CSV"})).await;
    let table = String::from_utf8(table).unwrap();
    for digits in [
        "9007199254740993",
        "18446744073709551616",
        "12345678901234567890123",
        "3.141592653589793238462643",
        "1.10",
        "0.10000000000000000000000001",
        "-0.50",
    ] {
        assert!(lines.contains(digits), "{digits} in {lines}");
        assert!(table.contains(digits), "{digits} in {table}");
    }
    assert!(lines.contains(r#""externalId":"18446744073709551616""#));
    assert!(
        lines.contains(r#""n":0,"#) || lines.contains(r#""n":0}"#),
        "{lines}"
    );
    assert!(
        table.starts_with(
            "taskId,rowNo,externalId,source.id,source.text,source.n,source.f,source.d,source.e,"
        ),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn blank_rows_are_paid_tasks() {
    let (p, client, project) = setting(json!({})).await;
    let file = b"id,text,lang\n1,Hello,en\n,,\n,,\n,,\n2,,en\n,,\n";
    let dataset = upload(&p, &client, &project, "items.csv", file, &[])
        .await
        .expect(201);
    let ready = generate(&p, &client, &dataset).await;
    assert_eq!(
        [
            &ready["tasksCreated"],
            &ready["rowsBlank"],
            &ready["rowsRejected"],
            &ready["totalRows"]
        ],
        [&json!(1), &json!(4), &json!(1), &json!(2)],
        "{ready:#}"
    );
    says(&ready["rejectedRows"], "nothing in \"text\"");
    assert_eq!(p.count("select count(*) from tasks").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn quote_swallows_rows() {
    let (p, client, project) = setting(json!({})).await;
    let file = b"id,text\n1,\"12 inch screen\n2,two\n3,three\n4,\"ok\"\n5,five\n";
    let dataset = upload(&p, &client, &project, "items.csv", file, &[])
        .await
        .expect(201);
    let ready = generate(&p, &client, &dataset).await;
    assert_eq!(
        (&ready["tasksCreated"], &ready["rowsRejected"]),
        (&json!(1), &json!(1))
    );
    says(&ready["rejectedRows"], "opens on line 2");
    says(&ready["rejectedRows"], "lines 2 to 5");
}

#[tokio::test(flavor = "multi_thread")]
async fn spaces_in_header() {
    let (p, client, project) = setting(json!({})).await;
    let file = b"id, text , category name\n1,Hello,a\n";
    let dataset = upload(&p, &client, &project, "items.csv", file, &[])
        .await
        .expect(201);
    says(&dataset["notices"], "\" text \", \" category name\"");
    let ready = generate(&p, &client, &dataset).await;
    assert_eq!(ready["state"], "READY");
    assert_eq!(ready["columns"], json!(["id", "text", "category name"]));
    says(&ready["notices"], "\" text \", \" category name\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_export_quotes_numbers() {
    let fields = json!([
        {"name": "n", "title": "N", "type": "NUMBER"},
        {"name": "r", "title": "R", "type": "SINGLE_CHOICE", "options": ["-4", "4"]},
        {"name": "m", "type": "MULTI_CHOICE", "options": ["z", "a", "k"]}
    ]);
    let (p, client, project) = setting(json!({"fields": fields})).await;
    let file = b"{\"id\":1,\"text\":\"=a\",\"temp\":-5,\"s\":\"-5\"}\n";
    let dataset = upload(&p, &client, &project, "items.jsonl", file, &[])
        .await
        .expect(201);
    generate(&p, &client, &dataset).await;
    let (_, worker) = p.register("wanda").await;
    let given = json!({"n": -0.5, "r": "-4", "m": ["k", "z"]});
    answer_all(&p, &worker, &project, &given).await;
    for member in ["bom", "rawCells"] {
        let path = format!("/projects/{project}/export");
        let body = Some(json!({"format": "JSONL", member: true}));
        let refused = p.call(Some(&client.token), Method::POST, &path, body).await;
        let refused = refused.refused(422, "invalid_request");
        says(&refused["details"][member], "belongs to CSV only");
    }
    let table = export(&p, &client, &project, json!({"format": "CSV", "bom": true})).await;
    let table = String::from_utf8(table).unwrap();
    assert!(
        table.starts_with("\u{feff}taskId,rowNo,externalId,source.id,source.text,source.temp,source.s,answer.m,answer.n,answer.r,"),
        "{table}"
    );
    assert!(
        table.contains(",1,1,'=a,-5,-5,\"[\"\"z\"\",\"\"k\"\"]\",-0.5,-4,"),
        "{table}"
    );
}
