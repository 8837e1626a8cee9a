//! Accounts and the one error body, over HTTP.

use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Platform};

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem() {
    let p = Platform::start().await;
    p.call(None, Method::GET, "/nowhere", None)
        .await
        .refused(404, "no_route");
    p.call(None, Method::DELETE, "/auth/login", None)
        .await
        .refused(405, "method_not_allowed");
    p.call(None, Method::GET, "/me", None)
        .await
        .refused(401, "unauthenticated");
    p.call(Some("nonsense"), Method::GET, "/me", None)
        .await
        .refused(401, "invalid_token");
    p.call(
        None,
        Method::POST,
        "/auth/login",
        Some(json!({"login": "x", "password": "y", "more": 1})),
    )
    .await
    .refused(422, "unknown_field");
    let broken = p
        .http
        .post(format!("{}/auth/login", p.url))
        .header("content-type", "application/json")
        .body("{");
    crate::support::answer(broken)
        .await
        .refused(400, "invalid_json");
    let plain = p.http.post(format!("{}/auth/login", p.url)).body("{}");
    crate::support::answer(plain)
        .await
        .refused(415, "unsupported_media_type");
    let marked = p
        .http
        .get(format!("{}/nowhere", p.url))
        .header("x-correlation-id", "from-me");
    let answer = crate::support::answer(marked).await;
    assert_eq!(answer.headers["x-correlation-id"], "from-me");
    assert_eq!(answer.refused(404, "no_route")["correlationId"], "from-me");
    assert_eq!(
        p.http
            .get(format!("{}/openapi.json", p.url))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        p.http
            .get(format!("{}/readyz", p.url))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_register_sign_in_and_get_roles() {
    let p = Platform::start().await;
    let (id, wanda) = p.register("wanda").await;
    let me = p
        .call(Some(&wanda), Method::GET, "/api/v1/me", None)
        .await
        .expect(200);
    assert_eq!(
        (&me["username"], &me["role"], &me["status"]),
        (&json!("wanda"), &json!("WORKER"), &json!("ACTIVE"))
    );
    let again = json!({"email": "other@example.com", "username": "WANDA", "password": PASSWORD});
    p.call(None, Method::POST, "/auth/register", Some(again))
        .await
        .refused(409, "username_taken");
    p.call(
        None,
        Method::POST,
        "/auth/login",
        Some(json!({"login": "wanda", "password": "wrong wrong"})),
    )
    .await
    .refused(401, "invalid_credentials");
    p.call(Some(&wanda), Method::GET, "/projects", None)
        .await
        .refused(403, "forbidden");
    p.call(Some(&wanda), Method::GET, "/admin/users", None)
        .await
        .refused(403, "forbidden");
    let admin = p.login("admin").await;
    let users = p
        .call(Some(&admin), Method::GET, "/admin/users", None)
        .await
        .expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 2);
    let found = p
        .call(
            Some(&admin),
            Method::GET,
            "/admin/users?search=WAND&limit=1",
            None,
        )
        .await
        .expect(200);
    assert_eq!(found["items"][0]["username"], "wanda");
    assert_eq!(found["nextCursor"], json!(null));
    let own = users["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|u| u["username"] == "admin")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    p.call(
        Some(&admin),
        Method::PATCH,
        &format!("/admin/users/{own}/role"),
        Some(json!({"role": "WORKER"})),
    )
    .await
    .refused(409, "last_admin");
    let client = p
        .call(
            Some(&admin),
            Method::PATCH,
            &format!("/admin/users/{id}/role"),
            Some(json!({"role": "CLIENT"})),
        )
        .await
        .expect(200);
    assert_eq!(client["role"], "CLIENT");
    p.call(Some(&wanda), Method::GET, "/projects", None)
        .await
        .expect(200);
}

#[test]
fn the_committed_descriptions_are_the_current_ones() {
    let committed = [
        (
            include_str!("../../openapi.json"),
            datacrowd_api_server::openapi(),
        ),
        (
            include_str!("../../openapi-internal.json"),
            datacrowd_api_server::internal_openapi(),
        ),
    ];
    for (committed, current) in committed {
        let current = current.to_pretty_json().unwrap();
        assert_eq!(
            committed.trim(),
            current.trim(),
            "run `make generate` and commit api-server/openapi*.json"
        );
    }
    let settings = include_str!("../../../.env.example");
    assert_eq!(
        settings.trim(),
        datacrowd_api_server::args::env_example().trim(),
        "run `make generate` and commit .env.example"
    );
    assert_eq!(
        include_str!("../../settings.json").trim(),
        datacrowd_api_server::args::settings_json().trim(),
        "run `make generate` and commit api-server/settings.json"
    );
    assert_eq!(
        include_str!("../../../docs/errors.md").trim(),
        datacrowd_api_server::errors().trim(),
        "run `make generate` and commit docs/errors.md"
    );
    assert!(
        include_str!("../../../docs/metrics.md").contains(&datacrowd_api_server::metrics::page()),
        "run `make generate` and commit docs/metrics.md"
    );
    let table = datacrowd_api_server::args::settings_table();
    assert!(
        include_str!("../../../docs/configuration.md").contains(&table),
        "run `make generate` and commit docs/configuration.md"
    );
}
