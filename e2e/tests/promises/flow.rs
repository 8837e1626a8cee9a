//! The whole flow by REST: four people, one file, one payment, one rejection, one download.

use datacrowd_crds::{Dataset, Export, Project};
use datacrowd_e2e::{
    client::{Person, Task},
    cluster::Kind,
    reviews,
    store::sha256,
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use kube::{Api, api::ListParams};
use serde_json::{Value, json};

const ROWS: usize = 12;
const POINTS: i64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rest_flow_ends_with_an_export() {
    promise(
        "rest_flow_ends_with_an_export",
        Manners::Peaceful,
        |world| async move {
            let name = |who: &str| format!("e2e-{who}-{}", world.run);
            let clara = world.rest.register(&name("clara")).await;
            let wanda = world.rest.register(&name("wanda")).await;
            let willem = world.rest.register(&name("willem")).await;
            let ruth = world.rest.register(&name("ruth")).await;
            become_client(&world, &clara).await;

            let project = create_project(&clara).await;
            let dataset = upload(&clara, &project).await;
            let generate = format!("/datasets/{dataset}/generate-tasks");
            unpaid_generation_changes_nothing(&clara, &dataset, &generate).await;

            let billing = world.rest.pay(&project, ROWS as i64).await;
            assert_eq!(
                (&billing["status"], &billing["taskQuota"]),
                (&json!("PAID"), &json!(ROWS))
            );
            let accepted = clara.post(&generate, &json!({})).await.expect(202);
            assert_eq!(accepted["state"], "GENERATING");
            let ready = dataset_ready(&clara, &dataset).await;
            assert_eq!(
                (
                    &ready["totalRows"],
                    &ready["tasksCreated"],
                    &ready["rowsRejected"]
                ),
                (&json!(ROWS), &json!(ROWS), &json!(0))
            );
            clara
                .post(&generate, &json!({}))
                .await
                .refused(409, "already_generated");

            let rejected = one_answer_is_rejected(&wanda, &ruth, &project).await;
            let comes_back = the_rest_is_answered(&wanda, &willem, &project, rejected).await;
            assert!(comes_back, "the rejected task came back to another worker");
            everything_is_approved(&ruth, &project, rejected).await;

            let at_the_end = clara.get(&format!("/projects/{project}")).await.expect(200);
            assert_eq!(at_the_end["tasks"]["approved"], ROWS);
            assert_eq!(at_the_end["state"], "COMPLETED");
            points_follow_approvals(&wanda, &willem, &ruth).await;
            everything_was_told(&clara, &project).await;

            let jsonl = download(&world, &clara, &project, &json!({"format": "JSONL"})).await;
            let records: Vec<Value> = jsonl
                .lines()
                .map(|l| serde_json::from_str(l).unwrap())
                .collect();
            assert_eq!(records.len(), ROWS);
            every_item_once(&records);
            let csv = download(
                &world,
                &clara,
                &project,
                &json!({"format": "CSV", "rowPer": "ANSWER"}),
            )
            .await;
            let header = csv.lines().next().unwrap();
            for column in [
                "taskId",
                "rowNo",
                "externalId",
                "source.id",
                "source.text",
                "answer.rating",
                "workerId",
            ] {
                assert!(
                    header.split(',').any(|c| c == column),
                    "{column} in {header}"
                );
            }
            for person in [&wanda, &willem] {
                assert!(
                    !jsonl.contains(&person.id),
                    "workers are exported under a pseudonym"
                );
            }
            nothing_of_another_tenant_is_readable(&world, &project, &dataset).await;
            everything_goes_with_the_project(&world, &clara, &project).await;
        },
    )
    .await;
}

/// Makes somebody a client with a tenant of their own.
pub async fn become_client(world: &World, clara: &Person) {
    let admin = world.rest.admin().await;
    let role = format!("/admin/users/{}/role", clara.id);
    clara
        .patch(&role, &json!({"role": "CLIENT"}))
        .await
        .refused(403, "forbidden");
    let user = admin
        .patch(&role, &json!({"role": "CLIENT"}))
        .await
        .expect(200);
    assert_eq!(user["role"], "CLIENT");
    world.adopt(user["tenant"]["namespace"].as_str().unwrap());
}

/// The dispatcher has carried it all into the stream: in order, and from the one context as from the other.
async fn everything_was_told(clara: &Person, project: &str) {
    let path = format!("/projects/{project}/events?limit=200");
    let wanted = [
        "project.created",
        "payment.paid",
        "dataset.ready",
        "answer.rejected",
        "task.approved",
        "batch.done",
        "project.completed",
    ];
    eventually("every event to be told", seconds(30), || async {
        let told = clara.get(&path).await.expect(200);
        let types: Vec<_> = told["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect();
        let missing = wanted
            .iter()
            .find(|name| !types.contains(&format!("io.datacrowd.{name}.v1")));
        match missing {
            None => Ok(()),
            Some(name) => Err(format!("{name} is missing of {types:?}")),
        }
    })
    .await;
}

async fn create_project(clara: &Person) -> String {
    let options: Vec<_> = (-4..=4).map(|n: i32| n.to_string()).collect();
    let body = json!({
        "displayName": "Reviews", "description": "How people feel about what they bought", "dataType": "TEXT",
        "labeling": {
            "instructions": "How does the writer feel?",
            "display": [{"column": "text", "kind": "TEXT"}], "externalIdColumn": "id",
            "fields": [{"name": "rating", "title": "Rating", "type": "SINGLE_CHOICE", "options": options, "required": true}],
            "answersPerTask": 1, "reviewersPerAnswer": 1, "rewardPoints": POINTS, "onReject": "REQUEUE",
        },
    });
    let project = clara.post("/projects", &body).await.expect(201);
    assert_eq!(project["state"], "ACTIVE");
    assert_eq!(project["billing"]["status"], "UNPAID");
    project["id"].as_str().unwrap().to_owned()
}

async fn upload(clara: &Person, project: &str) -> String {
    let file = reviews::first_items_csv(ROWS);
    let path = format!("/projects/{project}/datasets");
    let dataset = clara.upload(&path, "items.csv", &file, 5).await.expect(201);
    assert_eq!(dataset["state"], "UPLOADED");
    assert_eq!(dataset["columns"], json!(["id", "text"]));
    assert_eq!(dataset["sizeBytes"], file.len());
    assert_eq!(dataset["sha256"], sha256(file.as_bytes()));
    dataset["id"].as_str().unwrap().to_owned()
}

async fn unpaid_generation_changes_nothing(clara: &Person, dataset: &str, generate: &str) {
    let path = format!("/datasets/{dataset}");
    let stored = async || {
        let mut dataset = clara.get(&path).await.expect(200);
        // The operator's, which may not have looked yet.
        dataset.as_object_mut().unwrap().remove("conditions");
        dataset
    };
    let before = stored().await;
    clara
        .post(generate, &json!({}))
        .await
        .refused(402, "payment_required");
    assert_eq!(stored().await, before);
}

/// Waits until a dataset's rows are tasks.
pub async fn dataset_ready(clara: &Person, dataset: &str) -> Value {
    let path = format!("/datasets/{dataset}");
    eventually("the dataset to be READY", seconds(90), || async {
        let reply = clara.get(&path).await;
        if reply.body["state"] == "READY" {
            Ok(reply.body)
        } else {
            Err(reply)
        }
    })
    .await
}

/// next, lock, submit; the same submit again; a rejection with a comment.
async fn one_answer_is_rejected(wanda: &Person, ruth: &Person, project: &str) -> i64 {
    let next = wanda
        .get(&format!("/tasks/next?projectId={project}"))
        .await
        .expect(200);
    let id = next["task"]["id"].as_i64().unwrap();
    assert!(next["task"]["lease"].is_null(), "a candidate is not held");
    let locked = wanda
        .post(&format!("/tasks/{id}/lock"), &json!({}))
        .await
        .expect(200);
    let task: Task = serde_json::from_value(locked).unwrap();
    let beaten = wanda.submit(id, task.token(), 9).await;
    beaten.refused(422, "invalid_answer");
    let submitted = wanda.rate(&task, -4).await.expect(201);
    assert_eq!(
        (&submitted["status"], &submitted["pointsPending"]),
        (&json!("IN_REVIEW"), &json!(POINTS))
    );
    let again = wanda.rate(&task, -4).await.expect(200);
    assert_eq!(again["answerId"], submitted["answerId"]);

    let answer = &submitted["answerId"];
    let approve = format!("/reviews/{answer}/approve");
    wanda
        .post(&approve, &json!({}))
        .await
        .refused(403, "own_task");
    let review = ruth
        .get(&format!("/reviews/next?projectId={project}"))
        .await
        .expect(200);
    assert_eq!(&review["review"]["answerId"], answer);
    let reject = format!("/reviews/{answer}/reject");
    ruth.post(&reject, &json!({}))
        .await
        .refused(422, "invalid_request");
    let rejected = ruth
        .post(&reject, &json!({"comment": "read it again"}))
        .await
        .expect(200);
    assert_eq!(rejected["status"], "REJECTED");
    ruth.post(&approve, &json!({}))
        .await
        .refused(409, "already_reviewed");
    id
}

/// Wanda takes half of what she is given, Willem the rest; true when the rejected task was his.
async fn the_rest_is_answered(
    wanda: &Person,
    willem: &Person,
    project: &str,
    rejected: i64,
) -> bool {
    for task in wanda.claim(project, ROWS / 2).await.unwrap() {
        assert_ne!(
            task.id, rejected,
            "a rejected task never comes back to its author"
        );
        wanda.rate(&task, 1).await.expect(201);
    }
    let mut came_back = false;
    loop {
        match willem.claim(project, 10).await {
            Ok(tasks) => {
                for task in tasks {
                    came_back |= task.id == rejected;
                    willem.rate(&task, 2).await.expect(201);
                }
            }
            Err(reply) => {
                reply.refused(404, "no_task_available");
                return came_back;
            }
        }
    }
}

async fn everything_is_approved(ruth: &Person, project: &str, rejected: i64) {
    for _ in 0..ROWS {
        let review = ruth
            .get(&format!("/reviews/next?projectId={project}"))
            .await
            .expect(200);
        let review = &review["review"];
        if review["task"]["id"] == rejected {
            assert_eq!(review["previousDecisions"][0]["comment"], "read it again");
        }
        let approve = format!("/reviews/{}/approve", review["answerId"]);
        let approved = ruth.post(&approve, &json!({})).await.expect(200);
        assert_eq!(approved["status"], "APPROVED");
    }
    let next = ruth
        .get(&format!("/reviews/next?projectId={project}"))
        .await;
    assert_eq!(next.status.as_u16(), 404, "{next}");
}

async fn points_follow_approvals(wanda: &Person, willem: &Person, ruth: &Person) {
    let mut balances = Vec::new();
    for person in [wanda, willem, ruth] {
        let points = person.get("/me/points").await.expect(200);
        balances.push(points["balance"].as_i64().unwrap());
    }
    let half = (ROWS / 2) as i64 * POINTS;
    assert_eq!(
        balances,
        [half, half, 0],
        "points of Wanda, Willem and Ruth"
    );
}

/// Asks for an export, waits for it, follows its link, and holds the bytes against what the status says.
async fn download(world: &World, clara: &Person, project: &str, wanted: &Value) -> String {
    let asked = clara
        .post(&format!("/projects/{project}/export"), wanted)
        .await
        .expect(202);
    let path = format!("/exports/{}", asked["exportId"].as_str().unwrap());
    let export = eventually("the export to be READY", seconds(60), || async {
        let reply = clara.get(&path).await;
        if reply.body["state"] == "READY" {
            Ok(reply.body)
        } else {
            Err(reply)
        }
    })
    .await;
    let link = clara.get(&format!("{path}/download")).await;
    assert_eq!(link.status.as_u16(), 307, "{link}");
    let bytes = world.rest.fetch(&link.location.unwrap()).await;
    assert_eq!(export["rows"], ROWS);
    assert_eq!(export["sizeBytes"], bytes.len());
    assert_eq!(export["sha256"], sha256(&bytes));
    String::from_utf8(bytes).unwrap()
}

fn every_item_once(records: &[Value]) {
    let mut seen: Vec<_> = records
        .iter()
        .map(|r| r["externalId"].as_str().unwrap())
        .collect();
    seen.sort_unstable();
    let mut all: Vec<_> = reviews::recorded()
        .into_iter()
        .take(ROWS)
        .map(|r| r.id)
        .collect();
    all.sort_unstable();
    assert_eq!(seen, all);
    for record in records {
        assert_eq!(record["externalId"], record["source"]["id"]);
        assert!(
            ["1", "2"].contains(&record["answer"]["rating"].as_str().unwrap()),
            "{record}"
        );
    }
}

/// Exports and Datasets before the Project, which cannot go as long as they refer to it.
async fn everything_goes_with_the_project(world: &World, clara: &Person, project: &str) {
    let path = format!("/projects/{project}");
    let namespace = clara.get(&path).await.expect(200)["namespace"].clone();
    clara.delete(&path).await.expect(202);
    let namespace = namespace.as_str().unwrap();
    gone::<Export>(world, namespace).await;
    gone::<Dataset>(world, namespace).await;
    gone::<Project>(world, namespace).await;
}

/// Nothing of this kind is left.
async fn gone<K: Kind>(world: &World, namespace: &str) {
    let api: Api<K> = Api::namespaced(world.client.clone(), namespace);
    eventually(
        format!("no {} to be left", K::kind(&())),
        seconds(60),
        || async {
            let left = api.list(&ListParams::default()).await.unwrap().items;
            match left.len() {
                0 => Ok(()),
                left => Err(left.to_string()),
            }
        },
    )
    .await;
}

async fn nothing_of_another_tenant_is_readable(world: &World, project: &str, dataset: &str) {
    let stranger = world
        .rest
        .register(&format!("e2e-sven-{}", world.run))
        .await;
    become_client(world, &stranger).await;
    for path in [
        format!("/projects/{project}"),
        format!("/datasets/{dataset}"),
    ] {
        stranger.get(&path).await.refused(404, "not_found");
    }
}
