"""What is on screen as a program of its own, with its data and weights: run, it prints the loss on the screen."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlit.live.phases import record
from backlit.nn import Sequential
from backlit.optim import Optimizer
from backlit.tensor import Tensor
from backlit.tracing.graph import Graph, Line
from backlit.tracing.source import literal, program
from backlit.train.batches import Batches
from backlit.train.choices import Loss
from backlit.train.engines import Eager

#: Arrays of more numbers are written as text that is no longer read by people: base64 of their bytes.
MOST_WRITTEN = 2000
WIDTH = 110

NUMPY_HEAD = '''\
"""{title}: forward pass, loss, gradients and one update over all training rows, in NumPy.

Prints the loss that was on the screen. Made by Backlit, seed {seed}.
"""

{imports}

np.seterr(all="ignore")  # where e ** x overflows, 1 / inf is the right 0

'''

TORCH = '''\
"""{title}: the network that was on the screen, in PyTorch. Prints its loss over all training rows.

Made by Backlit, seed {seed}. `train(epochs)` goes on from these weights; the optimizer begins afresh.
"""

{imports}

torch.manual_seed({seed})

{data}
model = nn.Sequential(
{layers})
{weights}
loss_fn = nn.{loss}
optimizer = torch.optim.{optimizer}


def train(epochs, batch={batch}):
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            out = model(x[rows])
            loss = loss_fn(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


model.eval()
with torch.no_grad():
    print(loss_fn(model(x), y).item())
'''


@dataclass(frozen=True)
class Shown:
    """What a program is made of. `x` and `y` are the training rows as the network sees them.

    Shape: x (N, ...), y (N, ...).
    """

    title: str
    seed: int
    model: Sequential
    loss: Loss
    optimizer: Optimizer
    x: Tensor
    y: Tensor
    batch: int


def numpy_program(shown: Shown) -> str:
    """The recorded step over all training rows, in evaluation mode, as readable NumPy."""
    graph = step_over_all(shown).readable()
    given = "\n".join(given_line(line) for line in graph.inputs)
    body = program(graph, given=False).removeprefix("import numpy as np\n")
    assert graph.loss is not None
    lines = "\n".join(with_print(body.strip().splitlines(), graph.loss.name))
    imports = "import numpy as np" if "b64decode" not in given else "import base64\n\nimport numpy as np"
    return NUMPY_HEAD.format(title=shown.title, seed=shown.seed, imports=imports) + f"{given}\n\n{lines}\n"


def step_over_all(shown: Shown) -> Graph:
    """One step on all rows, recorded and left undone."""
    modes = [(module, module.training) for module in shown.model.modules()]
    shown.model.eval()
    try:
        batches = Batches(shown.x, shown.y, None, shuffle=False)
        return record(Eager(shown.model, shown.loss, shown.optimizer, batches)).explanation.graph
    finally:
        for module, was_training in modes:
            module.training = was_training


def with_print(lines: list[str], loss: str) -> Iterator[str]:
    """The program's lines, with the loss printed as soon as it is known."""
    for line in lines:
        yield line
        if line.startswith(f"{loss} = "):
            yield f"print(float({loss}))"


def given_line(line: Line) -> str:
    """An input with its numbers."""
    if not isinstance(line.value, np.ndarray):
        return f"{line.name} = {literal(line.value, repr)}"
    called = f"  # {line.path}" if line.path and line.path != line.name else ""
    return f"{line.name} = {written(line.value)}{called}"


def written(array: np.ndarray[Any, Any]) -> str:
    """An array as an expression that gives it again, to the bit."""
    kind = f"np.{array.dtype.name}" if array.dtype != bool else "bool"
    if array.size > MOST_WRITTEN:
        text = base64.b64encode(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).decode()
        parts = "\n".join(f'    "{part}"' for part in textwrap.wrap(text, WIDTH - 6))
        return f"np.frombuffer(base64.b64decode(\n{parts}\n), {kind}).reshape({array.shape})"
    return f"np.array({rows(array)}, {kind})"


def rows(array: np.ndarray[Any, Any]) -> str:
    """The numbers in square brackets, the shortest digits that give them again; long lists over several lines."""
    if array.ndim == 0:
        return number(array[()])
    parts = [rows(part) for part in array]
    line = f"[{', '.join(parts)}]"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    if array.ndim == 1:
        return "[\n" + textwrap.fill(", ".join(parts), WIDTH, initial_indent="    ", subsequent_indent="    ") + "\n]"
    return "[\n" + textwrap.indent(",\n".join(parts), "    ") + "\n]"


def number(value: Any) -> str:
    return str(value) if np.isfinite(value) else f'float("{value}")'


def torch_program(shown: Shown) -> str:
    """The network as PyTorch's modules, which Backlit's own print themselves as, with the learner's loop."""
    arrays = {name: tensor.array for name, tensor in shown.model.state_dict().items()}
    weights = "".join(f'    "{name}": {as_tensor(array)},\n' for name, array in arrays.items())
    data = f"x = {as_tensor(shown.x.array)}\ny = {as_tensor(shown.y.array)}"
    source = TORCH.format(
        title=shown.title, seed=shown.seed, imports="{imports}", data=data, loss=repr(shown.loss), batch=shown.batch,
        layers="".join(f"    nn.{layer!r},\n" for layer in shown.model),
        weights=f"model.load_state_dict({{\n{weights}}})", optimizer=optimizer_call(shown.optimizer),
    )  # fmt: skip
    imports = [
        "import base64\n" if "b64decode" in source else "",
        "import numpy as np" if "np." in source else "",
        "import torch\nfrom torch import nn",
    ]
    return source.replace("{imports}", "\n".join(part for part in imports if part), 1)


def as_tensor(array: np.ndarray[Any, Any]) -> str:
    if array.size > MOST_WRITTEN:
        return f"torch.from_numpy({written(array)}.copy())"
    return f"torch.tensor({rows(array)}, dtype=torch.{array.dtype.name})"


def optimizer_call(optimizer: Optimizer) -> str:
    """The optimizer's constructor, with the settings that are not its defaults and the rate."""
    make: Any = type(optimizer)
    group, defaults = optimizer.param_groups[0], make([Tensor.wrap(np.zeros(1, np.float32))]).defaults
    given = {
        name: value for name, value in group.items()
        if name == "lr" or (name in defaults and name != "params" and value != defaults[name])
    }  # fmt: skip
    settings = "".join(f", {name}={value!r}" for name, value in given.items())
    return f"{type(optimizer).__name__}(model.parameters(){settings})"


PROGRAMS = {"numpy": numpy_program, "torch": torch_program}


