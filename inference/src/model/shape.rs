//! Whether what the spec makes of an item fits what the file reads.

use datacrowd_protocol::model::{AudioFeatures, AudioInput, ModelInput, ModelInputKind};
use tract_onnx::{
    pb::{ValueInfoProto, tensor_shape_proto::dimension::Value as Dimension},
    prelude::*,
};

use super::{Refused, file};

/// How the numbers of one item lie in the input.
pub(super) struct Layout {
    shape: Vec<usize>,
    double: bool,
}

impl Layout {
    /// The shape among those that the spec may have, by the file's own.
    pub(super) fn of(value: &ValueInfoProto, input: &ModelInput) -> Result<Self, Refused> {
        let double = match file::element(value).as_str() {
            "float32" => false,
            "float64" => true,
            other => {
                return Err(Refused(format!(
                    "The input \"{}\" is {other}, and is given numbers; export the model with an input of float32.",
                    file::short(&value.name)
                )));
            }
        };
        let shapes = shapes(input)?;
        let dimensions = file::dimensions(value);
        let fits = |shape: &&Vec<usize>| dimensions.as_ref().is_none_or(|d| fits(d, shape));
        let shape = shapes.iter().find(fits).cloned();
        let shape = shape.ok_or_else(|| unfit(value, &shapes, input))?;
        Ok(Self { shape, double })
    }

    /// Numbers of one item.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub(super) fn fact(&self) -> InferenceFact {
        let element = match self.double {
            true => f64::datum_type(),
            false => f32::datum_type(),
        };
        InferenceFact::dt_shape(element, &self.shape)
    }

    pub(super) fn tensor(&self, numbers: &[f32]) -> TractResult<Tensor> {
        if self.double {
            let numbers: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
            return Tensor::from_shape(&self.shape, &numbers);
        }
        Tensor::from_shape(&self.shape, numbers)
    }
}

/// A first dimension that is fixed takes one item; any other one is what the spec makes, or free.
fn fits(dimensions: &[Option<Dimension>], shape: &[usize]) -> bool {
    let fits = |(dimension, size): (&Option<Dimension>, &usize)| match dimension {
        Some(Dimension::DimValue(fixed)) => usize::try_from(*fixed) == Ok(*size),
        Some(Dimension::DimParam(_)) | None => true,
    };
    dimensions.len() == shape.len() && dimensions.iter().zip(shape).all(fits)
}

/// The shapes that an item may be given in; the first one where the file does not say.
fn shapes(input: &ModelInput) -> Result<Vec<Vec<usize>>, Refused> {
    if input.kind == ModelInputKind::Columns {
        return Ok(vec![vec![1, input.columns.len()]]);
    }
    let missing = || Refused("input.audio says how a recording is read; set it.".to_owned());
    let audio = input.audio.as_ref().ok_or_else(missing)?;
    let window = audio.window();
    match (audio.features, &audio.log_mel) {
        (AudioFeatures::Waveform, _) => Ok(vec![vec![1, window], vec![1, 1, window]]),
        (AudioFeatures::LogMel, Some(mel)) => {
            let (bands, frames) = (mel.n_mels.unsigned_abs() as usize, mel.frames(window));
            Ok(vec![
                vec![1, bands, frames],
                vec![1, 1, bands, frames],
                vec![1, bands * frames],
            ])
        }
        (AudioFeatures::LogMel, None) => Err(missing()),
    }
}

fn unfit(value: &ValueInfoProto, shapes: &[Vec<usize>], input: &ModelInput) -> Refused {
    let shown = |shape: &Vec<usize>| {
        let rest: Vec<_> = shape[1..].iter().map(ToString::to_string).collect();
        format!("[N, {}]", rest.join(", "))
    };
    let shapes: Vec<_> = shapes.iter().map(shown).collect();
    let remedy = match &input.audio {
        None => "name as many columns in input.columns",
        Some(AudioInput {
            features: AudioFeatures::LogMel,
            ..
        }) => "correct windowMillis and logMel in input.audio",
        Some(_) => "correct sampleRateHz and windowMillis in input.audio",
    };
    Refused(format!(
        "The input \"{}\" has the shape {}, and is given {}, one item at a time: {remedy}, or export the model for that.",
        file::short(&value.name),
        file::shape(value),
        shapes.join(" or ")
    ))
}
