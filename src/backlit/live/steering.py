"""What the page can do to a run: play it, take it step by step, set, edit, add and remove."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from backlit.live import telling, walking
from backlit.live.build import predicted
from backlit.live.controls import Settings
from backlit.live.messages import Message, Refusal
from backlit.live.pictures import layer_outputs

if TYPE_CHECKING:
    from backlit.live.session import Session

Answer = Callable[["Session", Message], list[Message]]


def play(session: Session, message: Message) -> list[Message]:
    """Take steps until told otherwise."""
    session.refuse_to_go_on()
    session.play()
    return []


def pause(session: Session, message: Message) -> list[Message]:
    session.pause()
    return []


def reset(session: Session, message: Message) -> list[Message]:
    """The network as it was before its first step; the rows stay, added points among them."""
    axes = session.plane.axes
    session.begin(session.training.regime.given)
    session.plane = dataclasses.replace(session.plane, axes=axes)
    session.show_rows()
    return []


def step(session: Session, message: Message) -> list[Message]:
    """A phase on or back, the rest of a step, or of an epoch."""
    what = message["what"]
    if what == "phase":
        walking.forward(session)
    elif what == "back":
        walking.back(session)
    elif what == "batch" and session.walk is not None:
        walking.finish(session)
        walking.leave(session)
    else:
        walking.leave(session)
        session.refuse_to_go_on()
        session.pause()
        if what == "epoch":
            session.play(session.training.epoch_end)
        else:
            session.take(1, is_measured=True)
            session.timeline.keep()
    return []


def run_to(session: Session, message: Message) -> list[Message]:
    """Play, as fast as it goes, until a step or the end of an epoch."""
    session.refuse_to_go_on()
    training = session.training
    ahead = message.get("epoch", 0) - training.epoch - 1
    step = message.get("step", training.epoch_end + ahead * training.regime.batches.steps_per_epoch)
    if step <= training.step:
        raise Refusal(f"This is step {training.step}, and step {step} is not ahead of it. Scrub to go back.")
    session.play(step)
    return []


def set_one(session: Session, message: Message) -> list[Message]:
    """Change a setting."""
    session.change(session.settings.with_value(message["control"], message["value"]))
    return []


def set_all(session: Session, message: Message) -> list[Message]:
    """The settings of an address."""
    session.change(Settings.from_address(message["settings"]))
    return []


def edit(session: Session, message: Message) -> list[Message]:
    """Write one weight or bias."""
    session.refuse_in_past()
    layer, neuron, source, value = (message[part] for part in ("layer", "neuron", "input", "value"))
    layers = session.training.layers
    if not 1 <= layer <= len(layers):
        raise Refusal(f"Weights lead into layers 1 to {len(layers)}, and layer {layer} was named.")
    weight, bias = layers[layer - 1].weight.array, layers[layer - 1].bias.array
    wide, narrow = weight.shape
    if neuron >= wide:
        raise Refusal(f"Layer {layer} has neurons 0 to {wide - 1}, and {neuron} was named.")
    if source != "b" and source >= narrow:
        raise Refusal(f"Neuron {layer}.{neuron} has inputs 0 to {narrow - 1}, and {source} was named.")
    if not abs(value) <= float(np.finfo(np.float32).max):
        raise Refusal(f"A weight is a number of single precision, and {value:g} is beyond them.")
    if source == "b":
        bias[neuron] = value
    else:
        weight[neuron, source] = value
    session.look()
    session.timeline.note_change()
    return []


def add_point(session: Session, message: Message) -> list[Message]:
    """One training row more, at a place of the plane."""
    session.refuse_in_past()
    at = session.plane.inputs_at(np.array([message["at"]], float))[0]
    session.change_rows(session.training.regime.given.with_point(at, float(message["label"])))
    return []


def remove_point(session: Session, message: Message) -> list[Message]:
    """One row less."""
    session.refuse_in_past()
    index = message["index"]
    if index >= len(session.shown_rows):
        raise Refusal(f"The points are 0 to {len(session.shown_rows) - 1}, and {index} was named.")
    session.change_rows(session.training.regime.given.without(int(session.shown_rows[index])))
    return []


def axes(session: Session, message: Message) -> list[Message]:
    """Show two other inputs."""
    count, chosen = len(session.rows.names), (message["x"], message["y"])
    if not all(axis < count for axis in chosen):
        raise Refusal(f"The inputs are 0 to {count - 1}, and {chosen[0]} and {chosen[1]} were named.")
    if chosen[0] == chosen[1] and count > 1:
        raise Refusal("The two axes must show two different inputs.")
    session.plane = dataclasses.replace(session.plane, axes=chosen)
    session.show_rows()
    return []


def probe(session: Session, message: Message) -> list[Message]:
    """What the network says at a place of the plane."""
    x = session.plane.given(np.array([message["at"]], float))
    with np.errstate(all="ignore"):
        said = predicted(session.rows, layer_outputs(session.training.model, x)[-1])[0]
    text = telling.said(session.rows, said)
    return [{"is": "probe", "at": message["at"], "outputs": said.tolist(), "text": text}]


ANSWERS: dict[str, Answer] = {
    "play": play,
    "pause": pause,
    "reset": reset,
    "step": step,
    "run_to": run_to,
    "set": set_one,
    "settings": set_all,
    "edit": edit,
    "add_point": add_point,
    "remove_point": remove_point,
    "axes": axes,
    "probe": probe,
}
