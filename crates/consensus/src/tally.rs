//! What the answers of one worker are worth beside those of others.

use crate::{LabelNo, Share, TaskNo, Votes};

/// One worker's answers, held against labels and against other workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers.
    pub answers: u32,
    /// Of answers to tasks that have a label and others' answers, or one that is known, those that equal the label. A task
    /// that one worker alone answered says nothing: its label is that answer.
    pub right: Share,
    /// Of pairs of an answer with another worker's to the same task, those that are equal.
    pub pairs: Share,
}

/// Per worker, the tally. `label` gives each task's label, and whether it is known by more than the answers.
#[must_use]
pub fn tallies(votes: &Votes, label: impl Fn(TaskNo) -> Option<(LabelNo, bool)>) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); votes.workers()];
    for (task, of_task) in votes.by_task() {
        let label = label(task).filter(|(_, known)| *known || of_task.len() > 1);
        for (place, vote) in of_task.iter().enumerate() {
            let tally = &mut tallies[vote.worker.index()];
            tally.answers += 1;
            if let Some((label, _)) = label {
                tally.right.count(vote.label == label);
            }
            for (other, beside) in of_task.iter().enumerate() {
                if other != place {
                    tally.pairs.count(beside.label == vote.label);
                }
            }
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answers;

    #[test]
    fn who_answers_alone_is_neither_right_nor_wrong_until_the_label_is_known() {
        let rows = [
            (1, "a", "x"),
            (1, "b", "x"),
            (1, "c", "y"),
            (2, "a", "y"),
            (3, "b", "x"),
        ];
        let answers = Answers::new(rows).unwrap();
        let x = answers.label(&"x").unwrap();
        // Task 3 is decided.
        let label = |task: TaskNo| Some((x, task.index() == 2));
        let found = tallies(answers.votes(), label);
        let share = |correct, total| Share::new(correct, total).unwrap();
        let expected = [
            (2, share(1, 1), share(1, 2)),
            (2, share(2, 2), share(1, 2)),
            (1, share(0, 1), share(0, 2)),
        ];
        let expected = expected.map(|(answers, right, pairs)| Tally {
            answers,
            right,
            pairs,
        });
        assert_eq!(found, expected);
    }
}
