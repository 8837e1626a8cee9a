//! Plays the node: says of a Job's pod what a kubelet would say.

use k8s_openapi::api::core::v1::Pod;
use kube::{
    ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use super::world::World;

impl World {
    /// The pod of a Job that has not ended.
    pub async fn pod(&self, job: &str) -> Pod {
        let of_job = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={job}"));
        self.eventually(&format!("{job} has a pod"), async || {
            let pods = self.api::<Pod>().list(&of_job).await.unwrap();
            pods.into_iter().find(|pod| {
                let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
                !matches!(phase, Some("Succeeded" | "Failed"))
            })
        })
        .await
    }

    async fn say(&self, pod: &Pod, status: Value) {
        let patch = json!({"status": status});
        self.api::<Pod>()
            .patch_status(
                &pod.name_any(),
                &PatchParams::default(),
                &Patch::Merge(&patch),
            )
            .await
            .unwrap();
    }

    /// The Job's pod runs.
    pub async fn pod_runs(&self, job: &str) {
        let pod = self.pod(job).await;
        self.say(&pod, json!({
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [container(json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}))],
        })).await;
    }

    /// The Job's pod ends with this code and says this.
    pub async fn pod_exits(&self, job: &str, code: i32, reason: &str, message: &str) {
        let pod = self.pod(job).await;
        let ended = json!({"terminated": {
            "exitCode": code, "reason": reason, "message": message,
            "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z",
        }});
        self.say(
            &pod,
            json!({
                "phase": if code == 0 { "Succeeded" } else { "Failed" },
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [container(ended)],
            }),
        )
        .await;
    }
}

fn container(state: Value) -> Value {
    json!({
        "name": "runner", "image": "runner:test", "imageID": "", "ready": state.get("running").is_some(),
        "restartCount": 0, "state": state,
    })
}
