//! A crowd at work through the API until nothing is left to do, and the labels that come of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::platform::Platform;

/// Lets all workers claim and answer, `taken` tasks at once, with the skills fitted again after `fit_after` answers; how many answers
/// there were. `word` is what a worker, by number, says of a task's payload.
pub async fn until_done<W>(
    platform: &Arc<Platform>,
    project: &str,
    workers: &[String],
    (taken, fit_after): (usize, usize),
    word: W,
) -> Result<usize>
where
    W: Fn(&Value, usize) -> Result<&'static str> + Clone + Send + Sync + 'static,
{
    let answers = Arc::new(AtomicUsize::new(0));
    loop {
        let before = answers.load(Ordering::Relaxed);
        let until = before + fit_after;
        let at_work = workers.iter().enumerate().map(|(worker, token)| {
            let (platform, answers, word) = (platform.clone(), answers.clone(), word.clone());
            let (token, project) = (token.clone(), project.to_owned());
            tokio::spawn(async move {
                while answers.load(Ordering::Relaxed) < until {
                    let tasks = platform.claim(&token, &project, taken).await?;
                    for task in &tasks {
                        let word = word(&task["payload"], worker)?;
                        platform.submit(&token, task, word).await?;
                    }
                    if tasks.is_empty() {
                        break;
                    }
                    answers.fetch_add(tasks.len(), Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        });
        for worker in try_join_all(at_work).await? {
            worker?;
        }
        if answers.load(Ordering::Relaxed) == before {
            return Ok(before);
        }
        platform.fit_consensus().await?;
    }
}

/// The label of each item in an export, by its id.
pub async fn labels(platform: &Platform, project: &str) -> Result<Vec<(String, String)>> {
    let export = platform
        .export(project, json!({"format": "JSONL", "rowPer": "TASK"}))
        .await?;
    let lines = std::str::from_utf8(&export)?.lines();
    lines
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            let text = |member: &str| {
                row[member]
                    .as_str()
                    .map(str::to_owned)
                    .context("a row without a label")
            };
            Ok((text("externalId")?, text("label")?))
        })
        .collect()
}
