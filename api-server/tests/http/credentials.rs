//! Passwords, sessions, second steps, personal tokens, reset links and the audit, over HTTP.

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Platform, answer};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_listed_and_ended_and_a_new_password_ends_the_others() {
    let p = Platform::start().await;
    let (_, here) = p.register("wanda").await;
    let there = p.login("wanda").await;
    let listed = p.call(Some(&here), Method::GET, "/me/sessions", None).await;
    let listed = listed.expect(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items.iter().filter(|s| s["current"] == true).count(), 1);
    let other = items.iter().find(|s| s["current"] == false).unwrap();
    assert_eq!(other["ip"], "127.0.0.1");
    let path = format!("/me/sessions/{}", other["id"].as_str().unwrap());
    p.call(Some(&here), Method::DELETE, &path, None)
        .await
        .expect(204);
    p.call(Some(&there), Method::GET, "/me", None)
        .await
        .refused(401, "session_over");

    let third = p.login("wanda").await;
    let change = |present: &str, new: &str| {
        let body = json!({"password": present, "newPassword": new});
        p.call(Some(&here), Method::PATCH, "/me/password", Some(body))
    };
    change("guess work", "a new password")
        .await
        .refused(403, "wrong_password");
    let weak = change(PASSWORD, "short")
        .await
        .refused(422, "invalid_request");
    assert!(weak["details"]["newPassword"].is_string(), "{weak}");
    change(PASSWORD, "a new password").await.expect(204);
    p.call(Some(&third), Method::GET, "/me", None)
        .await
        .refused(401, "session_over");
    p.call(Some(&here), Method::GET, "/me", None)
        .await
        .expect(200);
}

/// The code that a device with this secret shows now.
fn code(secret: &str, steps_ahead: u64) -> String {
    let device = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(secret).unwrap())
        .with_account_name("wanda")
        .build()
        .unwrap();
    let now = u64::try_from(Utc::now().timestamp()).unwrap();
    device.generate(now + 30 * steps_ahead).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_asked_for_at_sign_in() {
    let p = Platform::start().await;
    let (id, wanda) = p.register("wanda").await;
    let post = |path: &str, body: Value| {
        let path = path.to_owned();
        let (p, wanda) = (&p, &wanda);
        async move { p.call(Some(wanda), Method::POST, &path, Some(body)).await }
    };
    let login = |totp: Option<String>| {
        let body = json!({"login": "wanda", "password": PASSWORD, "totp": totp});
        p.call(None, Method::POST, "/auth/login", Some(body))
    };
    post("/me/totp/confirm", json!({"totp": "123456"}))
        .await
        .refused(409, "totp_not_on");
    let enrolled = post("/me/totp", json!({"password": PASSWORD}))
        .await
        .expect(200);
    let secret = enrolled["secret"].as_str().unwrap();
    let confirmed = post("/me/totp/confirm", json!({"totp": code(secret, 0)})).await;
    let recovery = confirmed.expect(200)["recoveryCodes"][0].clone();
    login(None).await.refused(401, "totp_required");
    login(Some("000000".into()))
        .await
        .refused(401, "totp_wrong");
    login(Some(code(secret, 1))).await.expect(200);
    login(recovery.as_str().map(str::to_owned))
        .await
        .expect(200);
    let state = p
        .call(Some(&wanda), Method::GET, "/me/totp", None)
        .await
        .expect(200);
    assert_eq!(
        (&state["enabled"], &state["recoveryCodesLeft"]),
        (&json!(true), &json!(9))
    );

    // Who lost the device and the codes is helped by an ADMIN.
    let admin = p.login("admin").await;
    let path = format!("/admin/users/{id}/reset-link");
    let link = p
        .call(
            Some(&admin),
            Method::POST,
            &path,
            Some(json!({"removeTotp": true})),
        )
        .await
        .expect(201);
    let redeem = json!({"token": link["token"], "newPassword": "a new password"});
    p.call(None, Method::POST, "/auth/reset", Some(redeem.clone()))
        .await
        .expect(204);
    p.call(None, Method::POST, "/auth/reset", Some(redeem))
        .await
        .refused(401, "reset_link_invalid");
    p.call(Some(&wanda), Method::GET, "/me", None)
        .await
        .refused(401, "session_over");
    let again = json!({"login": "wanda", "password": "a new password"});
    p.call(None, Method::POST, "/auth/login", Some(again))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_scopes_say_and_no_more_than_its_owner() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let make = |scopes: Value| {
        let name = scopes.to_string();
        let expires = Utc::now() + TimeDelta::days(7);
        let body = json!({"name": name, "scopes": scopes, "expiresAt": expires});
        p.call(Some(&clara.token), Method::POST, "/me/tokens", Some(body))
    };
    let made = make(json!(["READ"])).await.expect(201);
    make(json!(["READ"])).await.refused(409, "token_name_taken");
    let reader = made["token"].as_str().unwrap().to_owned();
    let manager = make(json!(["MANAGE"])).await.expect(201)["token"].clone();
    let manager = manager.as_str().unwrap().to_owned();
    let admin = make(json!(["ADMIN"])).await.expect(201)["token"].clone();
    make(json!([])).await.refused(422, "invalid_request");

    let get = |token: &str, path: &str| {
        let (token, path) = (token.to_owned(), path.to_owned());
        let p = &p;
        async move { p.call(Some(&token), Method::GET, &path, None).await }
    };
    get(&reader, "/projects").await.expect(200);
    get(&manager, "/projects").await.expect(200);
    get(&reader, "/me/tokens")
        .await
        .refused(403, "session_required");
    let admin = admin.as_str().unwrap();
    get(admin, "/projects")
        .await
        .refused(403, "insufficient_scope");
    get(admin, "/admin/users").await.refused(403, "forbidden");
    let new = json!({"displayName": "Reviews", "dataType": "TEXT", "labeling": {"fields": [{"name": "ok", "type": "BOOLEAN"}]}});
    p.call(Some(&reader), Method::POST, "/projects", Some(new.clone()))
        .await
        .refused(403, "insufficient_scope");
    p.call(Some(&manager), Method::POST, "/projects", Some(new))
        .await
        .expect(201);

    let listed = get(&clara.token, "/me/tokens").await.expect(200);
    assert!(!listed.to_string().contains("dcp_"), "{listed}");
    let path = format!("/me/tokens/{}", made["id"].as_str().unwrap());
    p.call(Some(&clara.token), Method::DELETE, &path, None)
        .await
        .expect(204);
    get(&reader, "/projects").await.refused(401, "session_over");
    p.call(Some(&clara.token), Method::DELETE, &path, None)
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_says_who_did_what_over_all_contexts_page_by_page() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let project = p.project(&clara, json!({})).await;
    let patch = json!({"description": "new"});
    let path = format!("/projects/{project}");
    p.call(Some(&clara.token), Method::PATCH, &path, Some(patch))
        .await
        .expect(200);
    let admin = p.login("admin").await;
    let read = |query: &str| {
        let path = format!("/admin/audit?{query}");
        let (p, admin) = (&p, &admin);
        async move { p.call(Some(admin), Method::GET, &path, None).await }
    };
    let whole = read("").await.expect(200);
    let whole = whole["items"].as_array().unwrap().clone();
    let actions: Vec<_> = whole
        .iter()
        .map(|a| a["action"].as_str().unwrap())
        .collect();
    for action in [
        "session.started",
        "user.role_changed",
        "project.create",
        "project.change",
    ] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = read(&format!("limit=2{cursor}")).await.expect(200);
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    let found = read(&format!("subject={project}")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found:#}");
    let actor = &found["items"][0]["actor"].as_str().unwrap().to_owned();
    let by = read(&format!("actor={actor}&action=project"))
        .await
        .expect(200);
    assert_eq!(by["items"].as_array().unwrap().len(), 2, "{by:#}");
    let me = p.call(Some(&clara.token), Method::GET, "/me", None).await;
    let name = me.expect(200)["username"].as_str().unwrap().to_uppercase();
    let named = read(&format!("actor={name}&action=project"))
        .await
        .expect(200);
    assert_eq!(named, by);
    let nobody = read("actor=klara").await.refused(422, "invalid_request");
    let why = nobody["details"]["actor"].as_str().unwrap();
    assert!(why.contains("GET /admin/users?search="), "{why}");
    read("cursor=nonsense")
        .await
        .refused(422, "invalid_request");
    read("what=1").await.refused(422, "unknown_field");
    let gone = sqlx::query("delete from audit").execute(&p.rows).await;
    assert!(gone.unwrap_err().to_string().contains("append-only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn backoff_counts_by_the_address_that_a_trusted_proxy_names() {
    let p = Platform::start().await;
    p.register("wanda").await;
    let from = |address: &'static str, password: &'static str| {
        let request = p
            .http
            .post(format!("{}/auth/login", p.url))
            .header("x-forwarded-for", address)
            .json(&json!({"login": "wanda", "password": password}));
        answer(request)
    };
    let guesses = (0..12).map(|_| from("203.0.113.7", "guess work"));
    let (looked_at, slowed): (Vec<_>, Vec<_>) = futures::future::join_all(guesses)
        .await
        .into_iter()
        .partition(|answer| answer.status == 401);
    assert!((6..=8).contains(&looked_at.len()), "{looked_at:?}");
    for answer in slowed {
        assert!(answer.headers.contains_key("retry-after"));
        answer.refused(429, "too_many_attempts");
    }
    from("198.51.100.1", PASSWORD).await.expect(200);
}
