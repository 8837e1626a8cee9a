//! Gold: tasks whose right answer is known, mixed into the work so that no worker can tell them from it.
//!
//! It stands beside the tasks, in tables of its own: what counts tasks or answers, exports or fits them knows nothing of it. What
//! a worker does to a task is done here to gold, with the same words and the same refusals.

mod answer;
mod items;
mod known;
mod load;
mod settle;
mod take;
mod void;

pub(crate) use answer::withdraw;
pub use items::{GoldItem, NewGold};
pub(crate) use load::{insert_rows, read_rows};
pub use settle::GoldSettled;
pub(crate) use take::count;
pub(crate) use void::{VoidedGold, void};
