//! Thirty-two workers at once, with fewer tasks than wishes.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use datacrowd_crds::{
    Dataset,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    client::{Person, Reply, Task},
    cluster::Kind as _,
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use futures::future::{join, join_all};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use crate::specs::{dataset, generated, numbered_csv, paid, ratings};

const WORKERS: usize = 32;
const ANSWERS: usize = 3;

/// What the workers know of their own answers.
#[derive(Default)]
struct Race {
    wanted: usize,
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_workers_race() {
    promise(
        "thirty_two_workers_race",
        Manners::Peaceful,
        |world| async move {
            let tasks = world.scale.pick(100, 2000);
            let ns = world.namespace("race").await;
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, numbered_csv(tasks, 100)).await;
            let mut spec = ratings(ANSWERS);
            spec["labeling"]["lockSeconds"] = json!(15);
            let project = paid(&world, &ns, "race", spec, (tasks * ANSWERS) as i64).await;
            ns.apply::<Dataset>("items", dataset("race", &uri)).await;
            let done = generated(&ns, "items", 60).await;
            let dataset = done.id().unwrap();

            let crowd = world
                .rest
                .crowd(&format!("e2e-race-{}", world.run), WORKERS + 1)
                .await;
            let (sleeper, crowd) = crowd.split_last().unwrap();
            let slept_over = sleeper.claim(&project, 5).await.unwrap();
            let race = Race {
                wanted: tasks * ANSWERS,
                ..Race::default()
            };
            let mut rng = world.rng();
            let workers = crowd.iter().map(|person| {
                let own = StdRng::seed_from_u64(rng.random());
                work(person, &project, &race, own)
            });
            let (answers, ()) =
                join(join_all(workers), never_too_many(&world, dataset, &race)).await;

            // Its leases ended, or the others could not have answered everything.
            for task in &slept_over {
                sleeper.rate(task, 0).await.refused(409, "lease_lost");
            }
            let acknowledged: HashMap<i64, i64> = answers.into_iter().flatten().collect();
            assert_eq!(
                acknowledged.len(),
                race.wanted,
                "each acknowledged answer has an id of its own"
            );
            every_acknowledged_answer_is_there(&world, dataset, &acknowledged).await;
            eprintln!(
                "{} stale submits were refused",
                race.refused.load(Ordering::Relaxed)
            );
            assert!(
                race.refused.load(Ordering::Relaxed) > 0,
                "the race had stale tokens in it"
            );
            ns.until_is::<Dataset>("items", Phase::Done, Reason::Completed, seconds(60))
                .await;
        },
    )
    .await;
}

/// Claims and submits until everything is answered; returns (answer, task) of what was acknowledged.
async fn work(person: &Person, project: &str, race: &Race, mut rng: StdRng) -> Vec<(i64, i64)> {
    let mut answers = Vec::new();
    loop {
        let count = rng.random_range(1..=10);
        let claimed = eventually("work, or the end of it", seconds(90), || async {
            match person.claim(project, count).await {
                Ok(tasks) => Ok(tasks),
                Err(reply) => {
                    reply.refused(404, "no_task_available");
                    let answered = race.acknowledged.load(Ordering::Relaxed);
                    if answered == race.wanted {
                        Ok(Vec::new())
                    } else {
                        Err(format!("{answered} answered; {reply}"))
                    }
                }
            }
        })
        .await;
        if claimed.is_empty() {
            return answers;
        }
        for task in claimed {
            match rng.random_range(0..10) {
                0 => give_back(person, &task, race).await,
                1 => answers.extend(submit_twice_at_once(person, &task, race).await),
                _ => answers.extend(acknowledged(race, &person.rate(&task, 1).await)),
            }
        }
    }
}

/// A token that was given back is worth nothing.
async fn give_back(person: &Person, task: &Task, race: &Race) {
    let path = format!("/tasks/{}/unlock", task.id);
    let reply = person
        .post(&path, &json!({"leaseToken": task.token()}))
        .await;
    assert!([204, 409].contains(&reply.status.as_u16()), "{reply}");
    person.rate(task, 1).await.refused(409, "lease_lost");
    race.refused.fetch_add(1, Ordering::Relaxed);
}

/// Two submits of one answer count once.
async fn submit_twice_at_once(person: &Person, task: &Task, race: &Race) -> Option<(i64, i64)> {
    let (one, two) = join(person.rate(task, 1), person.rate(task, 1)).await;
    let statuses = {
        let mut both = [one.status.as_u16(), two.status.as_u16()];
        both.sort_unstable();
        both
    };
    assert!([[200, 201], [409, 409]].contains(&statuses), "{one}; {two}");
    if statuses == [200, 201] {
        assert_eq!(one.body["answerId"], two.body["answerId"]);
    }
    let first = if one.status.as_u16() == 201 { one } else { two };
    acknowledged(race, &first)
}

fn acknowledged(race: &Race, reply: &Reply) -> Option<(i64, i64)> {
    if reply.status.as_u16() == 409 {
        reply.refused(409, "lease_lost");
        race.refused.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    assert_eq!(reply.status.as_u16(), 201, "{reply}");
    race.acknowledged.fetch_add(1, Ordering::Relaxed);
    let of = |member: &str| reply.body[member].as_i64().unwrap();
    Some((of("answerId"), of("taskId")))
}

/// While they work: leases and answers of a task never outnumber its places.
async fn never_too_many(world: &World, dataset: &str, race: &Race) {
    eventually("the end of the race", seconds(900), || async {
        let crowded: i64 = sqlx::query_scalar(
            "select count(*) from tasks t where t.dataset_id = $1::uuid and t.slots <
                (select count(*) from leases l where l.task_id = t.id) + (select count(*) from answers a where a.task_id = t.id and a.status = 'approved')",
        )
        .bind(dataset)
        .fetch_one(&world.core)
        .await
        .unwrap();
        assert_eq!(crowded, 0, "tasks with more leases and answers than places");
        let answered = race.acknowledged.load(Ordering::Relaxed);
        if answered < race.wanted { Err(format!("{answered} answered")) } else { Ok(()) }
    })
    .await;
}

async fn every_acknowledged_answer_is_there(
    world: &World,
    dataset: &str,
    acknowledged: &HashMap<i64, i64>,
) {
    let stored: Vec<(i64, i64, String, String)> = sqlx::query_as(
        "select a.id, a.task_id, a.user_id::text, a.status from answers a join tasks t on t.id = a.task_id where t.dataset_id = $1::uuid",
    )
    .bind(dataset)
    .fetch_all(&world.core)
    .await
    .unwrap();
    let ids: HashMap<i64, i64> = stored.iter().map(|(id, task, ..)| (*id, *task)).collect();
    assert_eq!(
        &ids, acknowledged,
        "answers in the database, and answers that were acknowledged"
    );
    let mut per_task: HashMap<i64, HashSet<&str>> = HashMap::new();
    for (_, task, user, status) in &stored {
        assert_eq!(status, "approved");
        assert!(
            per_task.entry(*task).or_default().insert(user),
            "one worker answered task {task} twice"
        );
    }
    assert!(per_task.values().all(|users| users.len() == ANSWERS));
}
