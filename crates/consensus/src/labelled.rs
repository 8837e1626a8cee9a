//! Answers with one label per task: the one that is known, else what a method makes of the answers.

use crate::{
    Answers, Collector, Consensus, InvalidAnswers, InvalidKnown, Known, LabelNo, Method, Name,
    Share, Tally, TaskNo, Votes, beside::beside_fitted, beside_others, overlap::InvalidOverlap,
    tallies,
};

/// Why tasks cannot be labelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabels {
    /// The answers.
    #[error(transparent)]
    Answers(#[from] InvalidAnswers),
    /// What is known.
    #[error(transparent)]
    Known(#[from] InvalidKnown),
}

/// Answers, and the label of each of their tasks.
#[derive(Debug)]
pub struct Labelled<T, W, L> {
    answers: Answers<T, W, L>,
    method: Method,
    fitted: Consensus,
    known: Known,
}

impl<T: Name, W: Name, L: Name> Labelled<T, W, L> {
    /// Labels what was given. A label that is known need not be anybody's answer; methods that learn from what is known
    /// learn from it who errs, and how.
    ///
    /// # Errors
    /// When a worker answered a task twice, two labels are known of one task, or there are too many labels.
    pub fn fit(
        mut given: Collector<T, W, L>,
        known: Vec<(T, L)>,
        method: Method,
    ) -> Result<Self, InvalidLabels> {
        for (_, label) in &known {
            given.name_label(label.clone())?;
        }
        let answers = given.finish()?;
        let known = Known::new(&answers, known)?;
        Ok(Self {
            method,
            fitted: method.fit(answers.votes(), &known),
            answers,
            known,
        })
    }

    /// The answers.
    #[must_use]
    pub fn answers(&self) -> &Answers<T, W, L> {
        &self.answers
    }

    /// The votes of the answers.
    #[must_use]
    pub fn votes(&self) -> &Votes {
        self.answers.votes()
    }

    /// The label of a task, and whether it is known by more than the answers.
    #[must_use]
    pub fn of(&self, task: TaskNo) -> (LabelNo, bool) {
        match self.known.of(task) {
            Some(label) => (label, true),
            None => (self.fitted.label(task), false),
        }
    }

    /// How sure the method is of its label, 0 to 1.
    #[must_use]
    pub fn confidence(&self, task: TaskNo) -> f64 {
        self.fitted.confidence(task)
    }

    /// What each worker's answers are worth beside these labels.
    #[must_use]
    pub fn tallies(&self) -> Vec<Tally> {
        tallies(self.votes(), |task| Some(self.of(task)))
    }

    /// Per worker, what others alone say of the answers ([`beside_others`]); of a field with so many options, or as many labels as
    /// there are if these are more: what was an option once may be none any more.
    ///
    /// # Errors
    /// Never, as long as no label is above the number of labels.
    pub fn beside_others(&self, options: usize) -> Result<Vec<Share>, InvalidOverlap> {
        let options = options.max(self.votes().labels());
        match self.method {
            // It is the fit that is needed.
            Method::OneCoinDawidSkene => {
                beside_fitted(self.votes(), &self.known, &self.fitted, options)
            }
            _ => beside_others(self.votes(), &self.known, options),
        }
    }
}
