//! A model's file as something that answers.
//!
//! Whatever cannot be used is refused here with a sentence that names the operator or the tensor, so that a client can
//! export the model anew. Only the part of the file that leads to the probabilities, or the number, is looked at: what else it may
//! compute, such as labels, is left out.

mod file;
mod shape;

use std::sync::Arc;

use datacrowd_protocol::model::{ModelInput, ModelOutput};
use tract_onnx::prelude::*;

use crate::frame::Found;
use file::ModelFile;
use shape::Layout;

/// Why a model cannot be used: a sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// A model that answers.
pub struct Model {
    plan: Arc<TypedRunnableModel>,
    layout: Layout,
    labels: usize,
}

impl Model {
    /// Reads a file, and runs it once.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn load(
        bytes: &[u8],
        input: &ModelInput,
        output: &ModelOutput,
    ) -> Result<(Self, Found), Refused> {
        if let Some((path, why)) = input.violations().into_iter().next() {
            return Err(Refused(format!("{path} {why}.")));
        }
        let file = ModelFile::read(bytes)?;
        let found = file.found();
        let tensor = file.output(output)?;
        let file = file.leading_to(&tensor)?;
        let layout = Layout::of(file.input()?, input)?;
        let model = Self {
            plan: plan(&file, &layout)?,
            layout,
            labels: output.labels.len(),
        };
        let answer = model.run(&vec![0.0; model.layout.len()]).map_err(|error| {
            Refused(format!("The model cannot be run: {error}. Export it anew."))
        })?;
        if answer.len() != width(output) {
            return Err(wrong_width(&tensor, answer.len(), output));
        }
        Ok((model, found))
    }

    /// Numbers that the model reads at once.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.layout.len()
    }

    /// Whether it says a number.
    #[must_use]
    pub fn says_number(&self) -> bool {
        self.labels == 0
    }

    /// Labels that it tells apart; none of a model that says a number.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// What the model says of these numbers.
    ///
    /// # Errors
    /// It cannot be run on them.
    pub fn run(&self, numbers: &[f32]) -> Result<Vec<f64>, String> {
        let run = || -> TractResult<Vec<f64>> {
            let input = self.layout.tensor(numbers)?;
            let output = self.plan.run(tvec!(input.into()))?;
            let answer = output[0].cast_to::<f64>()?;
            Ok(answer
                .to_plain_array_view::<f64>()?
                .iter()
                .copied()
                .collect())
        };
        run().map_err(|error| innermost(&error))
    }
}

/// Every failure of the library on the way to something that runs.
fn plan(file: &ModelFile, layout: &Layout) -> Result<Arc<TypedRunnableModel>, Refused> {
    let build = || -> TractResult<Arc<TypedRunnableModel>> {
        file.model()?
            .with_input_fact(0, layout.fact())?
            .into_optimized()?
            .into_runnable()
    };
    build().map_err(|error| {
        let why = innermost(&error);
        let at = node_of(&error).map_or(String::new(), |node| format!(" at {node}"));
        Refused(format!(
            "The model cannot be prepared{at}: {why}. Export it anew, with ONNX operator set 9 to 18."
        ))
    })
}

/// The cause that started it, in one line.
fn innermost(error: &TractError) -> String {
    let text = error.root_cause().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}

/// Which node the library was at, where it says so.
fn node_of(error: &TractError) -> Option<String> {
    let told = error.chain().map(ToString::to_string);
    told.filter(|text| text.contains("node") || text.contains("Node"))
        .last()
        .map(|text| {
            text.lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(120)
                .collect()
        })
}

/// Numbers of an answer.
fn width(output: &ModelOutput) -> usize {
    output.labels.len().max(1)
}

fn wrong_width(tensor: &str, found: usize, output: &ModelOutput) -> Refused {
    if output.is_number() {
        return Refused(format!(
            "The output \"{tensor}\" has {found} numbers, and the question wants one: name the right output in output.tensor, or the labels in output.labels if it is a choice."
        ));
    }
    let labels = output.labels.len();
    Refused(format!(
        "The output \"{tensor}\" has {found} numbers, and output.labels names {labels}: name one label for each, or the right output in output.tensor."
    ))
}
