//! What a person would look at first when a test failed: resources, Jobs, pods, Events, logs.

use datacrowd_crds::{Dataset, Export, Model, Prediction, Project, Webhook};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod, events::v1::Event};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, LogParams},
};

use crate::cluster::{Kind, Namespace, verdict};

/// Where the platform itself runs.
pub const PLATFORM: &str = "datacrowd-system";

/// Prints everything of a namespace.
pub async fn namespace(client: &Client, name: &str) {
    let namespace = Namespace {
        client: client.clone(),
        name: name.to_owned(),
    };
    eprintln!("---- namespace {name}");
    resources::<Project>(&namespace).await;
    resources::<Dataset>(&namespace).await;
    resources::<Export>(&namespace).await;
    resources::<Model>(&namespace).await;
    resources::<Prediction>(&namespace).await;
    resources::<Webhook>(&namespace).await;
    jobs(&namespace).await;
    pods(&namespace, 15).await;
    events(&namespace).await;
}

/// Prints the end of what the platform's own pods logged.
pub async fn platform(client: &Client) {
    let namespace = Namespace {
        client: client.clone(),
        name: PLATFORM.to_owned(),
    };
    eprintln!("---- platform");
    pods(&namespace, 40).await;
}

async fn resources<K: Kind>(namespace: &Namespace) {
    let Ok(found) = namespace.api::<K>().list(&ListParams::default()).await else {
        return;
    };
    for object in found {
        let status = serde_json::to_value(&object).map(|o| o["status"].to_string());
        eprintln!(
            "{} {} (generation {:?}, deleted {:?}, finalizers {:?}): {}\n    {}",
            K::kind(&()),
            object.name_any(),
            object.meta().generation,
            object.meta().deletion_timestamp,
            object.finalizers(),
            verdict(&object),
            status.unwrap_or_default()
        );
    }
}

async fn jobs(namespace: &Namespace) {
    let jobs: Api<Job> = namespace.api();
    for job in jobs
        .list(&ListParams::default())
        .await
        .into_iter()
        .flatten()
    {
        let status = job.status.clone().unwrap_or_default();
        eprintln!(
            "Job {}: {}",
            job.name_any(),
            serde_json::to_string(&status).unwrap_or_default()
        );
    }
}

async fn pods(namespace: &Namespace, lines: i64) {
    let pods: Api<Pod> = namespace.api();
    for pod in pods
        .list(&ListParams::default())
        .await
        .into_iter()
        .flatten()
    {
        let name = pod.name_any();
        let status = pod.status.unwrap_or_default();
        eprintln!(
            "Pod {name}: {:?} {}",
            status.phase,
            serde_json::to_string(&status.container_statuses).unwrap_or_default()
        );
        let tail = LogParams {
            tail_lines: Some(lines),
            ..LogParams::default()
        };
        let log = pods.logs(&name, &tail).await.unwrap_or_default();
        log.lines().for_each(|line| eprintln!("    | {line}"));
    }
}

async fn events(namespace: &Namespace) {
    let events: Api<Event> = namespace.api();
    for event in events
        .list(&ListParams::default())
        .await
        .into_iter()
        .flatten()
    {
        let regarding = event.regarding.unwrap_or_default();
        eprintln!(
            "Event {} {}: {} {}",
            regarding.kind.unwrap_or_default(),
            regarding.name.unwrap_or_default(),
            event.reason.unwrap_or_default(),
            event.note.unwrap_or_default()
        );
    }
}
