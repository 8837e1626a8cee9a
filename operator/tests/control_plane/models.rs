//! A Model's way to being applied, and what keeps it from that.

use std::time::Duration;

use datacrowd_crds::{
    Model, Project,
    condition::ConditionStatus::{False, True},
};
use datacrowd_protocol::{exit, model::ModelState, run::RunOutcome};
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use serde_json::json;

use super::{
    platform::models::SHA256,
    world::{Observed, World, model, ready, table},
};

impl World {
    /// The one Job of a resource, once it is there.
    pub async fn job<K: Observed>(&self, name: &str) -> String {
        let owner = async || {
            let jobs = self.jobs().await;
            let mut of = jobs.into_iter().filter(|job| is_of::<K>(job, name));
            of.next().map(|job| job.name_any())
        };
        self.eventually(&format!("{name} has a Job"), owner).await
    }

    /// The Model's file was looked at, and may be used.
    pub async fn inspected(&self, name: &str) -> Model {
        let job = self.job::<Model>(name).await;
        {
            let mut rows = self.platform.rows();
            let row = rows.models.get_mut(name).unwrap();
            row.ready = true;
            row.runs.last_mut().unwrap().outcome = Some(RunOutcome::Succeeded);
        }
        self.pod_exits(&job, 0, "Completed", "").await;
        self.reason(name, "Accepted").await
    }
}

fn is_of<K: Observed>(job: &Job, name: &str) -> bool {
    let mut owners = job.owner_references().iter();
    owners.any(|owner| owner.kind == K::kind(&()) && owner.name == name)
}

#[tokio::test]
async fn a_model_is_looked_at_and_may_then_be_applied() {
    let world = World::new("model").await;
    let _running = world.start().await;
    world.model("voices").await;
    let _: Model = world.reason("voices", "ProjectNotFound").await;
    world.project("reviews").await;
    let _: Model = world.reason("voices", "JobCreated").await;
    let job = world.jobs().await.pop().unwrap();
    assert!(job.name_any().starts_with("voices-insp-"));
    let template = job.spec.unwrap().template;
    let labels = template.metadata.unwrap().labels.unwrap();
    assert_eq!(labels["app.kubernetes.io/component"], "inference");
    let container = template.spec.unwrap().containers.remove(0);
    assert_eq!(container.image.as_deref(), Some("inference:test"));
    assert_eq!(container.args.unwrap()[0], "inspect");
    let seen = world.inspected("voices").await;
    assert_eq!(table(&seen)[..2], [True, True]);
    assert_eq!(ready(&seen).unwrap().message, "The Model may be applied.");
    let status = seen.status.unwrap();
    assert_eq!(status.state, Some(ModelState::Ready));
    assert_eq!(status.sha256.as_deref(), Some(SHA256));
    assert_eq!(status.inputs[0].name, "x");
    assert_eq!(status.outputs[0].name, "probabilities");
}

#[tokio::test]
async fn a_model_that_cannot_be_used_says_so_and_is_not_tried_again() {
    let world = World::new("unusable").await;
    let running = world.start().await;
    world.project("reviews").await;
    world.model("voices").await;
    let job = world.job::<Model>("voices").await;
    let said = json!({
        "outcome": "Failed", "reason": "InvalidModel", "message": "The file has no output \"probabilities\".",
        "rows": 0, "rejected": 0,
    });
    // Its runner could not tell the platform: the operator does.
    world
        .pod_exits(&job, exit::BAD_INPUT, "Error", &said.to_string())
        .await;
    let seen: Model = world.reason("voices", "InvalidModel").await;
    assert_eq!(table(&seen)[..2], [False, False]);
    assert_eq!(table(&seen)[3], True, "nothing happens until someone acts");
    let message = &ready(&seen).unwrap().message;
    assert!(message.starts_with("The file has no output"), "{message}");
    assert!(
        message.contains("Apply a Model under a new name"),
        "{message}"
    );
    for _ in 0..5 {
        running.nudge.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(world.jobs().await.len(), 1, "it was tried again");
    let calls = world.platform.calls();
    let told = calls
        .iter()
        .filter(|call| *call == "failed models 1 InvalidModel");
    assert_eq!(told.count(), 1, "{calls:?}");
    let begun = calls.iter().filter(|call| call.starts_with("begin"));
    assert_eq!(begun.count(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_model_of_another_namespace_is_never_asked_for() {
    let world = World::new("foreign").await;
    let _running = world.start().await;
    world.project("reviews").await;
    let _: Project = world.reason("reviews", "Accepted").await;
    world
        .create::<Model>(model("somebody-else", "voices"))
        .await;
    let seen: Model = world.reason("voices", "SourceForbidden").await;
    let message = &ready(&seen).unwrap().message;
    assert!(message.contains(&world.namespace), "{message}");
    let asked = world.platform.rows().asked.clone();
    assert!(
        !asked.iter().any(|call| call.contains("models")),
        "{asked:?}"
    );
}
