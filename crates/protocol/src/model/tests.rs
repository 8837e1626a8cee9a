use super::*;

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
