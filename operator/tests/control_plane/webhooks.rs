//! A Webhook's conditions, and how it goes.

use datacrowd_crds::{
    Project, Webhook,
    condition::ConditionStatus::{False, True},
};
use datacrowd_protocol::internal::WebhookState;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::world::{Running, World, ready, table};

pub fn webhook(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "datacrowd.io/v1alpha1", "kind": "Webhook", "metadata": {"name": name}, "spec": spec})
}

/// One of all projects, in force.
async fn accepted(prefix: &str) -> (World, Running) {
    let world = World::new(prefix).await;
    let running = world.start().await;
    let spec = json!({"url": "https://example.com/hooks"});
    world.create::<Webhook>(webhook("done", spec)).await;
    let seen: Webhook = world.reason("done", "Accepted").await;
    assert_eq!(table(&seen), [True, False, False]);
    (world, running)
}

/// What the platform says of it from now on, and the condition that follows.
async fn in_state(world: &World, running: &Running, state: WebhookState, reason: &str) -> Webhook {
    world.platform.rows().webhook_state = Some(state);
    running.nudge.send(()).unwrap();
    world.reason("done", reason).await
}

#[tokio::test]
async fn conditions_say_whether_events_arrive() {
    let (world, running) = accepted("webhook").await;
    let seen = in_state(&world, &running, WebhookState::Failing, "EndpointFailing").await;
    assert_eq!(table(&seen), [False, True, False]);
    let message = &ready(&seen).unwrap().message;
    let id = seen.status.as_ref().unwrap().id.as_deref().unwrap();
    assert!(
        message.contains(&format!("/webhook-endpoints/{id}/deliveries")),
        "{message}"
    );
    assert_eq!(seen.status.as_ref().unwrap().pending, Some(2));
    let seen = in_state(&world, &running, WebhookState::Disabled, "EndpointDisabled").await;
    assert_eq!(table(&seen), [False, False, True]);
    let message = &ready(&seen).unwrap().message;
    assert!(message.starts_with("It answered 410 Gone."), "{message}");
    let seen = in_state(&world, &running, WebhookState::Suspended, "Suspended").await;
    assert_eq!(table(&seen), [False, False, False]);
    let _ = in_state(&world, &running, WebhookState::Active, "Accepted").await;
}

#[tokio::test]
async fn one_of_a_project_waits_for_it() {
    let world = World::new("webhook-project").await;
    let _running = world.start().await;
    let spec = json!({"url": "https://example.com/hooks", "projectRef": {"name": "reviews"}});
    world.create::<Webhook>(webhook("done", spec)).await;
    let _: Webhook = world.reason("done", "ProjectNotFound").await;
    world.project("reviews").await;
    let _: Webhook = world.reason("done", "Accepted").await;
    // It holds no Project back.
    let gone = DeleteParams::default();
    world
        .api::<Project>()
        .delete("reviews", &gone)
        .await
        .unwrap();
    world.gone::<Project>("reviews").await;
    let _: Webhook = world.reason("done", "ProjectNotFound").await;
    world.api::<Webhook>().delete("done", &gone).await.unwrap();
    world.gone::<Webhook>("done").await;
    assert!(
        world
            .platform
            .calls()
            .contains(&"delete webhooks Retain".to_owned())
    );
}

#[tokio::test]
async fn one_whose_namespace_changes_hands_departs() {
    let (world, _running) = accepted("webhook-hands").await;
    world.label(Some("somebody-else")).await;
    let seen: Webhook = world.reason("done", "NamespaceNotBound").await;
    assert_eq!(seen.status.as_ref().unwrap().id, None);
    let message = &ready(&seen).unwrap().message;
    assert!(
        message.contains("delete webhook done") && !message.contains("acme"),
        "{message}"
    );
    assert!(
        world
            .platform
            .calls()
            .contains(&"depart Webhook somebody-else".to_owned())
    );
    world
        .api::<Webhook>()
        .delete("done", &DeleteParams::default())
        .await
        .unwrap();
    world.gone::<Webhook>("done").await;
    let calls = world.platform.calls();
    assert!(
        !calls.iter().any(|call| call.starts_with("delete")),
        "{calls:?}"
    );
}
