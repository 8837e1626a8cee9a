//! What workers and reviewers do.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Actor, Answer, Platform};

impl Platform {
    /// What the client's tenant knows this worker by.
    pub async fn known_as(&self, client: &Actor, project: &str, worker: &str) -> String {
        let workers = format!("/projects/{project}/workers");
        let put = format!("{workers}/{worker}");
        let listed = self
            .call(Some(&client.token), Method::PUT, &put, None)
            .await;
        let pseudonym = listed.expect(200)["workerId"].as_str().unwrap().to_owned();
        let unlisted = format!("{workers}/{pseudonym}");
        self.call(Some(&client.token), Method::DELETE, &unlisted, None)
            .await
            .expect(204);
        pseudonym
    }

    pub async fn claim(&self, worker: &str, project: &str, count: i64) -> Answer {
        let body = json!({"projectId": project, "count": count});
        self.call(Some(worker), Method::POST, "/tasks/claim", Some(body))
            .await
    }

    /// Asks for the link to what a column of a task shows.
    pub async fn media(&self, worker: &str, task: &Value, column: &str) -> Answer {
        let path = format!("/tasks/{}/media/{column}", task["id"]);
        self.call(Some(worker), Method::GET, &path, None).await
    }

    /// Submits a claimed task with this rating.
    pub async fn submit(&self, worker: &str, task: &Value, rating: &str) -> Answer {
        let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": rating}});
        let path = format!("/tasks/{}/submit", task["id"]);
        self.call(Some(worker), Method::POST, &path, Some(body))
            .await
    }

    /// Claims and submits `count` tasks; the answers' ids.
    pub async fn work(&self, worker: &str, project: &str, count: i64, rating: &str) -> Vec<Value> {
        let claimed = self.claim(worker, project, count).await.expect(200);
        let tasks = claimed["tasks"].as_array().unwrap();
        assert_eq!(tasks.len() as i64, count);
        let mut answers = Vec::new();
        for task in tasks {
            let done = self.submit(worker, task, rating).await.expect(201);
            answers.push(done["answerId"].clone());
        }
        answers
    }

    /// `unlock`, `skip` or `heartbeat` of a claimed task.
    pub async fn lease(&self, worker: &str, task: &Value, what: &str) -> Answer {
        let mut body = json!({"leaseToken": task["lease"]["token"]});
        if what == "skip" {
            body["reason"] = json!("not my language");
        }
        let path = format!("/tasks/{}/{what}", task["id"]);
        self.call(Some(worker), Method::POST, &path, Some(body))
            .await
    }

    /// The answer that a reviewer is shown next.
    pub async fn shown(&self, reviewer: &str, project: &str) -> Answer {
        let path = format!("/reviews/next?projectId={project}");
        self.call(Some(reviewer), Method::GET, &path, None).await
    }

    /// `approve` without a comment, or `undo`.
    pub async fn decide(&self, reviewer: &str, answer: &Value, verdict: &str) -> Answer {
        let path = format!("/reviews/{answer}/{verdict}");
        self.call(Some(reviewer), Method::POST, &path, Some(json!({})))
            .await
    }

    pub async fn reject(&self, reviewer: &str, answer: &Value, comment: &str) -> Answer {
        let path = format!("/reviews/{answer}/reject");
        let body = json!({"comment": comment});
        self.call(Some(reviewer), Method::POST, &path, Some(body))
            .await
    }

    pub async fn undo(&self, reviewer: &str, answer: &Value) -> Answer {
        self.decide(reviewer, answer, "undo").await
    }
}
