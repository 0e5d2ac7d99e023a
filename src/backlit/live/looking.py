"""What the page can ask about what it shows: the parts of a number, a program of it, a lesson."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from backlit.live import inspect
from backlit.live.messages import Message, Refusal
from backlit.live.phases import Step
from backlit.live.problems import PROBLEMS
from backlit.live.programs import PROGRAMS, Shown
from backlit.live.walking import recorded
from backlit.suggest import did_you_mean

if TYPE_CHECKING:
    from backlit.live.session import Session


def inspect_one(session: Session, message: Message) -> list[Message]:
    """What lies behind a neuron or a weight, from the step at hand, or else the next one."""
    step = session.walk.step if session.walk is not None else recorded(session.training)
    if "weight" in message:
        layer, unit, source = message["weight"]
        check_place(session, layer, unit, None if source == "b" else source)
        found = inspect.weight(step, layer, unit, None if source == "b" else source)
    else:
        (layer, unit), row = message["neuron"], message.get("row")
        check_place(session, layer, unit, None)
        check_row(step, row)
        found = inspect.neuron(step, layer, unit, row, session.rows.kind)
    return [{**found, "step": session.training.step}]


def check_place(session: Session, layer: int, unit: int, source: int | None) -> None:
    """Raise Refusal for a neuron, or an input of it, that is not there."""
    sizes = session.sizes
    if not 1 <= layer < len(sizes):
        raise Refusal(f"Neurons with weights are in layers 1 to {len(sizes) - 1}, and layer {layer} was named.")
    if unit >= sizes[layer]:
        raise Refusal(f"Layer {layer} has neurons 0 to {sizes[layer] - 1}, and {unit} was named.")
    if source is not None and source >= sizes[layer - 1]:
        raise Refusal(f"Neuron {layer}.{unit} has inputs 0 to {sizes[layer - 1] - 1}, and {source} was named.")


def check_row(step: Step, row: int | None) -> None:
    if row is not None and row >= len(step.rows):
        raise Refusal(f"The batch has rows 0 to {len(step.rows) - 1}, and {row} was named.")


def program(session: Session, message: Message) -> list[Message]:
    """The network on screen as a program of its own."""
    training, settings, language = session.training, session.settings, message["language"]
    regime, problem = training.regime, settings.problem
    if not type(regime.loss).__module__.startswith("backlit.nn"):
        raise Refusal("This run has a mistake in its loss, which a program would only repeat. Take the mistake away.")
    title = PROBLEMS[problem].title if problem in PROBLEMS else "Your own table"
    x, y = session.rows.train
    shown = Shown(title, settings.seed, regime.model, regime.loss, regime.optimizer, x, y, settings.batch)
    with training.running():
        source = PROGRAMS[language](shown)
    loss = training.measures.loss
    return [{"is": "program", "language": language, "name": f"backlit_{language}.py", "source": source, "loss": loss}]


@cache
def lessons() -> dict[str, dict[str, Any]]:
    """The lessons by name, in their order."""
    folder = files("backlit.live") / "lessons"
    found = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json"))
    return {lesson["name"]: lesson for lesson in (json.loads(text) for _, text in found)}


def lessons_listed() -> list[dict[str, str]]:
    """What there is, for `hello`."""
    return [{part: lesson[part] for part in ("name", "title", "about")} for lesson in lessons().values()]


def lesson(session: Session, message: Message) -> list[Message]:
    """A guided lesson, whole."""
    found = lessons().get(message["name"])
    if found is None:
        raise Refusal(f"There is no lesson {message['name']!r}. {did_you_mean(message['name'], lessons())}")
    return [{"is": "lesson", "name": found["name"], "title": found["title"], "steps": found["steps"]}]


ANSWERS: dict[str, Callable[[Any, Message], list[Message]]] = {
    "inspect": inspect_one,
    "program": program,
    "lesson": lesson,
}
