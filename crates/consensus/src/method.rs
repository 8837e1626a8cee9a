//! Methods by name, and how they compare where the truth is known.

use datacrowd_protocol::labeling::ConsensusMethod;

use crate::{
    Consensus, ErrorModel, Iterations, Known, Share, Votes, dawid_skene, majority_vote, wawa,
    zero_based_skill,
};

/// How many answers become one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// [`majority_vote`].
    MajorityVote,
    /// [`wawa`].
    Wawa,
    /// [`zero_based_skill`].
    ZeroBasedSkill,
    /// [`dawid_skene`] with [`ErrorModel::Confusion`].
    DawidSkene,
    /// [`dawid_skene`] with [`ErrorModel::OneCoin`].
    OneCoinDawidSkene,
}

impl From<ConsensusMethod> for Method {
    fn from(method: ConsensusMethod) -> Self {
        match method {
            ConsensusMethod::MajorityVote => Self::MajorityVote,
            ConsensusMethod::Wawa => Self::Wawa,
            ConsensusMethod::ZeroBasedSkill => Self::ZeroBasedSkill,
            ConsensusMethod::DawidSkene => Self::DawidSkene,
            ConsensusMethod::OneCoinDawidSkene => Self::OneCoinDawidSkene,
        }
    }
}

/// How often a method was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// The method.
    pub method: Method,
    /// Of the tasks whose label is known, those that it labels so.
    pub right: Share,
}

impl Method {
    /// All of them, the plainest first.
    pub const ALL: [Self; 5] = [
        Self::MajorityVote,
        Self::Wawa,
        Self::ZeroBasedSkill,
        Self::DawidSkene,
        Self::OneCoinDawidSkene,
    ];

    /// Labels all tasks. What is known is kept by the methods that learn from it: Dawid and Skene's.
    #[must_use]
    pub fn fit(self, votes: &Votes, known: &Known) -> Consensus {
        let stop = Iterations::default();
        match self {
            Self::MajorityVote => majority_vote(votes).consensus,
            Self::Wawa => wawa(votes).consensus,
            Self::ZeroBasedSkill => zero_based_skill(votes).consensus,
            Self::DawidSkene => dawid_skene(votes, known, ErrorModel::Confusion, stop).consensus,
            Self::OneCoinDawidSkene => {
                dawid_skene(votes, known, ErrorModel::OneCoin, stop).consensus
            }
        }
    }
}

/// Tries every method on all answers without what is known, and then looks at that: which to choose for this crowd
/// and these tasks. [`Share::wilson`] tells how little a small difference means.
#[must_use]
pub fn hold_out(votes: &Votes, known: &Known) -> Vec<Trial> {
    let trial = |method: Method| {
        let consensus = method.fit(votes, &Known::nothing(votes));
        let mut right = Share::default();
        for (task, _) in votes.by_task() {
            if let Some(known) = known.of(task) {
                right.count(consensus.label(task) == known);
            }
        }
        Trial { method, right }
    };
    Method::ALL.into_iter().map(trial).collect()
}
