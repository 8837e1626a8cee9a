//! Datasets: their files, and tasks as a runner would load them.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::json;

use super::{Actor, Answer, Platform, Run, answer};

impl Platform {
    pub async fn upload(
        &self,
        client: &Actor,
        project: &str,
        file_name: &str,
        bytes: Vec<u8>,
        batch_size: i32,
    ) -> Answer {
        let boundary = "a-boundary";
        let mut form = Vec::new();
        form.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"batchSize\"\r\n\r\n{batch_size}\r\n").as_bytes());
        form.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n").as_bytes());
        form.extend_from_slice(&bytes);
        form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let request = self
            .http
            .post(format!("{}/projects/{project}/datasets", self.url))
            .bearer_auth(&client.token)
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(form);
        answer(request).await
    }

    /// A dataset of `rows` tasks, loaded as a runner would.
    pub async fn loaded(
        &self,
        client: &Actor,
        project: &str,
        rows: i64,
        batch_size: i32,
    ) -> String {
        self.loaded_beside(client, project, None, rows, batch_size)
            .await
    }

    /// The same, from a file that has one more column.
    pub async fn loaded_beside(
        &self,
        client: &Actor,
        project: &str,
        column: Option<&str>,
        rows: i64,
        batch_size: i32,
    ) -> String {
        let (name, cell) = match column {
            Some(column) => (format!(",{column}"), ",x"),
            None => (String::new(), ""),
        };
        let mut csv = format!("id,text{name}\n");
        for row in 1..=rows {
            writeln!(csv, "i{row},text {row}{cell}").unwrap();
        }
        let dataset = self
            .upload(client, project, "items.csv", csv.into_bytes(), batch_size)
            .await
            .expect(201);
        let id = dataset["id"].as_str().unwrap().to_owned();
        self.call(
            Some(&client.token),
            Method::POST,
            &format!("/datasets/{id}/generate-tasks"),
            Some(json!({})),
        )
        .await
        .expect(202);
        let run = Run::open(self, client, &id, "pod-1").await;
        for first in (1..=rows).step_by(1000) {
            run.load(self, first, rows.min(first + 999))
                .await
                .expect(200);
        }
        run.complete(self, rows).await.expect(204);
        id
    }
}
