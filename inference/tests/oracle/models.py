"""The models of the fixtures: small, of every shape that is read, and of every kind that is refused."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

OPSETS = {"": 17, "ai.onnx.ml": 3}
BANDS, FRAMES, SAMPLES = 20, 97, 8000


def weights(name, *shape, scale=0.3):
    seed = sum(name.encode()) + len(shape)
    values = np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def model(nodes, shape, initializers, outputs=(("probabilities", ["N", 2]),), element=TensorProto.FLOAT, domain=""):
    inputs = [helper.make_tensor_value_info("x", element, shape)]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    opsets = [helper.make_opsetid(name, version) for name, version in OPSETS.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="oracle")


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs.split(), outputs.split(), name=f"{kind}_{outputs.split()[0]}", **attributes)


def head(reads, width):
    """Numbers to two probabilities."""
    return ([node("Gemm", f"{reads} w b", "logits"), node("Softmax", "logits", "probabilities", axis=-1)],
            [weights("w", width, 2, scale=0.05 if width == BANDS else 0.3), weights("b", 2)])


def pooled():
    nodes, initializers = head("mean", BANDS)
    return model([node("ReduceMean", "x", "mean", axes=[2], keepdims=0), *nodes], ["N", BANDS, FRAMES], initializers)


def image():
    nodes, initializers = head("flat", 4)
    before = [node("Conv", "x kernel", "c", kernel_shape=[3, 3]), node("Relu", "c", "r"),
              node("GlobalAveragePool", "r", "pool"), node("Flatten", "pool", "flat")]
    return model([*before, *nodes], ["N", 1, BANDS, FRAMES], [weights("kernel", 4, 1, 3, 3), *initializers])


def flat():
    nodes, initializers = head("small", BANDS * FRAMES)
    return model([node("Mul", "x tenth", "small"), *nodes], [1, BANDS * FRAMES],
                 [constant("tenth", np.float32(0.01)), *initializers], (("probabilities", [1, 2]),))


def waveform():
    nodes, initializers = head("stats", 2)
    before = [node("Mul", "x x", "square"), node("Abs", "x", "size"), node("ReduceMean", "square", "a", axes=[2], keepdims=0),
              node("ReduceMean", "size", "m", axes=[2], keepdims=0), node("Concat", "a m", "stats", axis=1)]
    return model([*before, *nodes], ["N", 1, SAMPLES], initializers)


def loudness():
    """A number of a window: its mean square, a thousand times."""
    nodes = [node("Mul", "x x", "square"), node("ReduceMean", "square", "mean", axes=[2], keepdims=0), node("Mul", "mean thousand", "loudness")]
    return model(nodes, ["N", 1, SAMPLES], [constant("thousand", np.float32(1000))], (("loudness", ["N", 1]),))


def rows():
    random = np.random.default_rng(7)
    x = random.normal(0, 2, (300, 5)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + random.normal(0, 0.5, 300) > 0).astype(int) + (x[:, 3] > 2)
    return x, y


def in_order(model):
    """The same bytes whenever it is made."""
    model.graph.name = "g"
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    return model


def of_scikit_learn():
    x, y = rows()
    table = {
        "logistic": LogisticRegression(max_iter=1000),
        "mlp": MLPClassifier((8,), max_iter=2000, random_state=1),
        "forest": RandomForestClassifier(8, max_depth=4, random_state=1),
    }
    for name, estimator in table.items():
        estimator.fit(x, y)
        yield name, in_order(to_onnx(estimator, x[:1], target_opset=OPSETS, options={"zipmap": False}))
    amount = x[:, 0] * 3 - x[:, 1] * x[:, 2] + 40
    for name, estimator in {"linear": LinearRegression(), "regressor": MLPRegressor((8,), max_iter=4000, tol=1e-2, random_state=1)}.items():
        estimator.fit(x, amount)
        yield name, in_order(to_onnx(estimator, x[:1], target_opset=OPSETS))
    yield "zipmap", in_order(to_onnx(table["logistic"], x[:1], target_opset=OPSETS))


def columns(nodes, initializers, outputs=(("probabilities", ["N", 2]),), shape=("N", 5), **more):
    return model(nodes, list(shape), initializers, outputs, **more)


def refused():
    nodes, initializers = head("x", 5)
    yield "scaler", columns([node("Scaler", "x", "scaled", domain="ai.onnx.ml", offset=[0.0] * 5, scale=[1.0] * 5),
                             *head("scaled", 5)[0]], initializers)
    external = columns(nodes, initializers)
    tensor = external.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    yield "external", external
    yield "five", columns(nodes, initializers)
    yield "integers", columns([node("Cast", "x", "y", to=TensorProto.FLOAT), *head("y", 5)[0]], initializers, element=TensorProto.INT64)
    yield "sixteen", columns(nodes, initializers, (("probabilities", [16, 2]),), (16, 5))
    yield "several", columns(nodes, initializers, (("logits", ["N", 2]), ("probabilities", ["N", 2])))
    yield "logits", columns(nodes[:1], initializers, (("logits", ["N", 2]),))
    # Its declared shapes fit, and what it does does not: only running it tells.
    broken = [node("Reshape", "x to", "y"), *head("y", 7)[0]]
    yield "broken", columns(broken, [constant("to", np.array([1, 7], np.int64)), *head("y", 7)[1]])


def models():
    yield "pooled", pooled()
    yield "image", image()
    yield "flat", flat()
    yield "waveform", waveform()
    yield "loudness", loudness()
    yield from of_scikit_learn()
    yield from refused()
