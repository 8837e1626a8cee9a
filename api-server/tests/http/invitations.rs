//! Registration by invitation, over HTTP.

use std::time::Duration;

use chrono::Utc;
use datacrowd_accounts::{Admin, NewInvitation, NewUser, Origin, Role};
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, PASSWORD, Platform, Process, answer};

/// A name that no other test's tenant has.
fn name(of: &str) -> String {
    format!("{of}{}", &Uuid::new_v4().simple().to_string()[..8])
}

async fn register(p: &Platform, server: &str, name: &str, invitation: Option<&Value>) -> Answer {
    let mut body =
        json!({"email": format!("{name}@example.com"), "username": name, "password": PASSWORD});
    if let Some(token) = invitation {
        body["invitation"] = token.clone();
    }
    answer(p.http.post(format!("{server}/auth/register")).json(&body)).await
}

async fn invite(p: &Platform, admin: &str, body: Value) -> Value {
    let path = "/admin/invitations";
    let issued = p.call(Some(admin), Method::POST, path, Some(body)).await;
    issued.expect(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_registration_is_by_invitation_each_link_registers_one_person_as_it_says() {
    let p = Platform::start().await;
    let admin = p.login("admin").await;
    let closed = Process::start_with(&p, &[("DATACROWD_REGISTRATION", "invitation")]).await;
    register(&p, &closed.url, "wanda", None)
        .await
        .refused(403, "invitation_required");
    let guess = json!("dci_nonsense");
    register(&p, &closed.url, "wanda", Some(&guess))
        .await
        .refused(401, "invitation_invalid");

    // Two servers, and many people, at once.
    let link = invite(&p, &admin, json!({"role": "WORKER"})).await;
    let servers = [&closed.url, &p.url];
    let people: Vec<String> = (0..8).map(|i| format!("worker{i}")).collect();
    let all = people
        .iter()
        .enumerate()
        .map(|(i, who)| register(&p, servers[i % 2], who, Some(&link["token"])));
    let outcomes = futures::future::join_all(all).await;
    let told = |status: u16| outcomes.iter().filter(|a| a.status == status).count();
    assert_eq!((told(201), told(401)), (1, 7));

    let clara = name("clara");
    let link = invite(&p, &admin, json!({"role": "CLIENT"})).await;
    let came = register(&p, &closed.url, &clara, Some(&link["token"])).await;
    let came = came.expect(201);
    assert_eq!(came["role"], "CLIENT", "{came:#}");
    let token = closed.sign_in(&p, &clara).await;
    let request = p.http.get(format!("{}/projects", closed.url));
    answer(request.bearer_auth(token)).await.expect(200);

    let tenant = json!({"role": "CLIENT", "tenant": came["tenant"]["name"]});
    let link = invite(&p, &admin, tenant).await;
    let carl = register(&p, &closed.url, &name("carl"), Some(&link["token"])).await;
    assert_eq!(carl.expect(201)["tenant"], came["tenant"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_listed_without_their_tokens_and_taken_back() {
    let p = Platform::start().await;
    let admin = p.login("admin").await;
    let link = invite(&p, &admin, json!({"role": "WORKER"})).await;
    let wrong = json!({"role": "WORKER", "tenant": "acme"});
    let refused = p
        .call(
            Some(&admin),
            Method::POST,
            "/admin/invitations",
            Some(wrong),
        )
        .await
        .refused(422, "invalid_request");
    assert!(refused["details"]["tenant"].is_string(), "{refused}");
    // Whoever came with it would wait for such a tenant for ever, and nobody would be told.
    for nobodys in ["Acme Inc", "acme_eu", &name("undeclared")] {
        let body = json!({"role": "CLIENT", "tenant": nobodys});
        let path = "/admin/invitations";
        let refused = p.call(Some(&admin), Method::POST, path, Some(body)).await;
        let refused = refused.refused(422, "invalid_request");
        assert!(refused["details"]["tenant"].is_string(), "{refused}");
    }
    let listed = p
        .call(Some(&admin), Method::GET, "/admin/invitations", None)
        .await
        .expect(200);
    assert_eq!(listed["items"][0]["id"], link["id"], "{listed:#}");
    assert!(!listed.to_string().contains("dci_"), "{listed}");
    let path = format!("/admin/invitations/{}", link["id"].as_str().unwrap());
    let back = || p.call(Some(&admin), Method::DELETE, &path, None);
    back().await.expect(204);
    back().await.refused(404, "not_found");
    register(&p, &p.url, "wanda", Some(&link["token"]))
        .await
        .refused(401, "invitation_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_client_whose_server_died_gets_their_tenant_from_another_one() {
    let p = Platform::start().await;
    let admin = p.app.accounts.find_username("admin").await.unwrap();
    let new = NewInvitation {
        role: Role::Client,
        tenant: None,
        tenant_id: None,
    };
    let link = p
        .app
        .accounts
        .invite(Admin(admin.unwrap().id), new, Utc::now())
        .await;
    let clara = name("clara");
    let person = NewUser {
        email: format!("{clara}@example.com"),
        username: clara.clone(),
        password: PASSWORD.into(),
    };
    // What the transaction did before its server died.
    let token = link.unwrap().token;
    let origin = Origin::default();
    let came = p
        .app
        .accounts
        .register(person, Some(&token), &origin, None, Utc::now());
    assert_eq!(came.await.unwrap().user.role, Role::Worker);
    let other = Process::start(&p).await;
    eventually(Duration::from_secs(30), || async {
        let token = p.login(&clara).await;
        let me = p.call(Some(&token), Method::GET, "/me", None).await;
        (me.expect(200)["role"] == "CLIENT").then_some(())
    })
    .await;
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_decided_since_stands_over_an_invitation_that_is_not_settled() {
    let p = Platform::start().await;
    let admin = p.login("admin").await;
    let by = p.app.accounts.find_username("admin").await.unwrap();
    let new = NewInvitation {
        role: Role::Client,
        tenant: None,
        tenant_id: None,
    };
    let link = p
        .app
        .accounts
        .invite(Admin(by.unwrap().id), new, Utc::now())
        .await;
    let ada = name("ada");
    let person = NewUser {
        email: format!("{ada}@example.com"),
        username: ada.clone(),
        password: PASSWORD.into(),
    };
    let token = link.unwrap().token;
    let origin = Origin::default();
    let came = p
        .app
        .accounts
        .register(person, Some(&token), &origin, None, Utc::now());
    let path = format!("/admin/users/{}/role", came.await.unwrap().user.id);
    let body = json!({"role": "ADMIN"});
    p.call(Some(&admin), Method::PATCH, &path, Some(body))
        .await
        .expect(200);
    let other = Process::start(&p).await;
    eventually(Duration::from_secs(30), || async {
        let open = p.app.accounts.unsettled_invitations(10).await.unwrap();
        open.is_empty().then_some(())
    })
    .await;
    let token = p.login(&ada).await;
    let me = p.call(Some(&token), Method::GET, "/me", None).await;
    let me = me.expect(200);
    assert_eq!(
        (&me["role"], &me["tenant"]),
        (&json!("ADMIN"), &Value::Null)
    );
    drop(other);
}
