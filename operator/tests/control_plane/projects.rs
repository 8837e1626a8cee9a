//! A Project's status.

use datacrowd_crds::{
    Project,
    condition::ConditionStatus::{False, True},
};
use serde_json::json;

use super::world::{World, ready, table};

#[tokio::test]
async fn a_refused_spec_is_named_with_its_remedy_and_forgotten_when_corrected() {
    let world = World::new("project").await;
    world.platform.rows().project_refusal =
        Some("answersPerTask is frozen; set it back to 1.".into());
    let _running = world.start().await;
    world.project("reviews").await;
    let seen: Project = world.reason("reviews", "InvalidSpec").await;
    assert_eq!(table(&seen), [False, False, True]);
    assert!(ready(&seen).unwrap().message.contains("set it back"));
    world.platform.rows().project_refusal = None;
    world
        .patch::<Project>("reviews", json!({"spec": {"displayName": "Other"}}))
        .await;
    let seen: Project = world.reason("reviews", "Accepted").await;
    assert_eq!(table(&seen), [True, False, False]);
}

#[tokio::test]
async fn labeling_that_no_schema_can_refuse_is_refused_by_the_operator() {
    let world = World::new("labeling").await;
    let _running = world.start().await;
    let mut body = super::world::project("reviews");
    body["spec"]["labeling"]["fields"][0]["options"] = json!([]);
    world.create::<Project>(body).await;
    let seen: Project = world.reason("reviews", "InvalidSpec").await;
    assert!(
        ready(&seen)
            .unwrap()
            .message
            .contains("spec.labeling.fields[0].options")
    );
}

#[tokio::test]
async fn an_unreachable_platform_shows_and_passes() {
    let world = World::new("down").await;
    world.platform.rows().down = true;
    let _running = world.start().await;
    world.project("reviews").await;
    let _: Project = world.reason("reviews", "PlatformUnavailable").await;
    world.platform.rows().down = false;
    let _: Project = world.reason("reviews", "Accepted").await;
    world.platform.rows().down = true;
    world
        .patch::<Project>("reviews", json!({"spec": {"displayName": "Other"}}))
        .await;
}
