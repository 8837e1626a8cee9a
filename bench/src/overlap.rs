//! What dynamic overlap saves: a crowd of twenty says again what twenty people said, and a task is asked of as many of them
//! as its label needs to be sure. Everything goes through the API, and skills through the task that fits them.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Args;
use futures::stream;
use serde_json::{Value, json};

use crate::{
    claim::say,
    platform::Platform,
    recorded::{majority, recorded},
    work::{labels, until_done},
};

/// Most tasks that a worker takes at once.
const TAKEN: usize = 10;
/// How many items, by whom, how sure.
#[derive(Debug, Args)]
pub struct Overlap {
    /// The first so many of the recorded items.
    #[arg(long, default_value_t = 3708)]
    items: usize,
    /// How sure a label has to be, one run each.
    #[arg(long, value_delimiter = ',', default_value = "0.7,0.8,0.9,0.95,0.99")]
    confidence: Vec<String>,
    /// Answers to a task at least.
    #[arg(long, default_value_t = 2)]
    least: usize,
    /// Answers after which skills are fitted again.
    #[arg(long, default_value_t = 5000)]
    fit_after: usize,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

/// What the crowd says: of each item by its id, one label for each worker.
type Crowd = HashMap<String, Vec<&'static str>>;

impl Overlap {
    pub async fn run(self) -> Result<()> {
        let recorded = recorded(0, self.items)?;
        let truth: HashMap<_, _> = recorded
            .iter()
            .map(|(id, said)| (id.as_str(), majority(said)))
            .collect();
        let crowd: Arc<Crowd> = Arc::new(recorded.iter().cloned().collect());
        say("| overlap | answers | per item | labels unlike those of all 20 people |")?;
        say("|---|--:|--:|--:|")?;
        for count in [1, 2, 3, 5, 7, 10, 15, 20] {
            let unlike = |(id, _): &&(String, Vec<&str>)| {
                majority(&crowd[id][..count]) != truth[id.as_str()]
            };
            let wrong = recorded.iter().filter(unlike).count();
            self.report(&format!("{count}"), count * recorded.len(), wrong)?;
        }
        for confidence in &self.confidence {
            let (answers, labels) = self.replay(confidence, &crowd).await?;
            ensure!(
                labels.len() == recorded.len(),
                "{} tasks have a label",
                labels.len()
            );
            let wrong = labels
                .iter()
                .filter(|(id, label)| truth[id.as_str()] != label.as_str());
            let name = format!("{} to 20, {confidence} sure", self.least);
            self.report(&name, answers, wrong.count())?;
        }
        Ok(())
    }

    fn report(&self, overlap: &str, answers: usize, wrong: usize) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
        let (per_item, share) = (
            answers as f64 / self.items as f64,
            100.0 * wrong as f64 / self.items as f64,
        );
        say(&format!(
            "| {overlap} | {answers} | {per_item:.2} | {wrong} ({share:.1} %) |"
        ))
    }

    /// Answers spent, and the label of each item in the export.
    async fn replay(
        &self,
        confidence: &str,
        crowd: &Arc<Crowd>,
    ) -> Result<(usize, Vec<(String, String)>)> {
        let platform = Arc::new(Platform::start(&self.log).await?);
        let project = platform
            .project(json!({
                "externalIdColumn": "id", "rewardPoints": 1, "reviewersPerAnswer": 0, "lockSeconds": 600,
                "consensus": {
                    "field": "rating", "method": "ONE_COIN_DAWID_SKENE",
                    "minAnswers": self.least, "maxAnswers": 20, "confidence": confidence
                }
            }))
            .await?;
        let csv = std::iter::once("id,text\n".to_owned())
            .chain(crowd.keys().map(|id| format!("{id},a sentence\n")))
            .collect::<String>();
        let dataset = platform
            .upload(&project, stream::iter([Bytes::from(csv)]))
            .await?;
        platform.generate(&dataset).await?;
        let workers = platform.workers(20).await?;
        let said = crowd.clone();
        let word = move |payload: &Value, worker: usize| {
            let id = payload["id"].as_str().context("a task without an id")?;
            Ok(said[id][worker])
        };
        let pace = (TAKEN, self.fit_after);
        let answers = until_done(&platform, &project, &workers, pace, word).await?;
        Ok((answers, labels(&platform, &project).await?))
    }
}
