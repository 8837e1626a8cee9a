//! All answers of a project, and the labels that its method makes of them: what every worker is held against.

use datacrowd_consensus::{Collector, InvalidLabels, Labelled, Share};
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    labeling::{ConsensusMethod, Field},
    raw::RawJson,
};
use futures::TryStreamExt as _;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    Fitted, Skill,
    made_of::{Rows, told},
};
use crate::{Error, Labelling, Result};

/// The answers of a project whose tasks may grow, and what its owner decided of them.
#[derive(Debug)]
pub struct SkillSample {
    given: Collector<i64, Uuid, String>,
    decided: Vec<(i64, String)>,
    method: ConsensusMethod,
    /// How many options the field has.
    options: usize,
    /// Whether workers have to be good: only then what others alone say is found, which takes as long as the fit.
    qualifies: bool,
    /// Of answers and decisions.
    rows: Rows,
}

impl SkillSample {
    /// A digest of its rows, and how they are to be fitted.
    pub(super) fn digested(&self) -> (Rows, String) {
        (self.rows, told(self.method, self.options, self.qualifies))
    }

    /// Fits the labels and holds every worker's answers against them. Takes a core for seconds where there are millions.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn fit(self) -> Result<Fitted> {
        let corrupt = || Error::Corrupt { what: "answer" };
        let fitted = Labelled::fit(self.given, self.decided, self.method.into())
            .map_err(|_: InvalidLabels| corrupt())?;
        let workers = fitted.answers().workers().iter();
        let beside = match self.qualifies {
            true => fitted.beside_others(self.options).map_err(|_| corrupt())?,
            false => vec![Share::default(); workers.len()],
        };
        let tallies = fitted.tallies();
        let (equal, pairs) = tallies.iter().fold((0, 0), |(equal, pairs), tally| {
            let (correct, total) = (tally.pairs.correct(), tally.pairs.total());
            (equal + u64::from(correct), pairs + u64::from(total))
        });
        let (mut sure, mut tasks) = (0.0, 0_u64);
        for (task, _) in fitted.votes().by_task() {
            let (_, is_decided) = fitted.of(task);
            sure += if is_decided {
                1.0
            } else {
                fitted.confidence(task)
            };
            tasks += 1;
        }
        Ok(Fitted {
            skills: workers
                .zip(tallies.iter().zip(beside))
                .map(|(user, (tally, beside))| Skill {
                    user: UserId(*user),
                    correct: tally.right.correct(),
                    total: tally.right.total(),
                    gold_correct: 0,
                    gold_total: 0,
                    beside,
                })
                .collect(),
            agreement: share(equal, pairs),
            confidence: (tasks > 0).then(|| mean(sure, tasks)),
        })
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of answers are below 2⁵²"
    )]
    (of > 0).then(|| mean(part as f64, of))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of answers are below 2⁵²"
)]
fn mean(sum: f64, of: u64) -> f64 {
    sum / of as f64
}

impl Labelling {
    /// Everything that the skills of a project's workers are fitted to: its answers that wait or are approved, and its
    /// decisions. None where it makes no label of its answers.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn skill_sample(&self, project: ProjectId) -> Result<Option<SkillSample>> {
        let labeling = self.project_labeling(None, project, None).await?;
        let Some(consensus) = labeling.consensus else {
            return Ok(None);
        };
        let corrupt = |_| Error::Corrupt { what: "answer" };
        let options = labeling.fields.iter().find(|f| f.name == consensus.field);
        let qualifies = sqlx::query_scalar!(
            "select qualification_action is not null as \"qualifies!\" from projects where id = $1",
            project.0
        )
        .fetch_one(&self.calls)
        .await?;
        let mut rows = Rows::default();
        let mut given = Collector::default();
        let mut answers = sqlx::query!(
            "select task_id, user_id, answer->$2::text as \"label!: Json<RawJson>\" from answers
             where project_id = $1 and status in ('in_review', 'approved') and jsonb_typeof(answer->$2::text) <> 'null'",
            project.0,
            consensus.field
        )
        .fetch(&self.calls);
        while let Some(answer) = answers.try_next().await? {
            let label = answer.label.0.compact().get().to_owned();
            let (task, user) = (answer.task_id.to_be_bytes(), answer.user_id.into_bytes());
            rows.add(&[&task, &user, label.as_bytes()]);
            given
                .push(answer.task_id, answer.user_id, label)
                .map_err(corrupt)?;
        }
        drop(answers);
        let decided = sqlx::query!(
            "select d.task_id, d.value as \"value!: Json<RawJson>\" from decisions d
             where d.project_id = $1 and d.field = $2 and d.value is not null
               and not exists (select from decisions l where l.task_id = d.task_id and l.field = $2 and l.seq > d.seq)",
            project.0,
            consensus.field
        )
        .fetch_all(&self.calls)
        .await?;
        let decided: Vec<_> = decided
            .into_iter()
            .map(|row| (row.task_id, row.value.0.compact().get().to_owned()))
            .collect();
        for (task, label) in &decided {
            rows.add(&[&task.to_be_bytes(), label.as_bytes()]);
        }
        Ok(Some(SkillSample {
            given,
            decided,
            method: consensus.method(),
            options: options.map_or(0, Field::choices),
            qualifies,
            rows,
        }))
    }
}
