"""The names that textbooks give to the values of a network, layer by layer."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from backlit.tracing.graph import Call, Line


def layer_names(calls: Iterable[Call], parameters: Container[int]) -> dict[int, str]:
    """W1, b1, z1, a1, W2, ... by id of line, where a network is nothing but linear layers and functions between them.

    z is what a linear layer gives and a what the function behind it makes of z, as in Nielsen, "Neural Networks and
    Deep Learning", chapter 2. `parameters` are the ids of the lines of the model's parameters. Out: nothing, if a
    layer's weights are used twice or are no parameters of their own: numbers would mislead there.
    """
    names: dict[int, str] = {}
    behind: dict[int, str] = {}  # of a z: the name of what the function behind it gives
    count = 0
    for call in calls:
        if call.op == "linear":
            weights = [line for line in call.inputs[1:] if isinstance(line, Line)]
            if any(line.role == "update" for line in weights):
                continue  # the network once more, after its update
            if any(id(line) not in parameters or id(line) in names for line in weights):
                return {}
            count += 1
            names |= {id(line): f"{letter}{count}" for letter, line in zip("Wb", weights, strict=False)}
            names[id(call.out)], behind[id(call.out)] = f"z{count}", f"a{count}"
        elif is_activation(call) and id(call.inputs[0]) in behind:
            names[id(call.out)] = behind.pop(id(call.inputs[0]))
    return names


def module_names(calls: Sequence[Call], owners: Sequence[str]) -> dict[int, str]:
    """By id of line: what a layer gives bears the layer's name, what is made on the way there the op's as well.

    `owners` are the paths of the modules that make the calls, "" for none.
    """
    names: dict[int, str] = {}
    for owner, run in groupby(zip(owners, calls, strict=True), key=itemgetter(0)):
        made = [call for _, call in run]
        is_layer = not any(other.startswith(f"{owner}.") for other in owners)
        is_one_op = len({call.op for call in made}) == 1
        for call in made:
            is_whole = is_layer and (is_one_op or call is made[-1])
            names[id(call.out)] = plain(owner) if is_whole else f"{plain(owner)}_{call.op}"
    return names


def plain(path: str) -> str:
    """A path as a Python name: "0.weight" -> "layer_0_weight", "net.0.bias" -> "net_0_bias", "w['a']" -> "w_a"."""
    name = re.sub(r"\W+", "_", path.rstrip("]'"))
    return f"layer_{name}" if name[:1].isdigit() or keyword.iskeyword(name) else name


def is_activation(call: Call) -> bool:
    """Whether an op makes of one array another of its shape."""
    lines = [line for line in call.inputs if isinstance(line, Line)]
    return len(lines) == 1 and lines[0].shape == call.out.shape
