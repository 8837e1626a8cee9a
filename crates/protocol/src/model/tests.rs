use super::*;
use crate::labeling::Labeling;

fn audio() -> ModelInput {
    ModelInput {
        kind: ModelInputKind::Audio,
        column: Some("file".into()),
        audio: Some(AudioInput {
            sample_rate_hz: 8_000,
            window_millis: 2_000,
            hop_millis: 1_000,
            features: AudioFeatures::LogMel,
            log_mel: Some(LogMel {
                n_fft: 256,
                hop: 80,
                n_mels: 40,
                f_min: 100,
                f_max: 4_000,
            }),
        }),
        columns: Vec::new(),
    }
}

fn mel(change: impl Fn(&mut AudioInput, &mut LogMel)) -> ModelInput {
    let mut input = audio();
    let mut sound = input.audio.unwrap();
    let mut mel = sound.log_mel.unwrap();
    change(&mut sound, &mut mel);
    sound.log_mel = Some(mel);
    input.audio = Some(sound);
    input
}

#[test]
fn what_does_not_fit_together_is_named_by_its_path() {
    let columns = ModelInput {
        kind: ModelInputKind::Columns,
        column: None,
        audio: None,
        columns: vec!["a".into(), "b".into()],
    };
    let twice = ModelInput {
        columns: vec!["a".into(), "a".into()],
        ..columns.clone()
    };
    let mixed = ModelInput {
        kind: ModelInputKind::Columns,
        ..audio()
    };
    let table: [(ModelInput, &[&str]); 8] = [
        (audio(), &[]),
        (columns, &[]),
        (twice, &["input.columns"]),
        (mixed, &["input.column", "input.columns", "input.audio"]),
        (
            mel(|sound, _| sound.hop_millis = 3_000),
            &["input.audio.hopMillis"],
        ),
        (
            mel(|_, mel| mel.f_max = 5_000),
            &["input.audio.logMel.fMax"],
        ),
        (
            mel(|_, mel| mel.f_min = 4_000),
            &["input.audio.logMel.fMin"],
        ),
        (
            mel(|sound, mel| (sound.window_millis, mel.n_fft) = (1_000, 8_192)),
            &["input.audio.logMel.nFft"],
        ),
    ];
    for (input, paths) in table {
        let found = input.violations();
        let found: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(found, paths, "{input:?}");
    }
}

#[test]
fn frames_of_a_window_lie_within_it() {
    let mel = audio().audio.unwrap().log_mel.unwrap();
    assert_eq!(mel.frames(256), 1);
    assert_eq!(mel.frames(255), 0);
    assert_eq!(mel.frames(16_000), (16_000 - 256) / 80 + 1);
}

fn labeling() -> Labeling {
    let fields = serde_json::json!([
        {"name": "voice", "type": "SingleChoice", "options": ["human", "synthetic"]},
        {"name": "noisy", "type": "Boolean"},
        {"name": "age", "type": "Number"},
        {"name": "note", "type": "Text"},
    ]);
    serde_json::from_value(serde_json::json!({"fields": fields})).unwrap()
}

#[test]
fn labels_belong_to_a_choice_and_none_to_a_number() {
    let both: &[&str] = &["human", "synthetic"];
    for (field, labels, paths) in [
        ("voice", both, &[][..]),
        ("voice", &["human"], &["output.labels"]),
        ("voice", &[], &["output.labels"]),
        ("voice", &["human", "robot"], &["output.labels"]),
        ("noisy", &["true", "false"], &[]),
        ("noisy", &[], &["output.labels"]),
        ("age", &[], &[]),
        ("age", both, &["output.labels"]),
        ("note", both, &["output.field"]),
        ("stars", both, &["output.field"]),
    ] {
        let output = ModelOutput {
            field: field.into(),
            tensor: None,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            windows: None,
        };
        let found = output.violations(&labeling());
        let found: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(found, paths, "{field} {labels:?}");
    }
}

#[test]
fn a_model_of_numbers_answers_no_task() {
    let of = |labels: &[&str]| ModelOutput {
        field: "voice".into(),
        tensor: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        windows: None,
    };
    assert_eq!(
        of(&["human", "synthetic"]).cannot_answer_alone(&labeling()),
        None
    );
    let why = of(&[]).cannot_answer_alone(&labeling()).unwrap();
    assert!(why.contains("no probability"), "{why}");
}
