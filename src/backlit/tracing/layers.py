"""The names that textbooks give to the values of a network, layer by layer."""

from __future__ import annotations

from collections.abc import Container, Iterable

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


def is_activation(call: Call) -> bool:
    """Whether an op makes of one array another of its shape."""
    lines = [line for line in call.inputs if isinstance(line, Line)]
    return len(lines) == 1 and lines[0].shape == call.out.shape
