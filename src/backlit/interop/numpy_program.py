"""An exported program's network in NumPy: the ops' own lines, copied from where they stand in this library."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any, NamedTuple

import numpy as np

from backlit import nn
from backlit.data.task import Kind
from backlit.interop.program import QUANTITY, Part
from backlit.nn.functional.norm import scale_and_shift
from backlit.ops import activation, matrix, softmax, trigonometry
from backlit.ops.registry import Op

IMPORTS = "import numpy as np"

LOAD = '''\
DTYPES = {{"F32": np.float32, "I64": np.int64}}

weights = {{
    name: np.frombuffer(numbers, dtype=DTYPES[kind]).reshape(shape)
    for name, (kind, shape, numbers) in read_weights(Path(__file__).with_name("model.safetensors")).items()
}}


{forward}

def scores(rows: list[dict[str, Any]]) -> np.ndarray:
    """What the network's last layer gives.  Shape: (rows, {outputs})."""
    inputs = np.array(encode(rows, COLUMNS), dtype=np.float32).reshape(-1, {inputs})
    with np.errstate(all="ignore"):  # where e ** x overflows, 1 / inf is the right 0
        return forward(inputs)
'''

PREDICT: dict[Kind, str] = {
    "binary": '''\
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each row the likelier label, its probability, and that of both."""
    score = scores(rows)
    with np.errstate(over="ignore"):
        probabilities = sigmoid(np.concatenate([-score, score], axis=1))
    return choose_labels(probabilities.tolist(), LABELS)
''',
    "classes": '''\
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each row the likeliest label, its probability, and that of every label."""
    probabilities = softmax(scores(rows), axis=1)
    return choose_labels(probabilities.tolist(), LABELS)
''',
    "regression": QUANTITY,
}
#: What turns scores into probabilities.
LAST: dict[Kind, list[Op]] = {"binary": [activation.sigmoid], "classes": [softmax.softmax], "regression": []}

#: The op that a layer without weights applies. A setting of the op is an attribute of the layer with the same name.
OPS: dict[type[nn.Module], Op] = {
    nn.ReLU: activation.relu,
    nn.Tanh: trigonometry.tanh,
    nn.Sigmoid: activation.sigmoid,
    nn.LeakyReLU: activation.leaky_relu,
    nn.ELU: activation.elu,
    nn.GELU: activation.gelu,
    nn.SiLU: activation.silu,
    nn.Softplus: activation.softplus,
}

#: Without SciPy, the standard library's function value by value; float32 stays float32.
STAND_INS = {
    "erfc": '''\
def erfc(x):
    """out = 1 - erf x, without losing its digits where erf x is near 1."""
    return np.array([math.erfc(value) for value in x.flat], x.dtype).reshape(x.shape)
'''
}


def numpy_part(model: nn.Sequential, kind: Kind, inputs: int, outputs: int) -> Part:
    """The network as NumPy lines."""
    forward, weights = forward_source(model, LAST[kind])
    source = LOAD.format(forward=forward, inputs=inputs, outputs=outputs) + "\n\n" + PREDICT[kind]
    return Part("NumPy", IMPORTS, source, weights)


def forward_source(model: nn.Sequential, also: list[Op]) -> tuple[str, dict[str, np.ndarray]]:
    """Source that defines `forward(x)`, with the ops that it and `also` name; and its weights.

    It is that of evaluation mode: dropout leaves nothing out, batch normalisation uses its running statistics.
    Shape: x (rows, inputs), forward(x) (rows, outputs). Raises TypeError for a layer that has no NumPy line here.
    """
    steps = [_step(place, layer) for place, layer in enumerate(model) if not isinstance(layer, nn.Dropout)]
    ops = {op.name: op for op in [*also, *(step.op for step in steps if step.op is not None)]}
    body = textwrap.indent("\n".join([*(f"x = {step.expression}" for step in steps), "return x"]), "    ")
    head = 'def forward(x):\n    """The network, layer by layer.  Shape: x (rows, inputs), out (rows, outputs)."""\n'
    weights = {name: array for step in steps for name, array in step.weights.items()}
    return f"{sources(list(ops.values()))}\n\n{head}{body}\n", weights


class Step(NamedTuple):
    """A layer's line: what becomes of `x`, the op that it calls, and the weights that it names."""

    expression: str
    op: Op | None
    weights: dict[str, np.ndarray]


def _step(place: int, layer: nn.Module) -> Step:
    if isinstance(layer, nn.Linear):
        weights = {f"{place}.{name}": tensor.array for name, tensor in layer.named_parameters()}
        return Step(f'linear(x, weights["{place}.weight"], weights["{place}.bias"])', matrix.linear, weights)
    if isinstance(layer, nn.BatchNorm1d) and layer.running_mean is not None and layer.running_var is not None:
        scale, shift = scale_and_shift(layer.running_mean, layer.running_var, layer.weight, layer.bias, layer.eps)
        expression = f'x * weights["{place}.scale"] + weights["{place}.shift"]  # batch normalisation'
        return Step(expression, None, {f"{place}.scale": scale.array, f"{place}.shift": shift.array})
    if type(layer) not in OPS:
        raise TypeError(f"{type(layer).__name__} has no line in NumPy.")
    op = OPS[type(layer)]
    settings = "".join(f", {name}={getattr(layer, name)!r}" for name in op.settings)
    return Step(f"{op.name}(x{settings})", op, {})


def sources(ops: list[Op]) -> str:
    """The ops' bodies as functions, each behind the ops and constants that it names."""
    found: dict[str, str] = {}
    for op in ops:
        _gather(op, found)
    constants = [text for text in found.values() if not text.startswith("def ")]
    functions = [text for text in found.values() if text.startswith("def ")]
    return "\n\n".join(["\n".join(constants) + "\n", *functions] if constants else functions)


def _gather(op: Op, found: dict[str, str]) -> None:
    if op.name in STAND_INS:
        found[op.name] = STAND_INS[op.name]
        return
    body = op.forward
    source = inspect.getsource(body)
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    names = dict.fromkeys(node.id for node in ast.walk(definition) if isinstance(node, ast.Name))
    for name in [name for name in names if name not in body.__code__.co_varnames]:
        value: Any = body.__globals__.get(name)
        if isinstance(value, Op):
            _gather(value, found)
        elif isinstance(value, float):
            found[name] = f"{name} = {value!r}"
    lines = source.splitlines(keepends=True)
    found[op.name] = "".join(lines[definition.lineno - 1 :])  # without the decorator above it
