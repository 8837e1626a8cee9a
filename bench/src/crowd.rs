//! A crowd of whom some say anything, through the API: what labels come out, whom the platform blocks, and what it costs.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use bytes::Bytes;
use clap::Args;
use datacrowd_consensus::{Share, Z_95};
use futures::stream;
use serde_json::{Value, json};

use crate::{
    claim::say,
    platform::Platform,
    recorded::{LABELS, RATERS, drawn, majority, recorded},
    work::{labels, until_done},
};

/// Most tasks that a worker takes at once.
const TAKEN: usize = 5;

/// How many items, by whom, how sure.
#[derive(Debug, Args)]
pub struct Crowd {
    /// Recorded items that are work.
    #[arg(long, default_value_t = 1500)]
    items: usize,
    /// Recorded items before these that are gold.
    #[arg(long, default_value_t = 300)]
    gold: usize,
    /// Workers. One says of each item what one of twenty people said.
    #[arg(long, default_value_t = 100)]
    workers: usize,
    /// So many of them say anything, whatever they are asked.
    #[arg(long, default_value_t = 30)]
    spammers: usize,
    /// How sure a label has to be.
    #[arg(long, default_value = "0.9")]
    confidence: String,
    /// The least skill of workers: who is surely below it is blocked.
    #[arg(long, default_value = "0.5")]
    min_skill: String,
    /// Answers after which skills are fitted again.
    #[arg(long, default_value_t = 500)]
    fit_after: usize,
    /// Where the server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

/// What is done about spammers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gate {
    Nothing,
    /// Blocked by how often they are right beside others.
    Others,
    /// Blocked by how often they are right on gold.
    Gold,
}

/// Each item's text, and what twenty people said of it.
type Said = HashMap<String, Vec<&'static str>>;

/// What came of a run.
struct Came {
    /// To work and to gold: a judgement each.
    answers: usize,
    wrong: usize,
    blocked: (Share, Share),
}

impl Crowd {
    pub async fn run(self) -> Result<()> {
        let work = recorded(self.gold, self.items)?;
        let gold = recorded(0, self.gold)?;
        say(
            "| crowd | judgements | per item | labels unlike those of all 20 people | spammers blocked | others blocked |",
        )?;
        say("|---|--:|--:|--:|--:|--:|")?;
        let others = format!("{} of {} say anything", self.spammers, self.workers);
        for (name, spammers, gate) in [
            ("nobody says anything".to_owned(), 0, Gate::Nothing),
            (others.clone(), self.spammers, Gate::Nothing),
            (
                format!("{others}, blocked by others' answers"),
                self.spammers,
                Gate::Others,
            ),
            (
                format!("{others}, blocked by gold"),
                self.spammers,
                Gate::Gold,
            ),
        ] {
            let came = self.replay(&work, &gold, spammers, gate).await?;
            self.report(&name, &came)?;
        }
        Ok(())
    }

    fn report(&self, name: &str, came: &Came) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
        let (per_item, share) = (
            came.answers as f64 / self.items as f64,
            100.0 * came.wrong as f64 / self.items as f64,
        );
        let blocked = |share: Share| match share.total() {
            0 => String::new(),
            total => {
                let (low, high) = share.wilson(Z_95);
                format!(
                    "{} of {total} ({:.0} to {:.0} %)",
                    share.correct(),
                    100.0 * low,
                    100.0 * high
                )
            }
        };
        say(&format!(
            "| {name} | {} | {per_item:.2} | {} ({share:.1} %) | {} | {} |",
            came.answers,
            came.wrong,
            blocked(came.blocked.0),
            blocked(came.blocked.1)
        ))
    }

    async fn replay(
        &self,
        work: &[(String, Vec<&'static str>)],
        gold: &[(String, Vec<&'static str>)],
        spammers: usize,
        gate: Gate,
    ) -> Result<Came> {
        let platform = Arc::new(Platform::start(&self.log).await?);
        let project = platform.project(self.labeling(gate)).await?;
        if gate == Gate::Gold {
            let rows = gold
                .iter()
                .map(|(id, said)| format!("{id},{id},{}\n", majority(said)));
            let members = [
                ("purpose", "GOLD"),
                ("goldColumns", r#"{"rating":"right"}"#),
            ];
            load(&platform, &project, "id,text,right\n", rows, &members).await?;
        }
        let rows = work.iter().map(|(id, _)| format!("{id},{id}\n"));
        load(&platform, &project, "id,text\n", rows, &[]).await?;
        let said: Arc<Said> = Arc::new(work.iter().chain(gold).cloned().collect());
        let workers = platform.workers(self.workers).await?;
        let word = move |payload: &Value, worker: usize| {
            let text = payload["text"].as_str().context("a task without a text")?;
            Ok(word(&said[text], text, worker, worker < spammers))
        };
        let pace = (TAKEN, self.fit_after);
        let answers = until_done(&platform, &project, &workers, pace, word).await?;
        let mut blocked = (Share::default(), Share::default());
        for (worker, token) in workers.iter().enumerate() {
            let of = if worker < spammers {
                &mut blocked.0
            } else {
                &mut blocked.1
            };
            of.count(platform.is_blocked(token, &project).await?);
        }
        Ok(Came {
            answers,
            wrong: wrong(&platform, &project, work).await?,
            blocked,
        })
    }

    fn labeling(&self, gate: Gate) -> Value {
        let mut labeling = json!({
            "externalIdColumn": "id", "lockSeconds": 600,
            "consensus": {
                "field": "rating", "method": "ONE_COIN_DAWID_SKENE", "minAnswers": 2, "maxAnswers": RATERS, "confidence": self.confidence
            }
        });
        if gate != Gate::Nothing {
            labeling["qualification"] = json!({"minSkill": self.min_skill, "action": "BLOCK"});
        }
        if gate == Gate::Gold {
            labeling["gold"] = json!({"onboarding": 5, "every": 5});
        }
        labeling
    }
}

/// What a worker says of an item: what one of the twenty said, or anything.
fn word(said: &[&'static str], text: &str, worker: usize, says_anything: bool) -> &'static str {
    match says_anything {
        true => LABELS[drawn(text, worker) % LABELS.len()],
        false => said[drawn(text, worker) % RATERS],
    }
}

async fn load(
    platform: &Platform,
    project: &str,
    head: &str,
    rows: impl Iterator<Item = String>,
    members: &[(&str, &str)],
) -> Result<()> {
    let csv: String = std::iter::once(head.to_owned()).chain(rows).collect();
    let pieces = stream::iter([Bytes::from(csv)]);
    let dataset = platform.upload_with(project, members, pieces).await?;
    platform.generate(&dataset).await
}

/// How many labels of the export are not those of all twenty people.
async fn wrong(
    platform: &Platform,
    project: &str,
    work: &[(String, Vec<&'static str>)],
) -> Result<usize> {
    let truth: HashMap<_, _> = work
        .iter()
        .map(|(id, said)| (id.as_str(), majority(said)))
        .collect();
    let labels = labels(platform, project).await?;
    let right = labels
        .iter()
        .filter(|(id, label)| truth.get(id.as_str()) == Some(&label.as_str()));
    Ok(work.len() - right.count())
}
