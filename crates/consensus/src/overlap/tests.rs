use super::*;
use proptest::prelude::*;

fn quality(correct: u32, total: u32) -> Quality {
    Quality::new(Share::new(correct, total).unwrap())
}

/// Right nine times out of ten, as far as four answers tell.
fn good(label: u32) -> Answer {
    Answer {
        label: LabelNo(label),
        quality: quality(4, 4),
    }
}

/// Of whom nothing is known.
fn new(label: u32) -> Answer {
    Answer {
        label: LabelNo(label),
        quality: quality(0, 0),
    }
}

#[test]
fn quality_begins_in_the_middle_and_never_ends_at_a_side() {
    for (correct, total, value) in [
        (0, 0, 0.5),
        (4, 4, 0.9),
        (0, 4, 0.1),
        (8, 9, 0.85),
        (95, 100, 95.5 / 101.0),
    ] {
        assert!(
            (quality(correct, total).value() - value).abs() < 1e-15,
            "{correct}/{total}"
        );
    }
    assert!(quality(u32::MAX, u32::MAX).value() < 1.0);
    assert!(quality(0, u32::MAX).value() > 0.0);
}

#[test]
fn posteriors_are_products_by_hand() {
    let cases: [(usize, &[Answer], &[f64]); 7] = [
        (2, &[], &[0.5, 0.5]),
        (2, &[good(1)], &[0.1, 0.9]),
        (2, &[good(1), good(1)], &[0.01 / 0.82, 0.81 / 0.82]),
        (2, &[good(0), good(1)], &[0.5, 0.5]),
        (3, &[good(0)], &[0.9, 0.05, 0.05]),
        (
            3,
            &[good(0), good(1)],
            &[0.045 / 0.0925, 0.045 / 0.0925, 0.0025 / 0.0925],
        ),
        (1, &[good(0)], &[1.0]),
    ];
    for (options, answers, expected) in cases {
        let found = posterior(options, answers).unwrap();
        for (found, expected) in found.probabilities().iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{answers:?}: {found} is not {expected}"
            );
        }
        assert_eq!(found.best().is_some(), !answers.is_empty());
    }
}

#[test]
fn decisions_by_table() {
    let rule = Rule::new(2, 4, 0.95).unwrap();
    let kind = |answers: &[Answer]| match rule.decide(2, answers).unwrap() {
        Decision::Enough(best) => format!("enough {}", best.label.index()),
        Decision::OneMore(best) => format!("one more {:?}", best.map(|best| best.label.index())),
        Decision::AtLimit(best) => format!("at limit {}", best.label.index()),
    };
    for (answers, expected) in [
        (vec![], "one more None"),
        // However good one worker is, two were asked for.
        (vec![good(0)], "one more Some(0)"),
        (vec![good(0), good(0)], "enough 0"),
        (vec![good(1), good(0)], "one more Some(0)"),
        (vec![good(1), good(0), good(1)], "one more Some(1)"),
        (vec![good(1), good(0), good(1), good(1)], "enough 1"),
        (vec![good(1), good(0), good(1), good(0)], "at limit 0"),
        // Strangers agree, which says nothing.
        (vec![new(1), new(1), new(1)], "one more Some(0)"),
        (vec![new(1); 4], "at limit 0"),
        // More than the limit: it was lowered by hand, or gold became work.
        (vec![new(1); 6], "at limit 0"),
    ] {
        assert_eq!(kind(&answers), expected, "{answers:?}");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for (min, max, confidence, refusal) in [
        (
            0,
            3,
            0.9,
            "from 0 to 3 answers are no range; it begins at 1",
        ),
        (
            4,
            3,
            0.9,
            "from 4 to 3 answers are no range; it begins at 1",
        ),
        (1, 3, 1.0, "confidence is between 0 and 1, not 1"),
        (1, 3, 0.0, "confidence is between 0 and 1, not 0"),
        (1, 3, f64::NAN, "confidence is between 0 and 1, not NaN"),
    ] {
        assert_eq!(
            Rule::new(min, max, confidence).unwrap_err().to_string(),
            refusal
        );
    }
    let refused = posterior(2, &[good(2)]).unwrap_err();
    assert_eq!(refused.to_string(), "label 2 is none of 2");
}

fn answers(options: u32) -> impl Strategy<Value = Vec<Answer>> {
    let answer = (0..options, 0_u32..40).prop_flat_map(|(label, total)| {
        (0..=total).prop_map(move |correct| Answer {
            label: LabelNo(label),
            quality: quality(correct, total),
        })
    });
    prop::collection::vec(answer, 0..12)
}

/// By the formula as it is written.
fn product(options: u32, answers: &[Answer]) -> Vec<f64> {
    let of = |z: u32| -> f64 {
        let factor = |answer: &Answer| {
            let q = answer.quality.value();
            if answer.label == LabelNo(z) {
                q
            } else {
                (1.0 - q) / f64::from(options - 1)
            }
        };
        answers.iter().map(factor).product()
    };
    let products: Vec<f64> = (0..options).map(of).collect();
    let sum: f64 = products.iter().sum();
    products.iter().map(|product| product / sum).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_posterior_is_the_product_whatever_the_order((options, answers, seed) in (2_u32..6).prop_flat_map(|options| {
        (Just(options), answers(options), any::<prop::sample::Index>())
    })) {
        let found = posterior(options as usize, &answers).unwrap();
        for (found, product) in found.probabilities().iter().zip(product(options, &answers)) {
            prop_assert!((found - product).abs() < 1e-9);
        }
        prop_assert!((found.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let mut turned = answers.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
            turned.reverse();
        }
        prop_assert_eq!(posterior(options as usize, &turned).unwrap(), found);
    }

    #[test]
    fn one_who_is_better_than_chance_makes_a_label_likelier_and_one_who_is_worse_less(
        answers in answers(3), correct in 0_u32..=20, label in 0_u32..3,
    ) {
        let one = Answer { label: LabelNo(label), quality: quality(correct, 20) };
        let before = posterior(3, &answers).unwrap().probabilities()[label as usize];
        let after = posterior(3, &[answers, vec![one]].concat()).unwrap().probabilities()[label as usize];
        if one.quality.value() > 1.0 / 3.0 {
            prop_assert!(after >= before);
        } else {
            prop_assert!(after <= before);
        }
    }

    #[test]
    fn a_task_ends_between_its_limits_and_sure_where_it_ends_early(
        answers in prop::collection::vec((0_u32..3, 0_u32..20), 12),
        min in 1_u32..5, more in 0_u32..7, confidence in 0.5_f64..0.999,
    ) {
        let max = min + more;
        let rule = Rule::new(min, max, confidence).unwrap();
        let mut given = Vec::new();
        for (label, correct) in answers {
            match rule.decide(3, &given).unwrap() {
                Decision::OneMore(_) => prop_assert!(given.len() < max as usize),
                Decision::AtLimit(best) => {
                    prop_assert_eq!(given.len(), max as usize);
                    prop_assert!(best.probability < confidence);
                    return Ok(());
                }
                Decision::Enough(best) => {
                    prop_assert!(given.len() >= min as usize && given.len() <= max as usize);
                    prop_assert!(best.probability >= confidence);
                    return Ok(());
                }
            }
            given.push(Answer { label: LabelNo(label), quality: quality(correct, 20) });
        }
        prop_assert!(false, "twelve answers are more than any limit");
    }
}
