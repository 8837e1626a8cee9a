//! From many answers to one label, with a number that says how sure.
//!
//! Pure: no I/O, no clock. Names become numbers in sorted order first ([`Answers`]), so no result depends on the
//! order in which answers come. Ties go to the first label in sorted order. Logarithms are those of `libm`, the same
//! bits on every machine; Dawid and Skene's model takes a second thread for many answers, and adds up what both found
//! in one order.
//!
//! `docs/quality.md` has the formulas, their sources, and when which method fails.

pub mod agreement;
mod answers;
mod beside;
mod consensus;
mod dawid_skene;
mod gate;
mod known;
mod labelled;
mod majority;
mod method;
mod multi;
mod number;
pub mod overlap;
mod share;
mod tally;
mod votes;
mod zero_based;

pub use answers::{Answers, Collector, InvalidAnswers, Name};
pub use beside::beside_others;
pub use consensus::Consensus;
pub use dawid_skene::{DawidSkene, ErrorModel, Errors, Iterations, dawid_skene};
pub use known::{InvalidKnown, Known};
pub use labelled::{InvalidLabels, Labelled};
pub use majority::{
    MissingSkill, Unskilled, Voted, gold_majority_vote, majority_vote, wawa, weighted_vote,
};
pub use method::{Method, Trial, hold_out};
pub use multi::{Binary, Chosen, choose, per_label};
pub use number::{InvalidNumber, Median, Number, medians, typical_errors};
pub use share::{InvalidShare, Share, Z_95, agreement_with};
pub use tally::{Tally, tallies};
pub use votes::{LabelNo, TaskNo, Vote, Votes, WorkerNo};
pub use zero_based::zero_based_skill;
