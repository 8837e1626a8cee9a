//! `try`: files of this machine, a line of JSON each. No platform, and the same process that reads as in a Job.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::Path,
};

use datacrowd_protocol::{
    exit,
    model::{ItemFailed, ItemFailure, ModelInput, ModelInputKind, ModelOutput},
    raw::RawJson,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    args::TryArgs,
    cells,
    frame::{Ask, Load, Reply, WindowAnswer},
    item::failed,
    word::Word,
    worker::Worker,
};

/// What of a Model's spec is needed here.
#[derive(Debug, Deserialize)]
struct Spec {
    input: ModelInput,
    output: ModelOutput,
}

/// A manifest around it.
#[derive(Debug, Deserialize)]
struct Manifest {
    spec: Spec,
}

/// What is told of a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    probabilities: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<ToldWindow>,
    millis: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ItemFailed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldWindow {
    begin_millis: u64,
    end_millis: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    probabilities: BTreeMap<String, f64>,
}

/// Runs the command; returns its exit code.
pub(crate) fn run(args: &TryArgs) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = runtime
        .map_err(|error| format!("Cannot start: {error}."))
        .and_then(|runtime| runtime.block_on(answer_all(args)));
    match done {
        Ok(true) => exit::DONE,
        Ok(false) => exit::BAD_INPUT,
        Err(why) => {
            eprintln!("{why}");
            exit::BAD_INPUT
        }
    }
}

/// Whether every file has an answer.
async fn answer_all(args: &TryArgs) -> Result<bool, String> {
    let Spec { input, output } = spec(&args.spec)?;
    let size = fs::metadata(&args.model)
        .map_err(|error| format!("Cannot read {}: {error}.", args.model.display()))?;
    let load = Load {
        file: args.model.clone(),
        input: input.clone(),
        output: output.clone(),
    };
    let started = Worker::start(args.limits.limits(), load, size.len()).await;
    let (mut worker, _) = started.map_err(|error| error.to_string())?;
    let mut all = true;
    for file in &args.files {
        let reply = match ask(file, &input) {
            Ok(ask) => worker.ask(&ask).await.map_err(|error| error.to_string())?,
            Err(failure) => Reply {
                result: Err(failure),
                micros: Default::default(),
            },
        };
        let told = told(file, reply, &output);
        all &= told.failure.is_none();
        let line = serde_json::to_string(&told).map_err(|error| error.to_string())?;
        writeln!(io::stdout(), "{line}").map_err(|error| format!("Cannot print: {error}."))?;
    }
    Ok(all)
}

fn spec(path: &Path) -> Result<Spec, String> {
    let shown = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| format!("Cannot read {shown}: {error}."))?;
    let manifest = serde_saphyr::from_str::<Manifest>(&text).map(|manifest| manifest.spec);
    let spec = manifest.or_else(|_| serde_saphyr::from_str::<Spec>(&text));
    let spec = spec.map_err(|error| {
        format!("{shown} is no spec of a Model: {error}. Give it input and output.")
    })?;
    match spec.input.violations().into_iter().next() {
        Some((path, why)) => Err(format!("{shown}: {path} {why}.")),
        None => Ok(spec),
    }
}

fn ask(file: &Path, input: &ModelInput) -> Result<Ask, ItemFailed> {
    if input.kind == ModelInputKind::Audio {
        return Ok(Ask::Audio {
            file: file.to_owned(),
            name: file.to_string_lossy().into_owned(),
            windows: usize::MAX,
        });
    }
    let wrong = |why: String| failed(ItemFailure::Undecodable, why);
    let text =
        fs::read(file).map_err(|error| wrong(format!("The file cannot be read: {error}.")))?;
    let cells: BTreeMap<String, Value> = serde_json::from_slice(&text).map_err(|error| {
        wrong(format!(
            "The file is no JSON object ({error}); write one with the model's columns."
        ))
    })?;
    cells::numbers(&input.columns, &cells).map(Ask::Columns)
}

fn told(file: &Path, reply: Reply, output: &ModelOutput) -> Told {
    let named =
        |probabilities: Vec<f64>| output.labels.iter().cloned().zip(probabilities).collect();
    let micros = reply.micros.decode + reply.micros.features + reply.micros.infer;
    #[expect(clippy::cast_precision_loss, reason = "shown to a person")]
    let millis = micros as f64 / 1000.0;
    let mut told = Told {
        file: file.to_string_lossy().into_owned(),
        label: None,
        probability: None,
        probabilities: BTreeMap::new(),
        windows: Vec::new(),
        millis,
        failure: None,
    };
    match reply.result {
        Err(failure) => told.failure = Some(failure),
        Ok(answer) => {
            let word = Word::of(&answer.said, output);
            told.label = word.label.and_then(|text| RawJson::parse(text).ok());
            told.probability = word.probability;
            told.probabilities = named(answer.said);
            let window = |window: WindowAnswer| ToldWindow {
                begin_millis: window.begin_millis,
                end_millis: window.end_millis,
                value: window.said.first().copied().filter(|_| output.is_number()),
                probabilities: named(window.said),
            };
            told.windows = answer.windows.into_iter().map(window).collect();
        }
    }
    told
}
