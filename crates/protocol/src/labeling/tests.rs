use super::*;

pub(super) fn rating() -> Labeling {
    serde_json::from_value(serde_json::json!({
        "fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true}]
    }))
    .unwrap()
}

#[test]
fn defaults_are_effective_and_not_stored() {
    let labeling = rating();
    assert_eq!(
        (
            labeling.answers_per_task(),
            labeling.reviewers_per_answer(),
            labeling.lock_seconds()
        ),
        (1, 1, 600)
    );
    assert!(labeling.violations().is_empty());
    let stored = serde_json::to_value(&labeling).unwrap();
    assert_eq!(
        stored.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["fields"]
    );
}

#[test]
fn each_violation_names_its_path() {
    let mut labeling = rating();
    labeling.answers_per_task = Some(26);
    labeling.fields.push(Field {
        options: vec![],
        ..labeling.fields[0].clone()
    });
    let paths: Vec<_> = labeling
        .violations()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "labeling.answersPerTask",
            "labeling.fields[1].options",
            "labeling.fields[1].name"
        ]
    );
}
