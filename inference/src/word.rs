//! What a model says of an item, in the form of an answer.

use datacrowd_protocol::model::ModelOutput;

use crate::merge::surest;

/// A label with how sure the model is of it, or a number.
#[derive(Debug, PartialEq)]
pub(crate) struct Word {
    /// As a person would give it, in JSON.
    pub(crate) label: Option<String>,
    /// Of the label, from 0 to 1; none of a number.
    pub(crate) probability: Option<f64>,
}

impl Word {
    /// The label of the highest probability, or the number itself.
    pub(crate) fn of(said: &[f64], output: &ModelOutput) -> Self {
        if output.is_number() {
            return Self {
                label: said.first().map(|number| digits(*number)),
                probability: None,
            };
        }
        let sure = surest(said);
        let label = sure.and_then(|(at, _)| output.labels.get(at));
        Self {
            label: label.map(|label| output.answer(label).to_string()),
            probability: sure.map(|(_, probability)| probability),
        }
    }
}

/// The number with as few digits as tell it apart. Most models compute in 32 bits: 0.3 of these is 0.3, not 0.30000001192092896.
fn digits(number: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "compared with what it came of"
    )]
    let single = number as f32;
    match f64::from(single) == number {
        true => single.to_string(),
        false => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(labels: &[&str]) -> ModelOutput {
        ModelOutput {
            field: "a".to_owned(),
            tensor: None,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            windows: None,
        }
    }

    #[test]
    fn the_surest_label_or_the_number_is_the_word() {
        let label = Word::of(&[0.25, 0.75], &output(&["a", "b"]));
        assert_eq!(label.label.as_deref(), Some("\"b\""));
        assert_eq!(label.probability, Some(0.75));
        let number = Word::of(&[f64::from(0.3_f32)], &output(&[]));
        assert_eq!(
            (number.label.as_deref(), number.probability),
            (Some("0.3"), None)
        );
    }

    #[test]
    fn numbers_have_the_digits_that_they_need() {
        for (number, text) in [
            (42.0, "42"),
            (-0.5, "-0.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::from(1e-7_f32), "0.0000001"),
            (1e22, "10000000000000000000000"),
        ] {
            assert_eq!(digits(number), text);
        }
    }
}
