//! The edges of the public port: what is no request, who may take long, what no answer tells.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::BillingMode;
use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    contract::project,
    support::{Actor, Answer, Platform, Run, answer},
};

const SOON: Duration = Duration::from_secs(20);

async fn connect(p: &Platform) -> TcpStream {
    let address = p.url.trim_start_matches("http://");
    TcpStream::connect(address).await.unwrap()
}

/// What comes back, until the server hangs up.
pub async fn raw(p: &Platform, request: &[u8]) -> (String, Value) {
    let mut socket = connect(p).await;
    // The server may refuse before it has read all of it.
    let _ = socket.write_all(request).await;
    whole(&mut socket).await
}

/// Head and body of the one answer that a connection ends with.
async fn whole(socket: &mut TcpStream) -> (String, Value) {
    let mut text = String::new();
    let read = socket.read_to_string(&mut text);
    timeout(SOON, read).await.expect("it hangs up").unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_without_body() {
    let p = Platform::start().await;
    let headers = (1..=200)
        .map(|n| format!("X-{n}: 1\r\n"))
        .collect::<String>();
    let (long, long_path) = ("a".repeat(600_000), "a".repeat(100_000));
    for (request, status, code) in [
        (
            format!("GET /me HTTP/1.1\r\nHost: a\r\n{headers}\r\n"),
            431,
            "headers_too_large",
        ),
        (
            format!("GET /me HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n"),
            431,
            "headers_too_large",
        ),
        (
            "GET /me HTTP/1.1\r\nHost: a\r\nX-Correlation-Id: \u{1}\r\n\r\n".into(),
            400,
            "bad_request",
        ),
        (
            "GET /me HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n".into(),
            400,
            "bad_request",
        ),
        ("G ET\r\n\r\n".into(), 400, "bad_request"),
        (
            format!("GET /{long_path} HTTP/1.1\r\nHost: a\r\n\r\n"),
            414,
            "uri_too_long",
        ),
    ] {
        let (head, body) = raw(&p, request.as_bytes()).await;
        let shown = &request[..request.len().min(60)];
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{shown}: {head}"
        );
        for header in [
            "content-type: application/problem+json",
            "x-correlation-id: ",
            "x-content-type-options: nosniff",
            "connection: close",
        ] {
            assert!(head.contains(header), "{shown}: {head}");
        }
        assert_eq!(
            (&body["code"], &body["status"]),
            (&json!(code), &json!(status)),
            "{shown}"
        );
        assert!(head.contains(&format!(
            "x-correlation-id: {}",
            body["correlationId"].as_str().unwrap()
        )));
    }
    // What was answered before stays an answer.
    let mut socket = connect(&p).await;
    socket
        .write_all(
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /me HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n",
        )
        .await
        .unwrap();
    let mut text = String::new();
    timeout(SOON, socket.read_to_string(&mut text))
        .await
        .expect("it hangs up")
        .unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.contains("HTTP/1.1 400"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_says_once_which_host_it_means() {
    let p = Platform::start().await;
    for head in [
        "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    ] {
        let (answered, body) = raw(&p, head.as_bytes()).await;
        assert!(answered.contains(" 400 "), "{head}: {answered}");
        assert_eq!(body["code"], "host_required", "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_browsers_are_told_to_stay_there_and_pages_run_their_own_scripts_only() {
    let p = Platform::start().await;
    let get = |path: &str, proto: &str| {
        let request = p.http.get(format!("{}{path}", p.url));
        answer(request.header("x-forwarded-proto", proto))
    };
    let over_tls = get("/healthz", "https").await;
    assert_eq!(
        over_tls.headers["strict-transport-security"],
        "max-age=31536000"
    );
    let refused = get("/nowhere", "https, http").await;
    assert!(refused.headers.contains_key("strict-transport-security"));
    let policy = refused.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let plain = get("/healthz", "http").await;
    assert!(!plain.headers.contains_key("strict-transport-security"));
    let page = p.http.get(format!("{}/docs/", p.url));
    let page = page.send().await.unwrap().error_for_status().unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let page = page.bytes().await.unwrap();
    let page = std::io::read_to_string(GzDecoder::new(&page[..])).unwrap();
    for (at, _) in page.match_indices("<script") {
        let tag = &page[at..at + page[at..].find("</script>").unwrap()];
        assert!(
            tag.contains("src=") && tag.trim_end().ends_with('>'),
            "no script stands in the page: {tag}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_upload_by_somebody_who_may_takes_longer_than_other_requests() {
    let (limit, idle) = (Duration::from_secs(4), Duration::from_secs(3));
    let p = Platform::impatient(limit, idle).await;
    let clara = p.client("clara").await;
    let id = p.project(&clara, json!({})).await;
    let head = |path: &str, token: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\n{token}Connection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
    };
    let bearer = format!("Authorization: Bearer {}\r\n", clara.token);
    let uploads = format!("/projects/{id}/datasets");
    // A form where none is read, and a form by nobody.
    let (answered, body) = raw(&p, head("/webhooks/stripe", "").as_bytes()).await;
    assert!(answered.contains(" 408 "), "{answered}");
    assert_eq!(body["code"], "request_timeout");
    let (answered, body) = raw(&p, head(&uploads, "").as_bytes()).await;
    assert!(answered.contains(" 401 "), "{answered}");
    assert_eq!(body["code"], "unauthenticated");

    // Slow but steady, for longer than another request may take.
    let mut socket = connect(&p).await;
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\nid,text\n";
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let begin = format!("{}{}", head(&uploads, &bearer), chunk(part));
    socket.write_all(begin.as_bytes()).await.unwrap();
    for row in 0..6 {
        sleep(Duration::from_millis(900)).await;
        let row = chunk(&format!("{row},text\n"));
        socket.write_all(row.as_bytes()).await.unwrap();
    }
    let end = format!("{}0\r\n\r\n", chunk("\r\n--b--\r\n"));
    socket.write_all(end.as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(SOON, socket.read_to_string(&mut text))
        .await
        .unwrap()
        .unwrap();
    assert!(text.starts_with("HTTP/1.1 201"), "{text}");

    // One that stops is given up.
    let mut socket = connect(&p).await;
    socket.write_all(begin.as_bytes()).await.unwrap();
    let (answered, body) = whole(&mut socket).await;
    assert!(answered.contains(" 408 "), "{answered}");
    assert_eq!(body["code"], "request_timeout");
    assert_eq!(p.count("select count(*) from datasets").await, 1);
}

async fn token(p: &Platform, client: &Actor, scope: &str) -> String {
    let expires = Utc::now() + TimeDelta::days(1);
    let wish = json!({"name": scope, "scopes": [scope], "expiresAt": expires});
    p.call(Some(&client.token), Method::POST, "/me/tokens", Some(wish))
        .await
        .expect(201)["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_gets_no_stored_answer_of_a_write() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let (read, manage) = (
        token(&p, &clara, "READ").await,
        token(&p, &clara, "MANAGE").await,
    );
    let create = |bearer: &str| {
        let request = p
            .http
            .post(format!("{}/projects", p.url))
            .bearer_auth(bearer);
        answer(
            request
                .header("idempotency-key", "one")
                .json(&project("One")),
        )
    };
    let first = create(&clara.token).await.expect(201);
    create(&read).await.refused(403, "insufficient_scope");
    assert_eq!(create(&manage).await.expect(201), first);
    let id = first["id"].as_str().unwrap();
    let export = |bearer: &str| {
        let request = p
            .http
            .post(format!("{}/projects/{id}/export", p.url))
            .bearer_auth(bearer);
        answer(
            request
                .header("idempotency-key", "two")
                .json(&json!({"format": "CSV"})),
        )
    };
    let first = export(&manage).await.expect(202);
    export(&read).await.refused(403, "insufficient_scope");
    assert_eq!(export(&clara.token).await.expect(202), first);
    let upload = |bearer: &str| {
        let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\nid,text\n1,a\n\r\n--b--\r\n";
        let request = p
            .http
            .post(format!("{}/projects/{id}/datasets", p.url))
            .bearer_auth(bearer);
        let request = request.header("idempotency-key", "three");
        answer(
            request
                .header("content-type", "multipart/form-data; boundary=b")
                .body(form),
        )
    };
    let first = upload(&manage).await.expect(201);
    upload(&read).await.refused(403, "insufficient_scope");
    assert_eq!(upload(&clara.token).await.expect(201), first);
    // Whoever is no client any more is told nothing either.
    sqlx::query("delete from tenant_members")
        .execute(&p.rows)
        .await
        .unwrap();
    create(&clara.token).await.refused(403, "forbidden");
}

async fn chunk(p: &Platform, run: &Run, lines: &[Value]) -> Answer {
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    run.load_chunk(p, lines.join("\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_runner_that_leave_their_bounds_are_refused_by_line() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let dataset = p
        .upload(
            &client,
            &project,
            "items.csv",
            b"id,text\n1,a\n2,b\n".to_vec(),
            10,
        )
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let generate = format!("/datasets/{dataset}/generate-tasks");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .expect(202);
    let run = Run::open(&p, &client, &dataset, "pod-1").await;
    let header = json!({"header": ["id", "text"], "nextLine": 3});
    let row = |number: i64| json!({"rowNo": number, "endOffset": 10, "payload": {"id": "1"}});
    for number in [i64::MAX, i64::MIN, 0, -1] {
        let refused = chunk(&p, &run, &[header.clone(), row(number), row(1)]).await;
        let body = refused.refused(422, "invalid_request");
        let why = body["details"]["line 2: rowNo"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(why.starts_with("must be between 1 and "), "{why}");
    }
    for (member, value) in [
        ("endOffset", i64::MAX),
        ("endOffset", -1),
        ("line", i64::MAX),
        ("blankBefore", i64::MAX),
        ("blankBefore", -1),
    ] {
        let mut wrong = row(1);
        wrong[member] = json!(value);
        let body = chunk(&p, &run, &[header.clone(), wrong])
            .await
            .refused(422, "invalid_request");
        assert!(
            body["details"][format!("line 2: {member}")].is_string(),
            "{body:#}"
        );
    }
    for payload in [
        json!(1),
        json!("a"),
        json!([{"id": "1"}]),
        json!({"id": "\0"}),
    ] {
        let mut wrong = row(1);
        wrong["payload"] = payload;
        let body = chunk(&p, &run, &[header.clone(), wrong])
            .await
            .refused(422, "invalid_request");
        assert!(body["details"]["line 2"].is_string(), "{body:#}");
    }
    let body = chunk(&p, &run, &[json!({"nextLine": i64::MAX}), row(1)]).await;
    body.refused(422, "invalid_request");
    // What a dataset's row keeps, every list of datasets reads.
    for member in ["header", "columns", "notices"] {
        let mut long = header.clone();
        long[member] = json!(["x".repeat(3 << 20)]);
        let body = chunk(&p, &run, &[long, row(1)]).await;
        let body = body.refused(422, "invalid_request");
        assert!(body["details"]["line 1"].is_string(), "{body:#}");
    }
    let complete = format!("/internal/runs/{}/complete", run.id);
    for member in ["rows", "rejected", "blank", "epoch", "sizeBytes"] {
        for value in [i64::MAX, -1] {
            let mut end =
                json!({"epoch": run.epoch, "outcome": "Succeeded", "rows": 2, "rejected": 0});
            end[member] = json!(value);
            let body = p
                .runner(&run.token, &complete, end)
                .await
                .refused(422, "invalid_request");
            assert!(body["details"][member].is_string(), "{body:#}");
        }
    }
    run.load(&p, 1, 2).await.expect(200);
    // Its offset lies before the rows that are loaded.
    let back = chunk(&p, &run, &[header.clone(), row(3)]).await;
    back.refused(409, "out_of_order");
    run.complete(&p, 2).await.expect(204);
}
