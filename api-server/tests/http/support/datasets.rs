//! Datasets: their files, and tasks as a runner would load them.

use std::fmt::Write as _;

use super::{Actor, Answer, Field, Platform, Run, answer, form};

impl Platform {
    pub async fn upload(
        &self,
        client: &Actor,
        project: &str,
        file_name: &str,
        bytes: Vec<u8>,
        batch_size: i32,
    ) -> Answer {
        let batch_size = batch_size.to_string();
        let parts = [
            ("batchSize", None, batch_size.as_bytes()),
            ("file", Some(file_name), &bytes[..]),
        ];
        self.upload_form(client, project, &parts).await
    }

    /// A dataset of a form of these parts.
    pub async fn upload_form(&self, client: &Actor, project: &str, parts: &[Field<'_>]) -> Answer {
        let request = self
            .http
            .post(format!("{}/projects/{project}/datasets", self.url))
            .bearer_auth(&client.token)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(form(parts));
        answer(request).await
    }

    /// A dataset of a CSV whose tasks are asked for, and wait for a runner.
    pub async fn generating(
        &self,
        client: &Actor,
        project: &str,
        csv: String,
        batch_size: i32,
    ) -> String {
        let dataset = self
            .upload(client, project, "items.csv", csv.into_bytes(), batch_size)
            .await
            .expect(201);
        let id = dataset["id"].as_str().unwrap().to_owned();
        self.generate(client, &id).await;
        id
    }

    /// Asks for the tasks of a dataset.
    pub async fn generate(&self, client: &Actor, dataset: &str) {
        let path = format!("/datasets/{dataset}/generate-tasks");
        self.post(client, &path).await.expect(202);
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
        let id = self.generating(client, project, csv, batch_size).await;
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
