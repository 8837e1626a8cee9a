//! Two people never share a tenant unless an ADMIN named it; what a namespace's label declares is nobody's to take.

use std::collections::BTreeSet;

use datacrowd_protocol::{
    ids::UserId,
    names::{FOUNDING, TENANT_LABEL},
};
use datacrowd_testkit::scaled;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt, api::PostParams};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Platform};

impl Platform {
    async fn make_client(&self, admin: &str, id: &str, tenant: Option<&str>) -> Answer {
        let mut body = json!({"role": "CLIENT"});
        if let Some(tenant) = tenant {
            body["tenant"] = json!(tenant);
        }
        let path = format!("/admin/users/{id}/role");
        self.call(Some(admin), Method::PATCH, &path, Some(body))
            .await
    }

    /// As a cluster administrator.
    pub async fn namespace(&self, name: &str, tenant: Option<&str>) -> Namespace {
        let api: Api<Namespace> = Api::all(self.cluster.clone());
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        namespace.metadata.labels =
            tenant.map(|t| [(TENANT_LABEL.to_owned(), t.to_owned())].into());
        api.create(&PostParams::default(), &namespace)
            .await
            .unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Something that no other test has, and no separator in it.
fn unique() -> String {
    Uuid::new_v4().simple().to_string()[..8].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_whose_names_share_a_slug_found_tenants_of_their_own() {
    let p = Platform::start().await;
    let mark = unique();
    let between = ["-", "_", "."];
    let names = between.iter().flat_map(|one| {
        let mark = &mark;
        between.map(move |other| format!("x{one}{mark}{other}a"))
    });
    let mut people = Vec::new();
    for name in names.take(scaled(5, 9)) {
        people.push(p.register(&name).await);
    }
    let admin = p.login("admin").await;
    let made = join_all(people.iter().map(|(id, _)| p.make_client(&admin, id, None))).await;
    let tenants: Vec<_> = made
        .into_iter()
        .map(|a| a.expect(200)["tenant"].clone())
        .collect();
    let names: BTreeSet<_> = tenants.iter().map(|t| text(&t["name"])).collect();
    assert_eq!(names.len(), people.len(), "{tenants:?}");
    let namespaces: Api<Namespace> = Api::all(p.cluster.clone());
    for tenant in &tenants {
        let (name, home) = (text(&tenant["name"]), text(&tenant["namespace"]));
        let suffix = name.strip_prefix(&format!("x-{mark}-a-")).unwrap();
        assert_eq!((suffix.len(), &home), (5, &format!("dc-{name}")));
        let seen = namespaces.get(&home).await.unwrap();
        assert_eq!(seen.labels()[TENANT_LABEL], name);
        let row = p.core.tenant_by_name(&name).await.unwrap();
        assert_eq!(seen.annotations()[FOUNDING], row.id.to_string());
    }
    let shared = p.count("select count(*) from (select from tenant_members group by tenant_id having count(*) > 1) shared");
    assert_eq!(shared.await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_made_client_many_times_at_once_founds_one_tenant() {
    let p = Platform::start().await;
    let (id, token) = p.register(&format!("clara{}", unique())).await;
    let admin = p.login("admin").await;
    let made = join_all((0..scaled(4, 12)).map(|_| p.make_client(&admin, &id, None))).await;
    let tenants: BTreeSet<_> = made
        .into_iter()
        .map(|a| text(&a.expect(200)["tenant"]["name"]))
        .collect();
    assert_eq!(tenants.len(), 1, "{tenants:?}");
    assert_eq!(p.count("select count(*) from tenants").await, 1);
    p.call(Some(&token), Method::GET, "/projects", None)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_a_label_declares_is_never_given_to_a_stranger() {
    let p = Platform::start().await;
    let name = format!("clara{}", unique());
    p.namespace(&name, Some(&name)).await;
    p.namespace(&format!("dc-{name}"), Some(&name)).await;
    let (id, token) = p.register(&name).await;
    let admin = p.login("admin").await;
    let own = p.make_client(&admin, &id, None).await.expect(200)["tenant"].clone();
    assert_ne!(own["name"], json!(name));
    for declared in [&name, &format!("dc-{name}")] {
        assert_ne!(&own["namespace"], declared);
    }
    assert!(
        p.core.tenant_by_name(&name).await.is_err(),
        "nobody has it yet"
    );
    let body = json!({"displayName": "Reviews", "dataType": "TEXT", "labeling": {"fields": [{"name": "ok", "type": "BOOLEAN"}]}});
    let project = p
        .call(Some(&token), Method::POST, "/projects", Some(body))
        .await
        .expect(201);
    assert_eq!(project["namespace"], own["namespace"]);

    let joined = p.make_client(&admin, &id, Some(&name)).await.expect(200)["tenant"].clone();
    assert_eq!(
        joined["name"],
        json!(name),
        "an ADMIN names it, and only so is it joined"
    );
    assert_eq!(
        joined["namespace"],
        json!(name),
        "the oldest namespace that the label declares"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_that_a_crash_interrupted_goes_on() {
    let p = Platform::start().await;
    let (id, _) = p.register(&format!("clara{}", unique())).await;
    let founder = UserId(id.parse().unwrap());
    let name = format!("clara{}-k3x9q", unique());
    let begun = p.core.tenant_found(founder, &name, "test").await.unwrap();
    assert_eq!(p.core.tenant_of(founder).await.unwrap(), None);
    let home = format!("dc-{name}");
    assert!(p.app.cluster.found_namespace(&home, &begun).await.unwrap());
    let admin = p.login("admin").await;
    let tenant = p.make_client(&admin, &id, None).await.expect(200)["tenant"].clone();
    assert_eq!(
        (&tenant["name"], &tenant["namespace"]),
        (&json!(name), &json!(home))
    );
    let (other, _) = p.register(&format!("carl{}", unique())).await;
    let joined = p.make_client(&admin, &other, Some(&name)).await.expect(200)["tenant"].clone();
    assert_eq!(joined, tenant);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_never_takes_a_namespace_that_somebody_else_made() {
    let p = Platform::start().await;
    let (id, _) = p.register(&format!("clara{}", unique())).await;
    let name = format!("clara{}-k3x9q", unique());
    let home = format!("dc-{name}");
    // Whoever foresaw the name: the label alone does not make it this founding's.
    p.namespace(&home, Some(&name)).await;
    let founder = UserId(id.parse().unwrap());
    let begun = p.core.tenant_found(founder, &name, "test").await.unwrap();
    let admin = p.login("admin").await;
    let tenant = p.make_client(&admin, &id, None).await.expect(200)["tenant"].clone();
    assert_ne!(tenant["name"], json!(name));
    assert_ne!(tenant["namespace"], json!(home));
    let kept = p.core.tenant_get(begun.id).await.unwrap();
    assert_eq!(
        json!(kept.name),
        tenant["name"],
        "the same founding under another name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_random_characters_is_founded_by_nobody() {
    let p = Platform::start().await;
    let (id, _) = p.register(&format!("clara{}", unique())).await;
    let founder = UserId(id.parse().unwrap());
    assert!(p.core.tenant_found(founder, "acme", "test").await.is_err());
    let admin = p.login("admin").await;
    let undeclared = format!("acme{}", unique());
    let refused = p
        .make_client(&admin, &id, Some(&undeclared))
        .await
        .refused(422, "invalid_request");
    assert!(text(&refused["details"]["tenant"]).contains(&format!("{TENANT_LABEL}={undeclared}")));
    p.make_client(&admin, &id, Some("a,b=c"))
        .await
        .refused(422, "invalid_request");
    assert_eq!(p.count("select count(*) from tenants").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upgrade_notes_find_tenants_that_are_shared_by_the_race() {
    let p = Platform::start().await;
    let notes = include_str!("../../../docs/upgrade.md");
    let (_, rest) = notes.split_once("```sql\n-- core").unwrap();
    let sql = format!("-- core{}", rest.split_once("```").unwrap().0);
    let joined = "insert into events (kind, subject, actor, data, created_at) select 'tenant.joined', t.id::text, 'admin', jsonb_build_object('user', m.user_id), now() + m.after from m, t";
    let tenant = |name: &str, after: &str| {
        sqlx::AssertSqlSafe(format!(
            "with t as (insert into tenants (id, name) values (gen_random_uuid(), '{name}') returning id),
                  m as (select gen_random_uuid() as user_id, after from unnest(array['0 s', '{after}']::interval[]) after),
                  joined as (insert into tenant_members (user_id, tenant_id) select m.user_id, t.id from m, t)
             {joined}"
        ))
    };
    sqlx::query(tenant("x-a", "10 ms"))
        .execute(&p.rows)
        .await
        .unwrap();
    sqlx::query(tenant("acme", "3 days"))
        .execute(&p.rows)
        .await
        .unwrap();
    let found: Vec<(String, Vec<Uuid>)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select tenant, members from ({}) found",
        sql.trim().trim_end_matches(';')
    )))
    .fetch_all(&p.rows)
    .await
    .unwrap();
    assert_eq!(
        found.len(),
        1,
        "who was added later was added on purpose: {found:?}"
    );
    assert_eq!((found[0].0.as_str(), found[0].1.len()), ("x-a", 2));
}
