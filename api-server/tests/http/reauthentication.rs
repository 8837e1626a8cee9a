//! What a session or a token alone does not do, and what guessing costs, over HTTP.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Platform, Process, answer};

/// Every session of this database was begun eleven minutes ago.
async fn time_passes(p: &Platform) {
    sqlx::query("update sessions set proven_at = proven_at - interval '11 minutes'")
        .execute(&p.auth.owner_pool())
        .await
        .unwrap();
}

async fn login(p: &Platform, server: &str, password: &str) -> Answer {
    let body = json!({"login": "wanda", "password": password});
    answer(p.http.post(format!("{server}/auth/login")).json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn password_in_two_forms() {
    let p = Platform::start().await;
    let (composed, parts) = ("p\u{e4}ssw\u{f6}rd geheim", "pa\u{308}sswo\u{308}rd geheim");
    let body = json!({"email": "wanda@example.com", "username": "wanda", "password": composed});
    p.call(None, Method::POST, "/auth/register", Some(body))
        .await
        .expect(201);
    for password in [parts, composed] {
        login(&p, &p.url, password).await.expect(200);
    }
    login(&p, &p.url, "passwo\u{308}rd geheim")
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_decided_in_person_with_a_password_of_the_last_ten_minutes() {
    let p = Platform::start().await;
    let (id, _) = p.register("wanda").await;
    let admin = p.login("admin").await;
    let expires = Utc::now() + TimeDelta::days(7);
    let token = json!({"name": "all", "scopes": ["READ", "ADMIN"], "expiresAt": expires});
    let make = |token: Value| p.call(Some(&admin), Method::POST, "/me/tokens", Some(token));
    let script = make(token.clone()).await.expect(201)["token"].clone();
    let script = script.as_str().unwrap().to_owned();
    p.call(Some(&script), Method::GET, "/admin/users", None)
        .await
        .expect(200);
    let role = format!("/admin/users/{id}/role");
    let decisions = [
        (Method::PATCH, role.clone(), json!({"role": "ADMIN"})),
        (
            Method::PATCH,
            format!("/admin/users/{id}/status"),
            json!({"status": "DISABLED"}),
        ),
        (
            Method::POST,
            format!("/admin/users/{id}/reset-link"),
            json!({}),
        ),
        (
            Method::POST,
            "/admin/invitations".into(),
            json!({"role": "ADMIN"}),
        ),
    ];
    let decide = |who: &str, (method, path, body): (Method, String, Value)| {
        let (p, who) = (&p, who.to_owned());
        async move { p.call(Some(&who), method, &path, Some(body)).await }
    };
    time_passes(&p).await;
    for decision in decisions.clone() {
        decide(&script, decision.clone())
            .await
            .refused(403, "session_required");
        decide(&admin, decision)
            .await
            .refused(403, "reauthentication_required");
    }
    make(token).await.refused(403, "reauthentication_required");
    let code = json!({"totp": "000000"});
    p.call(Some(&admin), Method::POST, "/me/totp/confirm", Some(code))
        .await
        .refused(403, "reauthentication_required");

    let again = |password: &str| {
        let body = json!({"password": password});
        p.call(Some(&admin), Method::POST, "/me/reauthenticate", Some(body))
    };
    again("guess work").await.refused(403, "wrong_password");
    decide(&admin, decisions[0].clone())
        .await
        .refused(403, "reauthentication_required");
    let until = again(PASSWORD).await.expect(200)["until"].clone();
    let until: chrono::DateTime<Utc> = serde_json::from_value(until).unwrap();
    assert!(until > Utc::now() + TimeDelta::minutes(9), "{until}");
    for (decision, status) in decisions.into_iter().zip([200, 200, 201, 201]) {
        decide(&admin, decision).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_personal_tokens_where_it_is_asked_to() {
    let p = Platform::start().await;
    let (_, wanda) = p.register("wanda").await;
    let expires = Utc::now() + TimeDelta::days(7);
    let token = json!({"name": "nightly", "scopes": ["READ"], "expiresAt": expires});
    let script = p
        .call(Some(&wanda), Method::POST, "/me/tokens", Some(token))
        .await
        .expect(201)["token"]
        .clone();
    let script = script.as_str().unwrap().to_owned();
    let change = |body: Value| p.call(Some(&wanda), Method::PATCH, "/me/password", Some(body));
    let reads = || p.call(Some(&script), Method::GET, "/me", None);
    change(json!({"password": PASSWORD, "newPassword": "a new password"}))
        .await
        .expect(204);
    reads().await.expect(200);
    change(
        json!({"password": "a new password", "newPassword": PASSWORD, "endPersonalTokens": true}),
    )
    .await
    .expect(204);
    reads().await.refused(401, "session_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_two_servers_is_counted_as_at_one() {
    let p = Platform::start().await;
    p.register("wanda").await;
    let other = Process::start(&p).await;
    let guesses = (0..20).map(|i| {
        let server = if i % 2 == 0 { &p.url } else { &other.url };
        login(&p, server, "guess work")
    });
    let outcomes = futures::future::join_all(guesses).await;
    let told = |status: u16| outcomes.iter().filter(|a| a.status == status).count();
    // Six at once, and another where a slow machine took a second. Counted by each server, it were twelve.
    let looked_at = told(401);
    assert!((6..=8).contains(&looked_at), "{looked_at}");
    assert_eq!(told(429), 20 - looked_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_the_scheme_has_no_case() {
    let p = Platform::start().await;
    let (_, wanda) = p.register("wanda").await;
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let request = p
            .http
            .get(format!("{}/me", p.url))
            .header("authorization", format!("{scheme} {wanda}"));
        assert_eq!(answer(request).await.expect(200)["username"], "wanda");
    }
}
