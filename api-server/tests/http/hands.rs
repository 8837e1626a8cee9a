//! A namespace that changes hands: whose it was changes nothing in it any more, and keeps what was theirs.

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::names::TENANT_LABEL;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    core::{ApiResource, GroupVersionKind},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Platform};

impl Platform {
    async fn label(&self, namespace: &str, tenant: Option<&str>) {
        let api: Api<Namespace> = Api::all(self.cluster.clone());
        let patch = json!({"metadata": {"labels": {TENANT_LABEL: tenant}}});
        api.patch(namespace, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .unwrap();
    }

    async fn resources(&self, namespace: &str, kind: &str) -> Vec<DynamicObject> {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("datacrowd.io", "v1alpha1", kind));
        let api: Api<DynamicObject> = Api::namespaced_with(self.cluster.clone(), namespace, &kind);
        api.list(&Default::default()).await.unwrap().items
    }

    /// As the operator: the resource as it is, under this label.
    async fn upsert(
        &self,
        path: &str,
        tenant: &str,
        object: &DynamicObject,
    ) -> crate::support::Answer {
        let body = json!({
            "namespace": object.namespace(), "tenant": tenant, "name": object.name_any(), "uid": object.uid(),
            "generation": object.metadata.generation, "spec": object.data["spec"],
        });
        self.trusted(Method::PUT, path, Some(body)).await
    }

    async fn depart(&self, kind: &str, object: &DynamicObject, tenant: Option<&str>) -> Value {
        let body = json!({"kind": kind, "uid": object.uid(), "tenant": tenant});
        self.trusted(Method::POST, "/internal/departures", Some(body))
            .await
            .expect(200)
    }
}

struct Before {
    clara: Actor,
    project: String,
    dataset: String,
    tenant: String,
    projects: Vec<DynamicObject>,
    datasets: Vec<DynamicObject>,
}

/// A tenant with a READY dataset of two tasks.
async fn before(p: &Platform) -> Before {
    let clara = p.client("clara").await;
    let project = p.project(&clara, json!({})).await;
    let dataset = p.loaded(&clara, &project, 2, 1).await;
    let tenant = clara.namespace.strip_prefix("dc-").unwrap().to_owned();
    let projects = p.resources(&clara.namespace, "Project").await;
    let datasets = p.resources(&clara.namespace, "Dataset").await;
    assert_eq!((projects.len(), datasets.len()), (1, 1));
    Before {
        clara,
        project,
        dataset,
        tenant,
        projects,
        datasets,
    }
}

/// Each write that a client has, with what it sends.
fn writes(b: &Before) -> Vec<(Method, String, Option<Value>)> {
    let project = format!("/projects/{}", b.project);
    let dataset = format!("/datasets/{}", b.dataset);
    let new = json!({"displayName": "More", "dataType": "TEXT", "labeling": {"fields": [{"name": "ok", "type": "BOOLEAN"}]}});
    vec![
        (Method::POST, "/projects".into(), Some(new)),
        (
            Method::PATCH,
            project.clone(),
            Some(json!({"displayName": "Mine"})),
        ),
        (
            Method::POST,
            format!("{project}/export"),
            Some(json!({"format": "JSONL"})),
        ),
        (Method::DELETE, dataset, None),
        (Method::DELETE, project, None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn namespace_relabelled() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    let (_, worker) = p
        .register(&format!("w{}", &Uuid::new_v4().simple().to_string()[..8]))
        .await;
    let claim = json!({"projectId": b.project, "count": 1});
    let held = p
        .call(
            Some(&worker),
            Method::POST,
            "/tasks/claim",
            Some(claim.clone()),
        )
        .await
        .expect(200);
    for tenant in [Some("somebody-else"), None] {
        p.label(&b.clara.namespace, tenant).await;
        for (method, path, body) in writes(&b) {
            let refused = p
                .call(Some(&b.clara.token), method, &path, body)
                .await
                .refused(409, "namespace_not_bound");
            assert!(
                !refused["message"]
                    .as_str()
                    .unwrap()
                    .contains("somebody-else"),
                "{refused}"
            );
        }
        let upload = p
            .upload(
                &b.clara,
                &b.project,
                "items.csv",
                b"id,text\n1,a\n".to_vec(),
                1,
            )
            .await;
        upload.refused(409, "namespace_not_bound");
    }
    let (projects, datasets) = (
        p.resources(&b.clara.namespace, "Project").await,
        p.resources(&b.clara.namespace, "Dataset").await,
    );
    for (before, now) in b
        .projects
        .iter()
        .chain(&b.datasets)
        .zip(projects.iter().chain(&datasets))
    {
        assert_eq!(
            before.resource_version(),
            now.resource_version(),
            "nothing was written"
        );
    }

    p.label(&b.clara.namespace, Some("somebody-else")).await;
    for _ in 0..2 {
        let refused = p
            .upsert("/internal/projects", "somebody-else", &b.projects[0])
            .await
            .refused(409, "namespace_not_bound");
        assert!(!refused.to_string().contains(&b.tenant), "{refused}");
        p.upsert("/internal/datasets", "somebody-else", &b.datasets[0])
            .await
            .refused(409, "namespace_not_bound");
        for (kind, object) in [("Project", &b.projects[0]), ("Dataset", &b.datasets[0])] {
            let step = p.depart(kind, object, Some("somebody-else")).await;
            assert_eq!(step, json!({"departed": true, "unfinished": false}));
        }
    }
    assert_eq!(p.count("select count(*) from leases").await, 0);
    assert_eq!(
        p.count("select count(*) from tasks where queue_pos is not null")
            .await,
        0
    );
    let task = &held["tasks"][0];
    let late = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": "0"}});
    p.call(
        Some(&worker),
        Method::POST,
        &format!("/tasks/{}/submit", task["id"]),
        Some(late),
    )
    .await
    .refused(409, "lease_lost");
    p.call(
        Some(&worker),
        Method::POST,
        "/tasks/claim",
        Some(claim.clone()),
    )
    .await
    .refused(404, "no_task_available");

    // The label comes back, and so does everything.
    p.label(&b.clara.namespace, Some(&b.tenant)).await;
    let back = p
        .upsert("/internal/projects", &b.tenant, &b.projects[0])
        .await
        .expect(200);
    assert_eq!(
        (&back["id"], &back["adopted"]),
        (&json!(b.project), &json!(true))
    );
    let back = p
        .upsert("/internal/datasets", &b.tenant, &b.datasets[0])
        .await
        .expect(200);
    assert_eq!(
        (&back["id"], &back["state"]),
        (&json!(b.dataset), &json!("Ready"))
    );
    let left = p.depart("Dataset", &b.datasets[0], Some(&b.tenant)).await;
    assert_eq!(left, json!({"departed": false, "unfinished": false}));
    p.core.sweep(chrono::Utc::now()).await.unwrap();
    p.call(Some(&worker), Method::POST, "/tasks/claim", Some(claim))
        .await
        .expect(200);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_anew_is_the_new_tenants_and_nothing_of_the_old_ones() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    p.label(&b.clara.namespace, Some("somebody-else")).await;
    for (kind, object) in [("Project", &b.projects[0]), ("Dataset", &b.datasets[0])] {
        p.depart(kind, object, Some("somebody-else")).await;
    }
    let again = |object: &DynamicObject| {
        let mut object = object.clone();
        object.metadata.uid = Some(Uuid::new_v4().to_string());
        object
    };
    let mine = p
        .upsert(
            "/internal/projects",
            "somebody-else",
            &again(&b.projects[0]),
        )
        .await
        .expect(200);
    assert_ne!(mine["id"], json!(b.project));
    assert_eq!(mine["adopted"], json!(false));
    // The file that the tenant before uploaded is not there for the new one.
    let refused = p
        .upsert(
            "/internal/datasets",
            "somebody-else",
            &again(&b.datasets[0]),
        )
        .await
        .refused(422, "invalid_spec");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("names no file of this tenant"),
        "{refused}"
    );
    let seen = p
        .call(
            Some(&b.clara.token),
            Method::GET,
            &format!("/datasets/{}", b.dataset),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        seen["tasksCreated"],
        json!(2),
        "the rows stay with whose they are"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_tenant_before_is_told_as_one_that_is_not_there() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    let dora = p.client("dora").await;
    let tenant = dora.namespace.strip_prefix("dc-").unwrap();
    p.label(&b.clara.namespace, Some(tenant)).await;
    for (kind, object) in [("Project", &b.projects[0]), ("Dataset", &b.datasets[0])] {
        p.depart(kind, object, Some(tenant)).await;
    }
    let mut project = b.projects[0].clone();
    project.metadata.uid = Some(Uuid::new_v4().to_string());
    let project = p.upsert("/internal/projects", tenant, &project).await;
    let path = format!(
        "/projects/{}/datasets",
        project.expect(200)["id"].as_str().unwrap()
    );
    let there = b.datasets[0].data["spec"]["source"]["uri"]
        .as_str()
        .unwrap();
    let nowhere = format!("{there}.csv");
    for uri in [there, &nowhere] {
        let body = json!({"sourceUri": uri});
        let refused = p
            .call(Some(&dora.token), Method::POST, &path, Some(body))
            .await
            .refused(422, "invalid_request");
        assert_eq!(
            refused["details"]["sourceUri"],
            "names no object; upload it first"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tenants_that_bind_one_resource_at_once_are_never_told_that_we_failed() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    for round in 0..datacrowd_testkit::scaled(5, 50) {
        let mut object = b.projects[0].clone();
        object.metadata.name = Some(format!("raced-{round}"));
        object.metadata.uid = Some(Uuid::new_v4().to_string());
        let answers = join_all((0..8).map(|n| {
            let tenant = format!("tenant-{}", n % 4);
            let (p, object) = (&p, &object);
            async move { p.upsert("/internal/projects", &tenant, object).await }
        }))
        .await;
        let mut bound = 0;
        for answer in answers {
            match answer.status.as_u16() {
                200 => bound += 1,
                _ => _ = answer.refused(409, "namespace_not_bound"),
            }
        }
        assert!(bound > 0);
    }
    let twice = p.count("select count(*) from (select from projects where bound_uid is not null group by bound_uid having count(*) > 1) twice");
    assert_eq!(twice.await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_was_replaced_in_the_cluster_is_neither_changed_nor_deleted() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    // As `kubectl replace --force`, a moment ago: nobody has told the platform yet.
    let replaced = sqlx::query("update projects set bound_uid = gen_random_uuid()");
    replaced.execute(&p.rows).await.unwrap();
    let path = format!("/projects/{}", b.project);
    let change = Some(json!({"displayName": "Mine"}));
    p.call(Some(&b.clara.token), Method::PATCH, &path, change)
        .await
        .refused(409, "replaced");
    let replaced = sqlx::query("update datasets set bound_uid = gen_random_uuid()");
    replaced.execute(&p.rows).await.unwrap();
    let dataset = format!("/datasets/{}", b.dataset);
    p.call(Some(&b.clara.token), Method::DELETE, &dataset, None)
        .await
        .refused(409, "replaced");
    assert_eq!(p.resources(&b.clara.namespace, "Dataset").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_home_was_given_away_gets_another_one_by_its_label() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let b = before(&p).await;
    let id = p.me(&b.clara).await["id"].as_str().unwrap().to_owned();
    p.label(&b.clara.namespace, Some("somebody-else")).await;
    let admin = p.login("admin").await;
    let join = async || {
        let body = Some(json!({"role": "CLIENT", "tenant": b.tenant}));
        let path = format!("/admin/users/{id}/role");
        p.call(Some(&admin), Method::PATCH, &path, body).await
    };
    join().await.refused(422, "invalid_request");
    let next = format!("{}-2", b.clara.namespace);
    p.namespace(&next, Some(&b.tenant)).await;
    assert_eq!(join().await.expect(200)["tenant"]["namespace"], json!(next));
    p.project(&b.clara, json!({})).await;
}
