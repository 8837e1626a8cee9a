//! What the cluster lost is found, and let go only when nothing else can be meant.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_api_server::lost;
use datacrowd_crds::{Dataset, Project};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Platform};

struct Losing {
    p: Platform,
    client: Actor,
    dataset: String,
    name: String,
    began: DateTime<Utc>,
}

impl Losing {
    /// Twenty projects, and a dataset in one of them.
    async fn new() -> Self {
        let p = Platform::start().await;
        let client = p.client("clara").await;
        let mut project = String::new();
        for _ in 0..20 {
            project = p.project(&client, json!({})).await;
        }
        p.grant(&project, 10).await;
        let dataset = p.loaded(&client, &project, 3, 1).await;
        let began = Utc::now();
        let mut losing = Self {
            p,
            client,
            dataset,
            name: String::new(),
            began,
        };
        losing.name = losing.seen().await["name"].as_str().unwrap().into();
        losing
    }

    async fn seen(&self) -> Value {
        let path = format!("/datasets/{}", self.dataset);
        self.p
            .call(Some(&self.client.token), Method::GET, &path, None)
            .await
            .expect(200)
    }

    fn resources<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.p.cluster.clone(), &self.client.namespace)
    }

    /// Past the platform: nobody tells it.
    async fn lose(&self) {
        let api = self.resources::<Dataset>();
        api.delete(&self.name, &DeleteParams::default())
            .await
            .unwrap();
    }

    /// A pass so many minutes after the beginning, and what the dataset is then.
    async fn after(&self, minutes: i64) -> Value {
        let now = self.began + TimeDelta::minutes(minutes);
        lost::pass(&self.p.core, &self.p.app.cluster, now)
            .await
            .unwrap();
        self.seen().await["state"].clone()
    }

    async fn label(&self, tenant: &Value) {
        let namespaces: Api<Namespace> = Api::all(self.p.cluster.clone());
        let patch = json!({"metadata": {"labels": {"datacrowd.io/tenant": tenant}}});
        namespaces
            .patch(
                &self.client.namespace,
                &PatchParams::default(),
                &Patch::Merge(&patch),
            )
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_three_times_over_an_hour_is_unbound_and_nothing_is_deleted() {
    let losing = Losing::new().await;
    losing.lose().await;
    for minutes in [0, 5, 21, 42, 59] {
        assert_eq!(
            losing.after(minutes).await,
            "READY",
            "after {minutes} minutes"
        );
    }
    assert_eq!(losing.after(64).await, "DELETED");
    let p = &losing.p;
    assert_eq!(p.count("select count(*) from tasks").await, 3);
    assert_eq!(
        p.count("select count(*) from tombstones").await,
        0,
        "it may come back as it was"
    );
    assert_eq!(
        p.count("select count(*) from projects where bound_uid is null")
            .await,
        0
    );
    p.core.sweep_deleted("datacrowd", Utc::now()).await.unwrap();
    assert_eq!(
        p.count("select sum(tasks_used)::bigint from projects")
            .await,
        0
    );
    p.post(
        &losing.client,
        &format!("/datasets/{}/restore", losing.dataset),
    )
    .await
    .expect(201);
    assert_eq!(losing.seen().await["state"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_again_was_never_lost() {
    let losing = Losing::new().await;
    let mut again = losing
        .resources::<Dataset>()
        .get(&losing.name)
        .await
        .unwrap();
    losing.lose().await;
    for minutes in [0, 21, 42] {
        losing.after(minutes).await;
    }
    again.metadata = kube::api::ObjectMeta {
        name: Some(losing.name.clone()),
        ..Default::default()
    };
    let api = losing.resources::<Dataset>();
    api.create(&Default::default(), &again).await.unwrap();
    losing.after(63).await;
    losing.lose().await;
    for minutes in [84, 105, 126] {
        assert_eq!(
            losing.after(minutes).await,
            "READY",
            "after {minutes} minutes"
        );
    }
    assert_eq!(losing.after(147).await, "DELETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_in_a_namespace_that_is_not_the_tenants() {
    let losing = Losing::new().await;
    let namespaces: Api<Namespace> = Api::all(losing.p.cluster.clone());
    let home = namespaces.get(&losing.client.namespace).await.unwrap();
    let tenant = json!(home.metadata.labels.unwrap()["datacrowd.io/tenant"]);
    losing.lose().await;
    for (round, label) in [Value::Null, json!("somebody-else")].iter().enumerate() {
        losing.label(label).await;
        for minutes in [0, 21, 42, 63, 84] {
            let at = 100 * round as i64 + minutes;
            assert_eq!(losing.after(at).await, "READY", "labelled {label}");
        }
    }
    // Labelled again, the hour begins anew.
    losing.label(&tenant).await;
    for minutes in [210, 231, 252] {
        assert_eq!(losing.after(minutes).await, "READY");
    }
    assert_eq!(losing.after(273).await, "DELETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_not_complete_loses_nothing() {
    let losing = Losing::new().await;
    losing.lose().await;
    let projects = losing.resources::<Project>();
    let some = projects.list(&Default::default()).await.unwrap();
    let one = some.items[0].metadata.name.clone().unwrap();
    projects
        .delete(&one, &DeleteParams::default())
        .await
        .unwrap();
    for minutes in (0..400).step_by(21) {
        assert_eq!(
            losing.after(minutes).await,
            "READY",
            "after {minutes} minutes"
        );
    }
    let p = &losing.p;
    assert_eq!(
        p.count("select count(*) from projects where bound_uid is null")
            .await,
        0
    );
    let backlog = p.core.backlog(Utc::now()).await.unwrap();
    assert_eq!(
        (backlog.lost, backlog.lost_stopped),
        (2, true),
        "more than one in twenty"
    );
    datacrowd_api_server::background::backlog(p.app.clone()).await;
    assert!(
        p.app
            .metrics
            .render()
            .contains("datacrowd_lost_sweep_stopped 1")
    );
}
