//! Several choices at once: for every label its own vote, yes or no.

use std::collections::BTreeSet;

use crate::{Answers, Consensus, LabelNo, Name, Share, Votes, agreement_with, majority_vote};

/// Whether a label was chosen, answer by answer. The labels are no and yes, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary<L> {
    /// The label.
    pub label: L,
    /// Its votes: whoever answered without choosing it said no.
    pub votes: Votes,
}

/// What was chosen, label by label.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<L> {
    /// The label.
    pub label: L,
    /// No or yes, per task.
    pub consensus: Consensus,
    /// Per worker how many answers equal it.
    pub workers: Vec<Share>,
}

/// "The label was not chosen" in [`Binary::votes`].
pub const NO: LabelNo = LabelNo(0);
/// "The label was chosen" in [`Binary::votes`].
pub const YES: LabelNo = LabelNo(1);

/// Answers with several choices as answers of yes or no to each label that anybody chose, in sorted order. Any
/// method for a single choice can be used on each (binary relevance).
#[must_use]
pub fn per_label<T, W, L: Name>(answers: &Answers<T, W, BTreeSet<L>>) -> Vec<Binary<L>> {
    let labels: BTreeSet<&L> = answers.labels().iter().flatten().collect();
    let binary = |label: &L| Binary {
        label: label.clone(),
        votes: answers.votes().relabelled(2, |set| {
            let chosen = answers.labels()[set.index()].contains(label);
            if chosen { YES } else { NO }
        }),
    };
    labels.into_iter().map(binary).collect()
}

/// Per label a majority vote: chosen is what more than half of the answers chose.
#[must_use]
pub fn choose<T, W, L: Name>(answers: &Answers<T, W, BTreeSet<L>>) -> Vec<Chosen<L>> {
    let choose = |binary: Binary<L>| {
        let consensus = majority_vote(&binary.votes).consensus;
        let workers = agreement_with(&binary.votes, |task| Some(consensus.label(task)));
        Chosen {
            label: binary.label,
            consensus,
            workers,
        }
    };
    per_label(answers).into_iter().map(choose).collect()
}
