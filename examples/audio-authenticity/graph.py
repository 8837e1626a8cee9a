"""The model: what it computes of a window's log-mel spectrogram, here by NumPy for training and as an ONNX graph.

A recording's loudness and its silence are taken out inside of the model, since the platform gives it recordings as they are:
nothing lies deeper than `DEPTH` below the window's loudest spot, and the mean is subtracted.
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

DEPTH = np.float32(8)  # nepers of energy: 35 dB
LEAST = np.float32(1e-3)


def pooled(mel):
    """Mean, spread and unrest of each band over the window."""
    mel = np.maximum(mel, mel.max() - DEPTH)
    mel = mel - mel.mean()
    mean = mel.mean(1)
    spread = np.sqrt(((mel - mean[:, None]) ** 2).mean(1) + LEAST)
    unrest = np.abs(mel[:, 1:] - mel[:, :-1]).mean(1)
    return np.concatenate([mean, spread, unrest])


def model(slope, offset, mel, window):
    """The regression behind it gives the logit of `synthetic`; the probabilities are those of `human` and `synthetic`."""
    bands, frames = mel["n_mels"], (window - mel["n_fft"]) // mel["hop"] + 1
    node = lambda kind, inputs, output, **more: helper.make_node(kind, inputs.split(), [output], name=output, **more)
    numbers = lambda name, values, kind=np.float32: numpy_helper.from_array(np.asarray(values, kind), name)
    nodes = [
        node("ReduceMax", "mel", "loudest", axes=[1, 2], keepdims=1),
        node("Sub", "loudest depth", "floor"),
        node("Max", "mel floor", "floored"),
        node("ReduceMean", "floored", "level", axes=[1, 2], keepdims=1),
        node("Sub", "floored level", "flat"),
        node("ReduceMean", "flat", "mean", axes=[2], keepdims=1),
        node("Sub", "flat mean", "off"),
        node("Mul", "off off", "square"),
        node("ReduceMean", "square", "variance", axes=[2], keepdims=1),
        node("Add", "variance least", "more"),
        node("Sqrt", "more", "spread"),
        node("Slice", "flat one end time", "later"),
        node("Slice", "flat zero last time", "earlier"),
        node("Sub", "later earlier", "step"),
        node("Abs", "step", "steps"),
        node("ReduceMean", "steps", "unrest", axes=[2], keepdims=1),
        node("Concat", "mean spread unrest", "column", axis=1),
        node("Flatten", "column", "row", axis=1),
        node("Gemm", "row slope offset", "logits"),
        node("Softmax", "logits", "probabilities", axis=1),
    ]
    initializers = [
        numbers("depth", DEPTH), numbers("least", LEAST),
        numbers("zero", [0], np.int64), numbers("one", [1], np.int64), numbers("time", [2], np.int64),
        numbers("last", [frames - 1], np.int64), numbers("end", [frames], np.int64),
        numbers("slope", np.stack([-slope / 2, slope / 2], 1)), numbers("offset", [-offset / 2, offset / 2]),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    made = helper.make_graph(nodes, "authenticity", [value("mel", ["N", bands, frames])],
                             [value("probabilities", ["N", 2])], initializers)
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train.py")
    checker.check_model(whole, full_check=True)
    return whole
