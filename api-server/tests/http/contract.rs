//! What holds for every request: keys, limits, headers, and the end of a server.

use std::time::{Duration, Instant};

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, Answer, PASSWORD, Platform, Process, answer, try_answer};

async fn post(p: &Platform, client: &Actor, path: &str, key: &str, body: &Value) -> Answer {
    let request = p
        .http
        .post(format!("{}{path}", p.url))
        .bearer_auth(&client.token)
        .header("idempotency-key", key)
        .json(body);
    answer(request).await
}

pub fn project(name: &str) -> Value {
    json!({"displayName": name, "dataType": "TEXT", "labeling": {"fields": [{"name": "ok", "type": "BOOLEAN"}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_gets_the_stored_answer_and_creates_nothing() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let (clara, carl) = (p.client("clara").await, p.client("carl").await);
    let first = post(&p, &clara, "/projects", "a-key", &project("One")).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let etag = first.headers["etag"].clone();
    let first = first.expect(201);
    let again = post(&p, &clara, "/api/v1/projects", "a-key", &project("One")).await;
    assert_eq!(
        (
            &again.headers["idempotent-replayed"],
            &again.headers["etag"]
        ),
        (&"true".parse().unwrap(), &etag)
    );
    assert_eq!(again.expect(201), first);
    post(&p, &clara, "/projects", "a-key", &project("Two"))
        .await
        .refused(422, "idempotency_key_reused");
    let carls = post(&p, &carl, "/projects", "a-key", &project("One"))
        .await
        .expect(201);
    assert_ne!(carls["id"], first["id"], "a key belongs to its caller");
    assert_eq!(p.count("select count(*) from projects").await, 2);

    // A refused request changed nothing, so its key may be used for the corrected one.
    post(&p, &clara, "/projects", "b-key", &project(""))
        .await
        .refused(422, "invalid_request");
    post(&p, &clara, "/projects", "b-key", &project("Two"))
        .await
        .expect(201);
    post(&p, &clara, "/projects", &"k".repeat(256), &project("Two"))
        .await
        .refused(422, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_with_one_key_at_once_one_creates() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    for round in 0..5 {
        let (key, body) = (format!("key-{round}"), project(&format!("Round {round}")));
        let answers =
            futures::future::join_all((0..8).map(|_| post(&p, &clara, "/projects", &key, &body)))
                .await;
        let mut ids = Vec::new();
        for answer in answers {
            if answer.status == 201 {
                ids.push(answer.body["id"].clone());
            } else {
                assert!(answer.headers.contains_key("retry-after"));
                answer.refused(409, "idempotency_key_running");
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(p.count("select count(*) from projects").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_try_that_died_after_its_effect_is_found_by_the_second() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let first = post(&p, &clara, "/projects", "a-key", &project("One"))
        .await
        .expect(201);
    // As if the server had died between the effect and the stored answer.
    sqlx::query("update idempotency_keys set status = null, headers = null, body = null")
        .execute(&p.rows)
        .await
        .unwrap();
    post(&p, &clara, "/projects", "a-key", &project("One"))
        .await
        .refused(409, "idempotency_key_running");
    sqlx::query("update idempotency_keys set locked_until = now() - interval '1 second'")
        .execute(&p.rows)
        .await
        .unwrap();
    let second = post(&p, &clara, "/projects", "a-key", &project("One"))
        .await
        .expect(201);
    assert_eq!(second["id"], first["id"]);
    assert_eq!(p.count("select count(*) from projects").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_is_compared_by_its_file() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let id = p.project(&clara, json!({})).await;
    let upload = async |boundary: &str, text: &str| {
        let form = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\n{text}\r\n--{boundary}--\r\n"
        );
        let request = p
            .http
            .post(format!("{}/projects/{id}/datasets", p.url))
            .bearer_auth(&clara.token)
            .header("idempotency-key", "upload-1")
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(form);
        answer(request).await
    };
    let first = upload("one", "id,text\n1,a\n").await.expect(201);
    let again = upload("two", "id,text\n1,a\n").await.expect(201);
    assert_eq!(first, again);
    upload("one", "id,text\n1,b\n")
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(p.count("select count(*) from datasets").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_nobody_knows_are_counted_as_one() {
    let p = Platform::start().await;
    for method in ["BREW", "WHEN", "get"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        p.call(None, method, "/projects", None).await;
    }
    let metrics = p.trusted(Method::GET, "/metrics", None).await.body;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("http_request_method=\"_OTHER\""));
    for method in ["BREW", "WHEN", "get"] {
        let label = format!("http_request_method=\"{method}\"");
        assert!(!metrics.contains(&label), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_may_be_repeated_with_its_key() {
    let p = Platform::start().await;
    let register = |password: &str| {
        let request = p
            .http
            .post(format!("{}/auth/register", p.url))
            .header("idempotency-key", "me")
            .json(&json!({"email": "w@example.com", "username": "wanda", "password": password}));
        answer(request)
    };
    let first = register(PASSWORD).await.expect(201);
    assert_eq!(register(PASSWORD).await.expect(201), first);
    register("another password")
        .await
        .refused(422, "idempotency_key_reused");
    // Whoever reads the database tries passwords against Argon2id, not against what tells requests apart.
    let kept: Vec<u8> = sqlx::query_scalar("select request from idempotency_keys")
        .fetch_one(&p.auth.owner_pool())
        .await
        .unwrap();
    let body = json!({"email": "w@example.com", "username": "wanda", "password": PASSWORD});
    let mut guess = Sha256::new();
    for part in ["/auth/register", "", &body.to_string()] {
        guess.update((part.len() as u64).to_be_bytes());
        guess.update(part);
    }
    assert_ne!(kept, guess.finalize().to_vec());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_one_account_or_address_are_told_when_to_come_back() {
    let p = Platform::with_limits(0, 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, willy) = p.register("willy").await;
    let me = |token: &str| {
        let token = token.to_owned();
        let p = &p;
        async move { p.call(Some(&token), Method::GET, "/me", None).await }
    };
    let mut limited = None;
    for _ in 0..10 {
        let answer = me(&wanda).await;
        if answer.status != 200 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("ten at once are more than two a second");
    assert_eq!(limited.headers["retry-after"], "1");
    limited.refused(429, "rate_limited");
    me(&willy).await.expect(200);

    let p = Platform::with_limits(3, 0).await;
    let from = |address: &str| {
        let request = p
            .http
            .get(format!("{}/healthz", p.url))
            .header("x-forwarded-for", address);
        answer(request)
    };
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(from("203.0.113.7").await.status.as_u16());
    }
    assert!(codes.contains(&429), "{codes:?}");
    assert_eq!(from("198.51.100.1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_database_can_hold_is_refused_by_name() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let admin = p.login("admin").await;
    let mut nul = project("One");
    nul["displayName"] = json!("a\0b");
    let refused = p
        .call(Some(&clara.token), Method::POST, "/projects", Some(nul))
        .await
        .refused(422, "invalid_request");
    let why = refused["details"]["displayName"].as_str();
    assert!(why.unwrap().contains("U+0000"), "{refused:#}");
    p.call(Some(&admin), Method::GET, "/admin/audit?action=%00", None)
        .await
        .refused(422, "invalid_request");
    let promo = "/admin/promo-codes/%00";
    p.call(Some(&admin), Method::DELETE, promo, None)
        .await
        .refused(404, "not_found");
    let (_, wanda) = p.register("wanda").await;
    p.call(Some(&wanda), Method::GET, "/tasks/1/media/%00", None)
        .await
        .refused(404, "not_found");
}

fn assert_hardened(answer: &Answer) {
    for header in [
        "x-content-type-options",
        "x-frame-options",
        "content-security-policy",
        "referrer-policy",
        "x-correlation-id",
    ] {
        assert!(answer.headers.contains_key(header), "{header}");
    }
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_hardened_and_only_named_origins_read_them() {
    let p = Platform::start().await;
    let get = |origin: &str| {
        let request = p
            .http
            .get(format!("{}/nowhere", p.url))
            .header("origin", origin);
        answer(request)
    };
    let named = get("https://console.example.com").await;
    assert_eq!(
        named.headers["access-control-allow-origin"],
        "https://console.example.com"
    );
    assert_hardened(&named);
    named.refused(404, "no_route");
    let stranger = get("https://elsewhere.example.com").await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
    let preflight = p
        .http
        .request(Method::OPTIONS, format!("{}/projects", p.url))
        .header("origin", "https://console.example.com")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,idempotency-key",
        );
    let preflight = answer(preflight).await;
    assert_eq!(preflight.status, 200);
    assert!(
        preflight
            .headers
            .contains_key("access-control-allow-methods")
    );
    assert_hardened(&preflight);
    let options = p.http.request(Method::OPTIONS, format!("{}/me", p.url));
    assert_hardened(&answer(options.header("x-correlation-id", "mine")).await);
    let huge = p
        .http
        .get(format!("{}/healthz", p.url))
        .header("x-note", "n".repeat(20_000));
    answer(huge).await.refused(431, "headers_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_ended_says_so_first_and_finishes_what_it_began() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let id = p.project(&clara, json!({})).await;
    let mut server = Process::start(&p).await;
    let name = p.username(&clara).await;
    let token = server.sign_in(&p, &name).await;

    // An upload whose end does not come before the server was told to end.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\nid,text\n";
    let request = p
        .http
        .post(format!("{}/projects/{id}/datasets", server.url))
        .bearer_auth(&token)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(reqwest::Body::wrap_stream(futures::stream::unfold(
            receiver,
            |mut r| async { r.recv().await.map(|item| (item, r)) },
        )));
    let upload = tokio::spawn(answer(request));
    sender.send(Ok(head.into())).await.unwrap();
    sender.send(Ok(b"1,a\n".to_vec())).await.unwrap();
    server.terminate().await;

    let (http, probe) = (p.http.clone(), format!("{}/readyz", server.url));
    eventually(Duration::from_secs(10), || async {
        let ready = answer(http.get(&probe)).await;
        (ready.status == 503).then(|| ready.refused(503, "draining"))
    })
    .await;
    let late = p.http.get(format!("{}/me", server.url)).bearer_auth(&token);
    answer(late).await.expect(200);
    // From here on nobody new is let in, and the upload is still going on.
    let http = &p.http;
    let probe = format!("{}/healthz", server.url);
    eventually(Duration::from_secs(10), || async {
        http.get(&probe)
            .header("connection", "close")
            .send()
            .await
            .is_err()
            .then_some(())
    })
    .await;
    assert!(!upload.is_finished());
    sender
        .send(Ok(b"2,b\n\r\n--b--\r\n".to_vec()))
        .await
        .unwrap();
    drop(sender);
    let dataset = upload.await.unwrap().expect(201);
    assert_eq!(dataset["columns"], json!(["id", "text"]));
    let ended = tokio::time::timeout(Duration::from_secs(15), server.child.wait()).await;
    assert!(ended.expect("it ends").unwrap().success());
}

/// A call to one of two servers, and to the other when the connection fails.
async fn either(p: &Platform, urls: [&str; 2], token: &str, path: &str, body: &Value) -> Answer {
    let request = |url: &str| {
        let request = p.http.post(format!("{url}{path}"));
        request.bearer_auth(token).json(body)
    };
    match try_answer(request(urls[0])).await {
        Ok(answer) => answer,
        Err(_) => answer(request(urls[1])).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_servers_ends_under_load_and_nobody_loses_anything() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let members = json!({"answersPerTask": 8, "reviewersPerAnswer": 0});
    let project = p.project(&clara, members).await;
    p.loaded(&clara, &project, 1000, 100).await;
    let (mut ending, staying) = tokio::join!(Process::start(&p), Process::start(&p));
    let mut tokens = Vec::new();
    for n in 0..8 {
        let name = format!("worker{n}");
        p.register(&name).await;
        tokens.push(staying.sign_in(&p, &name).await);
    }
    let until = Instant::now() + Duration::from_secs(7);
    let (first, second) = (ending.url.clone(), staying.url.clone());
    let work = tokens.iter().map(async |token| {
        let mut acknowledged = 0;
        while Instant::now() < until {
            // As a balancer that has not noticed yet: every other call goes to the one that ends.
            let urls = if acknowledged % 2 == 0 {
                [first.as_str(), &second]
            } else {
                [second.as_str(), &first]
            };
            let wish = json!({"projectId": project, "count": 1});
            let claimed = either(&p, urls, token, "/tasks/claim", &wish)
                .await
                .expect(200);
            let task = &claimed["tasks"][0];
            let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": "1"}});
            let path = format!("/tasks/{}/submit", task["id"]);
            let done = either(&p, urls, token, &path, &body).await;
            assert!([200, 201].contains(&done.status.as_u16()), "{}", done.body);
            acknowledged += 1;
        }
        acknowledged
    });
    let end = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ending.terminate().await;
    };
    let (acknowledged, ()) = futures::future::join(futures::future::join_all(work), end).await;
    let ended = tokio::time::timeout(Duration::from_secs(15), ending.child.wait()).await;
    assert!(ended.expect("it ends").unwrap().success());
    let acknowledged: i64 = acknowledged.iter().sum();
    assert_eq!(p.count("select count(*) from answers").await, acknowledged);
    p.assert_consistent().await;
}
