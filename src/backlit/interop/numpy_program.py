"""An exported program's network in NumPy: what a recorded prediction asked for, as an expert would write it."""

from __future__ import annotations

import inspect

from backlit import nn
from backlit.compiler.forward import forward_function
from backlit.data.task import Kind
from backlit.interop.program import QUANTITY, Part
from backlit.ops import activation, softmax
from backlit.ops.registry import Op

IMPORTS = "import numpy as np"

LOAD = '''\
DTYPES = {{"F32": np.float32, "I64": np.int64}}

weights = {{
    name: np.frombuffer(numbers, dtype=DTYPES[kind]).reshape(shape)
    for name, (kind, shape, numbers) in read_weights(Path(__file__).with_name("model.safetensors")).items()
}}
{names}


{functions}

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


def numpy_part(model: nn.Sequential, kind: Kind, inputs: int, outputs: int) -> Part:
    """The network, in evaluation mode, as NumPy lines.

    Raises TypeError for a network whose lines need more than NumPy, or hold for one number of rows only.
    """
    made = forward_function(model, inputs)
    needs = made.needs.removeprefix("import math").strip()  # every program imports math
    if "import " in needs:
        raise TypeError("The network's lines need SciPy, and the program is to do with NumPy alone.")
    names = "\n".join(f'{name} = weights["{path}"]' for name, path in made.paths.items())
    functions = "\n\n\n".join(part for part in (needs, *map(source_of, LAST[kind]), made.source) if part)
    source = LOAD.format(names=names, functions=functions, inputs=inputs, outputs=outputs) + "\n\n" + PREDICT[kind]
    return Part("NumPy", IMPORTS, source, {path: made.arrays[name] for name, path in made.paths.items()})


def source_of(op: Op) -> str:
    """An op's body as a function."""
    text = inspect.getsource(op.forward)
    return text[text.index("def ") :].strip()
