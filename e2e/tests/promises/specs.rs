//! Specs of the resources that the promises apply, and projects that are accepted and paid.

use datacrowd_crds::{
    Dataset, Project,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace},
    wait::seconds,
    world::World,
};
use serde_json::{Value, json};

/// A project that asks for a rating from -4 to 4; answers count without review.
pub fn ratings(answers_per_task: usize) -> Value {
    let options: Vec<_> = (-4..=4).map(|n: i32| n.to_string()).collect();
    json!({
        "displayName": "Reviews",
        "dataType": "Text",
        "labeling": {
            "instructions": "How does the writer feel about the product?",
            "display": [{"column": "text", "kind": "Text"}],
            "externalIdColumn": "id",
            "fields": [{"name": "rating", "title": "Rating", "type": "SingleChoice", "options": options, "required": true}],
            "answersPerTask": answers_per_task,
            "reviewersPerAnswer": 0,
        },
    })
}

/// A Dataset of `project` from `uri`.
pub fn dataset(project: &str, uri: &str) -> Value {
    json!({"projectRef": {"name": project}, "source": {"uri": uri}})
}

/// An Export of `project`.
pub fn export(project: &str, trigger: &str) -> Value {
    json!({"projectRef": {"name": project}, "format": "JSONL", "trigger": trigger})
}

/// Applies a project, waits until it is accepted, and buys it judgements; returns its id.
pub async fn paid(
    world: &World,
    namespace: &Namespace,
    name: &str,
    spec: Value,
    judgements: i64,
) -> String {
    namespace.apply::<Project>(name, spec).await;
    let project: Project = namespace
        .until_is(name, Phase::Done, Reason::Accepted, seconds(30))
        .await;
    let id = project.id().unwrap().to_owned();
    let billing = world.rest.pay(&id, judgements).await;
    assert_eq!(billing["taskQuota"], judgements);
    id
}

/// Waits until every valid row of a Dataset is a task.
pub async fn generated(namespace: &Namespace, name: &str, deadline: u64) -> Dataset {
    namespace
        .until_is(name, Phase::Done, Reason::Generated, seconds(deadline))
        .await
}

/// Waits until a dataset of which some rows were refused is generated.
pub async fn generated_with_rejections(
    namespace: &Namespace,
    name: &str,
    deadline: u64,
) -> Dataset {
    let reason = Reason::GeneratedWithRejections;
    namespace
        .until_is(name, Phase::Done, reason, seconds(deadline))
        .await
}

/// A file of `rows` rows, `id,text`, each about `width` bytes long; row k has id `r<k>`.
pub fn numbered_csv(rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * (width + 16) + 8);
    text.push_str("id,text\n");
    for row in 1..=rows {
        // A quoted cell with a comma: what a naive splitter trips over.
        let begin = format!("r{row},\"said, again:");
        text.push_str(&begin);
        (0..width.saturating_sub(begin.len()) / 5).for_each(|_| text.push_str(" word"));
        text.push_str("\"\n");
    }
    text
}

/// How many tasks a dataset has, how many of its rows they stand for, and the first and last of these.
pub async fn rows(world: &World, dataset: &str) -> (i64, i64, Option<i64>, Option<i64>) {
    sqlx::query_as("select count(*), count(distinct row_no), min(row_no), max(row_no) from tasks where dataset_id = $1::uuid")
        .bind(dataset)
        .fetch_one(&world.core)
        .await
        .unwrap()
}

/// Every row once, none missing, none twice, each with the cells that its line has.
pub async fn assert_each_row_once(world: &World, dataset: &str, count: usize) {
    let count = i64::try_from(count).unwrap();
    assert_eq!(
        rows(world, dataset).await,
        (count, count, Some(1), Some(count)),
        "tasks, distinct rows, first and last row of dataset {dataset}"
    );
    let (batched, charged): (i64, i64) = sqlx::query_as(
        "select (select coalesce(sum(size), 0)::bigint from task_batches where dataset_id = d.id), d.tasks_created from datasets d where d.id = $1::uuid",
    )
    .bind(dataset)
    .fetch_one(&world.core)
    .await
    .unwrap();
    assert_eq!(
        (batched, charged),
        (count, count),
        "rows in batches, and counted"
    );
}

/// How many tasks a dataset has so far, by its own count.
pub async fn loaded(world: &World, dataset: &str) -> i64 {
    sqlx::query_scalar("select tasks_created from datasets where id = $1::uuid")
        .bind(dataset)
        .fetch_one(&world.core)
        .await
        .unwrap()
}

/// What a project has spent.
pub async fn spent(world: &World, project: &str) -> i64 {
    sqlx::query_scalar("select tasks_used from projects where id = $1::uuid")
        .bind(project)
        .fetch_one(&world.core)
        .await
        .unwrap()
}
