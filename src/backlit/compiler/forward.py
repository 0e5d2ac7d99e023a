"""A network alone, as a function that needs only NumPy."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backlit.autograd.modes import no_grad
from backlit.tensor import Tensor
from backlit.tracing import Graph, Line, trace
from backlit.tracing.source import prelude, statement

#: Rows of the example that is recorded, and of another one that the function must get right too.
EXAMPLE_ROWS, OTHER_ROWS = 5, 3

FUNCTION = '''\
def forward({x}):
    """The network.  Shape: {x} (rows, {inputs}), out {shape}."""
'''


class Forward(NamedTuple):
    """A function's source, the functions that it needs above it, and its arrays: by their name in the program and, for
    each, what the model calls it.
    """

    source: str
    needs: str
    arrays: dict[str, np.ndarray[Any, Any]]
    paths: dict[str, str]


def forward_function(model: Callable[[Any], Any], inputs: int) -> Forward:
    """Source that defines `forward(x)` for rows of `inputs` numbers, float32.

    The model is run as it is, in evaluation mode if it is. Raises TypeError for a model that draws at random, or whose
    program holds for one number of rows only.
    """
    rng = np.random.default_rng(0)
    example, other = (rng.normal(size=(rows, inputs)).astype(np.float32) for rows in (EXAMPLE_ROWS, OTHER_ROWS))
    with no_grad():
        graph = trace(lambda x: model(x), Tensor.wrap(example)).readable()
        expected = model(Tensor.wrap(other)).array
    given = [line for line in graph.inputs if line.name != "x"]
    if not all(line.path for line in given):
        raise TypeError("The model's program needs numbers that are none of its parameters: it draws at random?")
    (out,) = graph.outputs.values()
    head = FUNCTION.format(x="x", inputs=inputs, shape=shape_of(out))
    body = textwrap.indent("\n".join([*statements(graph), f"return {out.name}"]), "    ")
    arrays, paths = {line.name: line.value for line in given}, {line.name: line.path for line in given}
    made = Forward(f"{head}{body}\n", "\n".join(prelude(graph.lines)).strip(), arrays, paths)
    check(made, other, expected)
    return made


def statements(graph: Graph) -> list[str]:
    """The lines, each with its shape behind it."""
    lines = [line for line in graph if line.kind not in ("input", "same")]
    width = max((len(statement(line)) for line in lines), default=0)
    return [f"{statement(line):{width}}  # {shape_of(line)}" for line in lines]


def shape_of(line: Line) -> str:
    """A shape in which the count of rows is free."""
    if not line.shape or line.shape[0] != EXAMPLE_ROWS:
        return str(line.shape)
    return f"({', '.join(['rows', *map(str, line.shape[1:])])}{',' * (len(line.shape) == 1)})"


def check(made: Forward, x: Any, expected: Any) -> None:
    """Run the function on another number of rows."""
    names: dict[str, Any] = dict(made.arrays)
    with np.errstate(all="ignore"):
        exec(f"import numpy as np\n{made.needs}\n\n{made.source}", names)
        found = names["forward"](x)
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-5, atol=1e-6, equal_nan=True):
        raise TypeError("The model's program depends on the number of rows, and cannot be written once for all.")
