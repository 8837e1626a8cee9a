//! Webhooks: an address that is applied is tried, and its conditions say how that goes; what REST makes is a resource.

use datacrowd_crds::{
    Webhook,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace, message, verdict},
    wait::{eventually, seconds},
    world::{Manners, promise},
};
use serde_json::json;

use crate::flow::become_client;

/// Where no webhook may go: each attempt fails at once, and nobody is called.
const INSIDE: &str = "http://10.0.0.1/hooks";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_is_applied_is_told() {
    promise(
        "a_webhook_that_is_applied_is_told",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("webhook").await;
            ns.apply::<Webhook>("training", json!({"url": INSIDE}))
                .await;
            let seen: Webhook = ns
                .until_is("training", Phase::Done, Reason::Accepted, seconds(60))
                .await;
            let admin = world.rest.admin().await;
            let path = format!("/webhook-endpoints/{}", seen.id().unwrap());
            let endpoint = admin.get(&path).await.expect(200);
            assert_eq!(endpoint["resource"], format!("{}/training", ns.name));

            let test = format!("{path}/test");
            let sent = admin.post(&test, &json!({})).await.expect(202);
            let delivery = format!("{path}/deliveries/{}", sent["id"]);
            let failure = eventually("an attempt", seconds(60), || async {
                let reply = admin.get(&delivery).await;
                match reply.body["attempts"][0]["failure"].as_str() {
                    Some(failure) => Ok(failure.to_owned()),
                    None => Err(reply),
                }
            })
            .await;
            assert!(failure.contains("10.0.0.1"), "{failure}");
            let failing: Webhook = ns
                .until_is(
                    "training",
                    Phase::Running,
                    Reason::EndpointFailing,
                    seconds(90),
                )
                .await;
            let message = message(&failing);
            assert!(message.contains(&format!("{path}/deliveries")), "{message}");

            let suspended = json!({"url": INSIDE, "suspend": true});
            ns.apply::<Webhook>("training", suspended).await;
            ns.until_is::<Webhook>("training", Phase::Waiting, Reason::Suspended, seconds(30))
                .await;
            ns.delete::<Webhook>("training", seconds(60)).await;
            admin.get(&path).await.refused(404, "not_found");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_by_rest_is_a_resource() {
    promise(
        "a_webhook_by_rest_is_a_resource",
        Manners::Peaceful,
        |world| async move {
            let name = format!("e2e-hooked-{}", world.run);
            let clara = world.rest.register(&name).await;
            become_client(&world, &clara).await;
            let new = json!({"url": INSIDE, "suspended": true});
            let made = clara.post("/webhook-endpoints", &new).await.expect(201);
            let resource = made["resource"].as_str().unwrap();
            let (namespace, name) = resource.split_once('/').unwrap();
            let ns = Namespace {
                client: world.client.clone(),
                name: namespace.to_owned(),
            };
            let seen: Webhook = ns
                .until_is(name, Phase::Waiting, Reason::Suspended, seconds(60))
                .await;
            assert_eq!(seen.id(), made["id"].as_str());
            assert_eq!(seen.spec.url, INSIDE);

            let path = format!("/webhook-endpoints/{}", seen.id().unwrap());
            let resumed = json!({"suspended": false});
            let changed = clara.patch(&path, &resumed).await.expect(200);
            assert_eq!(changed["state"], "ACTIVE");
            let seen: Webhook = ns
                .until_is(name, Phase::Done, Reason::Accepted, seconds(30))
                .await;
            assert_eq!(seen.spec.suspend, Some(false));

            clara.delete(&path).await.expect(204);
            let api = ns.api::<Webhook>();
            eventually("the end of the resource", seconds(60), || async {
                match api.get_opt(name).await.map_err(|e| e.to_string())? {
                    Some(left) => Err(verdict(&left)),
                    None => Ok(()),
                }
            })
            .await;
            clara.get(&path).await.refused(404, "not_found");
        },
    )
    .await;
}
