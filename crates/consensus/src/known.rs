//! True labels that are known of some tasks: gold, and the owner's decisions.

use crate::{Answers, LabelNo, Name, TaskNo, Votes};

/// Why labels cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKnown {
    /// It is no label of these answers; [`crate::Collector::name_label`] makes it one.
    #[error("label {label} of task {task} is none of the labels of the answers")]
    NoLabel {
        /// The task's name.
        task: String,
        /// The label's name.
        label: String,
    },
    /// One task, two truths.
    #[error("two different labels are known of task {task}")]
    Two {
        /// The task's name.
        task: String,
    },
}

/// Per task the label that is known to be true, if one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known(Vec<Option<LabelNo>>);

impl Known {
    /// Of no task.
    #[must_use]
    pub fn nothing(votes: &Votes) -> Self {
        Self(vec![None; votes.tasks()])
    }

    /// Of these tasks. Those without an answer are left out: they tell nothing about anybody.
    ///
    /// # Errors
    /// When a label is none of the answers' labels, or two are known of one task.
    pub fn new<T: Name, W: Name, L: Name>(
        answers: &Answers<T, W, L>,
        known: impl IntoIterator<Item = (T, L)>,
    ) -> Result<Self, InvalidKnown> {
        let mut labels = Self::nothing(answers.votes());
        for (task, label) in known {
            let Some(place) = answers.task(&task) else {
                continue;
            };
            let found = answers.label(&label).ok_or_else(|| InvalidKnown::NoLabel {
                task: format!("{task:?}"),
                label: format!("{label:?}"),
            })?;
            let before = labels.0[place.index()].replace(found);
            if before.is_some_and(|before| before != found) {
                return Err(InvalidKnown::Two {
                    task: format!("{task:?}"),
                });
            }
        }
        Ok(labels)
    }

    /// The label that is known of a task.
    #[must_use]
    pub fn of(&self, task: TaskNo) -> Option<LabelNo> {
        self.0[task.index()]
    }
}
