//! Agreement, labels and skill of a sample: pure, and takes a core for up to a second, so off the threads of requests.

use std::collections::{BTreeMap, HashMap};

use datacrowd_consensus::{
    Collector, InvalidLabels, Labelled, Share, Tally, Z_95,
    agreement::{
        Alpha, Bootstrap, Counts, Estimate, Gwet, Level, Raw, Statistic, Weights, estimate,
    },
};
use datacrowd_protocol::{ids::TaskId, labeling::ConsensusMethod, raw::RawJson};

use super::sample::{QualitySample, SampledField};
use crate::{Error, Page, Result};

/// What a sample tells of a project.
#[derive(Debug, Clone)]
pub struct Quality {
    /// Approved answers that were measured, the latest.
    pub answers: usize,
    /// Whether there may be more.
    pub is_cut: bool,
    /// Tasks that ended without the answer that they wanted: there was no quota for it.
    pub below_confidence: i64,
    /// The field with the consensus first.
    pub fields: Vec<FieldQuality>,
}

/// What a sample tells of one field.
#[derive(Debug, Clone)]
pub struct FieldQuality {
    /// The field.
    pub field: String,
    /// How its answers became one label per task.
    pub method: ConsensusMethod,
    /// Tasks with an answer.
    pub tasks: usize,
    /// Answers.
    pub answers: usize,
    /// Krippendorff's α, nominal.
    pub alpha: Option<Estimate>,
    /// Share of pairs that agree.
    pub raw: Option<Estimate>,
    /// Gwet's AC1.
    pub ac1: Option<Estimate>,
    /// In sorted order.
    pub labels: Vec<LabelCount>,
    /// How often each label (column) was given to tasks whose label is each (row).
    pub confusion: Vec<Vec<u64>>,
    /// Tasks whose label is at least as sure as was asked.
    pub confident: usize,
    /// Tasks that the owner decided.
    pub decided: usize,
}

/// How often a label came.
#[derive(Debug, Clone)]
pub struct LabelCount {
    /// The value of the field.
    pub value: RawJson,
    /// Answers that gave it.
    pub answers: u64,
    /// Tasks whose label it is.
    pub tasks: u64,
}

/// What a sample tells of one worker.
#[derive(Debug, Clone)]
pub struct WorkerQuality {
    /// Pseudonym.
    pub worker: String,
    /// Answers in the field.
    pub answers: u32,
    /// Those that were held against a label.
    pub compared: u32,
    /// Share of these that equal it.
    pub skill: Option<f64>,
    /// Wilson's interval of 95 %.
    pub interval: (f64, f64),
    /// Share of others' answers to the same tasks that are equal.
    pub agreement: Option<f64>,
    /// Median time per answer.
    pub median_seconds: f64,
    /// Answers to gold.
    pub gold_answers: u32,
    /// Those that were right.
    pub gold_right: u32,
    /// Wilson's interval of 95 % of their share.
    pub gold_interval: (f64, f64),
}

impl WorkerQuality {
    fn new(worker: &str, tally: Tally, seconds: Vec<f64>, gold: Share) -> Self {
        Self {
            worker: worker.to_owned(),
            answers: tally.answers,
            compared: tally.right.total(),
            skill: tally.right.value(),
            interval: tally.right.wilson(Z_95),
            agreement: tally.pairs.value(),
            median_seconds: median(seconds),
            gold_answers: gold.total(),
            gold_right: gold.correct(),
            gold_interval: gold.wilson(Z_95),
        }
    }
}

/// The labels of a field.
pub(super) type Labels = Labelled<TaskId, String, String>;

impl QualitySample {
    /// Measures every field; a label counts as sure from `confidence` on.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn measure(&self, confidence: f64) -> Result<Quality> {
        let fields = self.fields.iter();
        Ok(Quality {
            answers: self.answers.len(),
            is_cut: self.is_cut,
            below_confidence: self.below_confidence,
            fields: fields
                .map(|field| measure(&self.label(field)?, field, confidence))
                .collect::<Result<_>>()?,
        })
    }

    /// Measures workers in the first field, in the order of their pseudonyms, those after `after`: whose
    /// answers can be compared, and who answered gold.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn workers(&self, after: Option<&str>, limit: i64) -> Result<Page<WorkerQuality, String>> {
        let labels = self.fields.first().map(|field| self.label(field));
        let labels = labels.transpose()?;
        let mut tallies: BTreeMap<&str, Tally> = self
            .gold
            .keys()
            .map(|worker| (worker.as_str(), Tally::default()))
            .collect();
        if let Some(labels) = &labels {
            let workers = labels.answers().workers().iter().map(String::as_str);
            tallies.extend(workers.zip(labels.tallies()));
        }
        let mut seconds = HashMap::<&str, Vec<f64>>::new();
        for answer in &self.answers {
            let of = seconds.entry(&answer.worker).or_default();
            of.push(answer.seconds);
        }
        let workers = tallies.into_iter();
        let after = workers.filter(|(worker, _)| after.is_none_or(|after| *worker > after));
        let one_more = usize::try_from(limit + 1).unwrap_or(usize::MAX);
        let items = after.take(one_more).map(|(worker, tally)| {
            let seconds = seconds.remove(worker).unwrap_or_default();
            let gold = self.gold.get(worker).copied().unwrap_or_default();
            WorkerQuality::new(worker, tally, seconds, gold)
        });
        Ok(Page::cut(items.collect(), limit, |w| w.worker.clone()))
    }

    pub(super) fn label(&self, field: &SampledField) -> Result<Labels> {
        let mut given = Collector::default();
        for answer in &self.answers {
            if let Some(label) = answer.label(field) {
                given
                    .push(answer.task, answer.worker.clone(), label)
                    .map_err(corrupt)?;
            }
        }
        let decisions = field.decisions.iter();
        let known = decisions.map(|(task, label)| (*task, label.clone()));
        Labelled::fit(given, known.collect(), field.method.into()).map_err(corrupt)
    }
}

/// Measures one field.
fn measure(labels: &Labels, field: &SampledField, confidence: f64) -> Result<FieldQuality> {
    let votes = labels.votes();
    let counts = Counts::new(votes);
    let weights = Weights::identity(votes.labels());
    let fits = "counts and weights are of the same labels";
    let (confident, decided) = sure(labels, confidence);
    let confusion = confusion(labels);
    Ok(FieldQuality {
        field: field.name.clone(),
        method: field.method,
        tasks: votes.tasks(),
        answers: votes.len(),
        alpha: interval(&Alpha::new(&counts, Level::Nominal).expect(fits)),
        raw: interval(&Raw::new(&counts, &weights).expect(fits)),
        ac1: interval(&Gwet::new(&counts, &weights).expect(fits)),
        labels: counts_of(labels, &confusion)?,
        confusion,
        confident,
        decided,
    })
}

/// How many labels are sure, and how many the owner gave.
fn sure(labels: &Labels, confidence: f64) -> (usize, usize) {
    let (mut confident, mut decided) = (0, 0);
    for (task, _) in labels.votes().by_task() {
        let (_, is_decided) = labels.of(task);
        decided += usize::from(is_decided);
        confident += usize::from(is_decided || labels.confidence(task) >= confidence);
    }
    (confident, decided)
}

fn confusion(labels: &Labels) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; labels.votes().labels()]; labels.votes().labels()];
    for (task, of_task) in labels.votes().by_task() {
        let (label, _) = labels.of(task);
        for vote in of_task {
            counts[label.index()][vote.label.index()] += 1;
        }
    }
    counts
}

/// How often each label was given, and to how many tasks it belongs.
fn counts_of(labels: &Labels, confusion: &[Vec<u64>]) -> Result<Vec<LabelCount>> {
    let mut tasks = vec![0; labels.votes().labels()];
    for (task, _) in labels.votes().by_task() {
        tasks[labels.of(task).0.index()] += 1;
    }
    let names = labels.answers().labels().iter().enumerate();
    names
        .map(|(place, label)| {
            Ok(LabelCount {
                value: RawJson::parse(label.clone())
                    .map_err(|_| Error::Corrupt { what: "answer" })?,
                answers: confusion.iter().map(|row| row[place]).sum(),
                tasks: tasks[place],
            })
        })
        .collect()
}

fn interval(statistic: &impl Statistic) -> Option<Estimate> {
    estimate(statistic, Bootstrap::default())
}

/// No worker has two approved answers in a task: a constraint says so.
fn corrupt(_: impl Into<InvalidLabels>) -> Error {
    Error::Corrupt { what: "answer" }
}

/// Of two in the middle, their mean.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
