//! What an ONNX file says of itself, before anything of it is run.

use std::collections::HashSet;

use datacrowd_protocol::model::{ModelOutput, Tensor};
use tract_onnx::{
    Onnx,
    pb::{
        GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, tensor_proto,
        tensor_shape_proto::dimension::Value as Dimension, type_proto,
    },
    prelude::*,
};

use super::{Refused, width, wrong_width};
use crate::frame::Found;

/// Most inputs and outputs that are told.
const MOST_SHOWN: usize = 32;

/// A file whose parts are all in it.
pub(super) struct ModelFile {
    onnx: Onnx,
    proto: ModelProto,
}

impl ModelFile {
    /// Reads the file, and refuses one that keeps its numbers elsewhere.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        // What shapes inside of the file are said to be is not needed, and often wrong for a single item.
        let onnx = tract_onnx::onnx().with_ignore_value_info(true);
        let proto = onnx
            .proto_model_for_read(&mut &bytes[..])
            .map_err(|error| {
                tracing::debug!(%error, "no ONNX");
                Refused(
                    "The file is no ONNX model, or a part of one is missing; upload it again."
                        .to_owned(),
                )
            })?;
        let file = Self { onnx, proto };
        if file.graph().is_none_or(|graph| graph.node.is_empty()) {
            return Err(Refused(
                "The file is no ONNX model: there is no graph in it; upload the .onnx file."
                    .to_owned(),
            ));
        }
        file.refuse_external()?;
        Ok(file)
    }

    fn graph(&self) -> Option<&GraphProto> {
        self.proto.graph.as_ref()
    }

    fn graphs(&self) -> impl Iterator<Item = &GraphProto> {
        let mut queue: Vec<&GraphProto> = self.graph().into_iter().collect();
        std::iter::from_fn(move || {
            let graph = queue.pop()?;
            queue.extend(graph.node.iter().flat_map(inner_graphs));
            Some(graph)
        })
    }

    fn refuse_external(&self) -> Result<(), Refused> {
        let external = |tensor: &&TensorProto| {
            tensor.data_location == Some(tensor_proto::DataLocation::External as i32)
                || !tensor.external_data.is_empty()
        };
        let mut tensors = self.graphs().flat_map(|graph| {
            let of_nodes = graph.node.iter().flat_map(|node| &node.attribute);
            graph
                .initializer
                .iter()
                .chain(of_nodes.filter_map(|a| a.t.as_ref()))
        });
        match tensors.find(external) {
            None => Ok(()),
            Some(tensor) => Err(Refused(format!(
                "The tensor \"{}\" is kept in a file of its own; save the model as one file, as onnx.save(model, path, save_as_external_data=False) does.",
                short(&tensor.name)
            ))),
        }
    }

    /// Inputs and outputs, as the file names them.
    pub(super) fn found(&self) -> Found {
        let tensors = |values: &mut dyn Iterator<Item = &ValueInfoProto>| {
            values.take(MOST_SHOWN).map(shown).collect()
        };
        Found {
            inputs: tensors(&mut self.inputs().into_iter()),
            outputs: tensors(&mut self.graph().iter().flat_map(|graph| &graph.output)),
        }
    }

    /// What the file wants to be given: older ones name their own numbers among the inputs.
    fn inputs(&self) -> Vec<&ValueInfoProto> {
        let Some(graph) = self.graph() else {
            return Vec::new();
        };
        let own: HashSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
        let given = |value: &&ValueInfoProto| !own.contains(value.name.as_str());
        graph.input.iter().filter(given).collect()
    }

    /// The one input.
    pub(super) fn input(&self) -> Result<&ValueInfoProto, Refused> {
        match self.inputs()[..] {
            [input] => Ok(input),
            [] => Err(Refused(
                "The model has no input that leads to its answer; export it anew.".to_owned(),
            )),
            ref several => Err(Refused(format!(
                "The model has {} inputs ({}), and is given one; export it with one input.",
                several.len(),
                names(several.iter().copied())
            ))),
        }
    }

    /// The name of the output with the probabilities, or the number.
    pub(super) fn output(&self, wanted: &ModelOutput) -> Result<String, Refused> {
        let outputs = self.graph().map_or(&[][..], |graph| &graph.output);
        let output = match &wanted.tensor {
            Some(name) => outputs
                .iter()
                .find(|output| output.name == *name)
                .ok_or_else(|| {
                    Refused(format!(
                        "output.tensor is \"{name}\", and the model has {}; name one of them.",
                        names(outputs.iter())
                    ))
                })?,
            None => only_numbers(outputs, wanted)?,
        };
        if !is_float(output) {
            return Err(Refused(format!(
                "The output \"{}\" is {}, and no {}; name the output with float32 in output.tensor.{}",
                short(&output.name),
                element(output),
                what(wanted),
                hint(wanted)
            )));
        }
        match dimensions(output).as_deref() {
            Some([.., Some(Dimension::DimValue(last))])
                if usize::try_from(*last) != Ok(width(wanted)) =>
            {
                let found = usize::try_from(*last).unwrap_or(0);
                Err(wrong_width(&output.name, found, wanted))
            }
            _ => Ok(output.name.clone()),
        }
    }

    /// The file without what does not lead to `output`; refuses operators that are unknown here.
    pub(super) fn leading_to(mut self, output: &str) -> Result<Self, Refused> {
        if let Some(graph) = &mut self.proto.graph {
            let mut needed: HashSet<String> = [output.to_owned()].into();
            let mut kept = Vec::new();
            for node in std::mem::take(&mut graph.node).into_iter().rev() {
                if node.output.iter().any(|name| needed.contains(name)) {
                    needed.extend(read_by(&node));
                    kept.push(node);
                }
            }
            kept.reverse();
            graph.node = kept;
            graph.output.retain(|value| value.name == output);
            graph
                .initializer
                .retain(|tensor| needed.contains(&tensor.name));
            graph.input.retain(|value| needed.contains(&value.name));
        }
        self.refuse_unknown()?;
        Ok(self)
    }

    fn refuse_unknown(&self) -> Result<(), Refused> {
        let nodes = self.graphs().flat_map(|graph| &graph.node);
        let known = |node: &&NodeProto| self.onnx.op_register.0.contains_key(&node.op_type);
        let unknown: std::collections::BTreeSet<&str> = nodes
            .filter(|node| !known(node))
            .map(|node| node.op_type.as_str())
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = unknown.into_iter().take(10).collect();
        Err(Refused(format!(
            "The model uses operators that are not run here: {}. Export it without them; for scikit-learn that is zipmap=False, target_opset={{\"\": 17, \"ai.onnx.ml\": 3}}, and scaling folded into the weights.",
            names.join(", ")
        )))
    }

    /// The file as the library reads it.
    pub(super) fn model(&self) -> TractResult<InferenceModel> {
        self.onnx.model_for_proto_model(&self.proto)
    }
}

fn inner_graphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    let attributes = node.attribute.iter();
    attributes.flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

/// Names that a node reads, those of the graphs inside of it included.
fn read_by(node: &NodeProto) -> Vec<String> {
    let mut names = node.input.clone();
    for graph in inner_graphs(node) {
        names.extend(graph.node.iter().flat_map(read_by));
        names.extend(graph.output.iter().map(|output| output.name.clone()));
    }
    names
}

/// What the output has to hold.
fn what(wanted: &ModelOutput) -> &'static str {
    match wanted.is_number() {
        true => "number",
        false => "probabilities",
    }
}

/// What scikit-learn's exporter has to be told.
fn hint(wanted: &ModelOutput) -> &'static str {
    match wanted.is_number() {
        true => "",
        false => " A model of scikit-learn is exported with zipmap=False.",
    }
}

fn only_numbers<'a>(
    outputs: &'a [ValueInfoProto],
    wanted: &ModelOutput,
) -> Result<&'a ValueInfoProto, Refused> {
    let floats: Vec<_> = outputs.iter().filter(|output| is_float(output)).collect();
    match floats[..] {
        [one] => Ok(one),
        [] => Err(Refused(format!(
            "The model has no output of {} as float32, but {}.{}",
            match wanted.is_number() {
                true => "numbers",
                false => "probabilities",
            },
            names(outputs.iter()),
            hint(wanted)
        ))),
        ref several => Err(Refused(format!(
            "The model has several outputs of numbers, {}; name {} in output.tensor.",
            names(several.iter().copied()),
            match wanted.is_number() {
                true => "the one that is the answer",
                false => "the one with the probabilities",
            }
        ))),
    }
}

fn tensor_type(value: &ValueInfoProto) -> Option<&type_proto::Tensor> {
    // A sequence or a map is not among the kinds that the library knows, and comes as none.
    value
        .r#type
        .as_ref()?
        .value
        .as_ref()
        .map(|type_proto::Value::TensorType(tensor)| tensor)
}

/// The element type in NumPy's words.
pub(super) fn element(value: &ValueInfoProto) -> String {
    use tensor_proto::DataType;
    let Some(tensor) = tensor_type(value) else {
        return "a sequence or a map".to_owned();
    };
    let name = match DataType::try_from(tensor.elem_type) {
        Ok(DataType::Float) => "float32",
        Ok(DataType::Double) => "float64",
        Ok(other) => return format!("{other:?}").to_lowercase(),
        Err(_) => "unknown",
    };
    name.to_owned()
}

fn is_float(value: &ValueInfoProto) -> bool {
    matches!(element(value).as_str(), "float32" | "float64")
}

/// The dimensions, where the file says how many there are; a dimension may be anything.
pub(super) fn dimensions(value: &ValueInfoProto) -> Option<Vec<Option<Dimension>>> {
    let shape = tensor_type(value)?.shape.as_ref()?;
    Some(shape.dim.iter().map(|dim| dim.value.clone()).collect())
}

/// The shape in words, such as `[N, 40, 97]`.
pub(super) fn shape(value: &ValueInfoProto) -> String {
    let Some(dimensions) = dimensions(value) else {
        return "any".to_owned();
    };
    let one = |dimension: &Option<Dimension>| match dimension {
        Some(Dimension::DimValue(size)) => size.to_string(),
        Some(Dimension::DimParam(name)) => name.clone(),
        None => "?".to_owned(),
    };
    let all: Vec<_> = dimensions.iter().map(one).collect();
    format!("[{}]", all.join(", "))
}

fn shown(value: &ValueInfoProto) -> Tensor {
    let cut = |text: String, most| text.chars().take(most).collect();
    Tensor {
        name: cut(value.name.clone(), 256),
        element: cut(element(value), 32),
        shape: cut(shape(value), 128),
    }
}

fn names<'a>(values: impl Iterator<Item = &'a ValueInfoProto>) -> String {
    let one = |value: &ValueInfoProto| format!("\"{}\" ({})", short(&value.name), element(value));
    let all: Vec<_> = values.take(10).map(one).collect();
    all.join(", ")
}

/// A name, not longer than a sentence bears.
pub(super) fn short(name: &str) -> String {
    name.chars().take(80).collect()
}
