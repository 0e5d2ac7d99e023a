"""The one object that the page steers: messages in, answers and frames out."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from backlit.live import telling
from backlit.live.build import predicted
from backlit.live.controls import CONTROLS, Settings
from backlit.live.frames import Layout
from backlit.live.messages import Message, Refusal
from backlit.live.pictures import Plane, layer_outputs
from backlit.live.problems import PROBLEMS, TABLE, Points
from backlit.live.rows import Rows, Table, drawn, points_of, rows_from
from backlit.live.training import Training

#: Seconds between two announcements of what changes while it trains, such as how far back one can go.
NEWS_EVERY = 0.5
#: Seconds over which steps are counted to tell their speed.
SPEED_OVER = 0.5


class Session:
    """A network in training and all that is shown of it. One thread uses it.

    Settings are given by name, as in `Session("circle", hidden=(8, 8), learning_rate=0.1)`.
    Raises Refusal for settings beyond their limits.

    >>> session = Session("xor")
    >>> session.answer({"do": "play"})
    []
    >>> session.advance(0.01)
    True
    """

    def __init__(self, problem: str = "xor", **settings: Any) -> None:
        wanted = Settings()
        for field, value in {"problem": problem, **settings}.items():
            wanted = wanted.with_value(field.replace("_", "-"), value)
        wanted.check()
        self.settings = wanted
        self.table: tuple[Points, Any] | None = None  # what was uploaded
        self.columns: list[str] = []
        self.notes: list[str] = []
        self.version = self.layouts = self.data_version = 0
        self.has_news = self.has_new_data = True
        self.told_at = -math.inf
        self.is_playing = False
        self.until: int | None = None  # the step that it plays until, at full speed
        self.answers: dict[str, Callable[[Message], list[Message]]] = {
            do: getattr(self, method) for do, method in ANSWERS.items()
        }
        self.build()

    # Building.

    def build(self) -> None:
        """Everything anew, from the settings."""
        self.begin(self.rows_of(self.settings))

    def rows_of(self, settings: Settings) -> Rows:
        """The rows of the problem that is set. Raises Refusal for a table that nobody has uploaded."""
        if settings.problem != TABLE:
            problem = PROBLEMS[settings.problem]
            return drawn(problem, settings.points, settings.noise, settings.test_share, settings.scale)
        if self.table is None:
            raise Refusal("There is no table yet. Upload a CSV file first.")
        return rows_from(*self.table, settings.test_share, settings.scale)

    def begin(self, rows: Rows) -> None:
        """A new run on these rows."""
        training = Training(self.settings, rows)
        training.measure()
        self.training, self.rows = training, rows
        self.pause()
        self.plane = Plane(rows, telling.telling_axes(rows), (0, 1, 0, 1))
        self.show_rows(rows)
        self.layouts += 1
        self.layout = Layout.of(self.layouts, self.sizes, rows.task.outputs)
        self.clock = self.counted = 0.0
        self.counted_step = 0
        self.steps_per_second = 0.0

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units of each layer, outputs."""
        return [len(self.rows.names), *self.settings.hidden, self.rows.task.outputs]

    def show_rows(self, rows: Rows) -> None:
        """Other rows are on screen."""
        self.rows = rows
        self.shown_rows = telling.rows_shown(rows)
        self.plane = Plane(rows, self.plane.axes, telling.ranges_of(rows, self.plane.axes))
        self.data_version += 1
        self.has_news = self.has_new_data = True

    # What the worker asks for.

    def answer(self, message: Message) -> list[Message]:
        """Follow a message. Out: what only the asker hears. Raises Refusal for what cannot be done."""
        answered = self.answers.get(message["do"])
        if answered is None:
            raise Refusal(f"Nothing is done for {message['do']!r}.")
        said = answered(message)
        self.has_news = True
        return said

    def hello(self) -> Message:
        """What a page must know before anything else."""
        return telling.hello()

    def state(self) -> Message:
        """How everything stands."""
        return telling.state(self)

    def data(self) -> Message:
        """The points, and how to draw them."""
        return telling.data(self)

    def news(self) -> list[Message]:
        """What all pages must hear since they were last told."""
        is_late = self.is_playing and time.perf_counter() - self.told_at > NEWS_EVERY
        said = []
        if self.has_new_data:
            said.append(self.data())
        if self.has_news or is_late:
            self.version += 1
            said.append(self.state())
            self.told_at = time.perf_counter()
        self.has_news = self.has_new_data = False
        return said

    def frame(self, maps: bool) -> bytes:
        """What is drawn, as it is now."""
        return self.layout.pack(telling.arrays(self, maps), maps)

    def upload(self, table: Table, target: str | None = None) -> None:
        """Train on an uploaded table, to tell its target from its other columns. Raises Refusal if it poses no task."""
        before = self.table, self.columns, self.settings
        self.table, self.columns = points_of(table, target), list(table.names)
        try:
            self.change(self.settings.with_value("problem", TABLE))
        except Refusal:
            self.table, self.columns, self.settings = before
            raise
        self.notes = [f"{len(self.rows):,} rows, to predict {self.rows.target}."]
        self.has_news = True

    def advance(self, seconds: float) -> bool:
        """Train for about so long, if it plays and a step is due. Out: whether there was anything to do."""
        if not self.is_playing:
            return False
        end = time.perf_counter() + seconds
        did_any = False
        while self.is_playing and (left := end - time.perf_counter()) > 0:
            most = self.steps_due()
            if most < 1:
                break
            self.take(min(most, self.training.steps_in(left)))
            did_any = True
        self.count_speed()
        return did_any

    # Steps.

    def steps_due(self) -> int:
        """How many steps the speed allows now, or the step to run to."""
        if self.until is not None:
            return self.until - self.training.step
        if self.settings.speed == "max":
            return 1 << 30
        due = int((time.perf_counter() - self.clock) * int(self.settings.speed))
        return due - (self.training.step - self.clock_step)

    def take(self, most: int) -> None:
        """Take at least one and at most so many steps."""
        training = self.training
        losses = training.advance_and_measure() if training.is_due else training.advance(most)
        if not np.all(np.isfinite(losses)) or (self.until is not None and training.step >= self.until):
            self.pause()

    def start_clock(self) -> None:
        """From now on steps are due."""
        self.clock, self.clock_step = time.perf_counter(), self.training.step
        self.counted, self.counted_step = self.clock, self.clock_step

    def count_speed(self) -> None:
        """Tell the speed by the steps of the last half second."""
        passed = time.perf_counter() - self.counted
        if passed >= SPEED_OVER:
            self.steps_per_second = (self.training.step - self.counted_step) / passed
            self.counted, self.counted_step = time.perf_counter(), self.training.step

    def look(self) -> None:
        """Measure the weights as they are on screen."""
        self.training.measure()

    # Answers.

    def play(self, message: Message | None = None) -> list[Message]:
        """Take steps until told otherwise."""
        self.is_playing, self.until = True, None
        self.start_clock()
        return []

    def pause(self, message: Message | None = None) -> list[Message]:
        """Stand still after the last whole step."""
        if self.is_playing:
            self.look()
        self.is_playing, self.until, self.has_news = False, None, True
        self.steps_per_second = 0.0
        return []

    def reset(self, message: Message) -> list[Message]:
        """The network as it was before its first step; the rows stay, added points among them."""
        self.begin(self.rows)
        return []

    def step(self, message: Message) -> list[Message]:
        """The rest of a step, or of an epoch."""
        self.pause()
        if message["what"] == "batch":
            self.training.advance_and_measure()
        elif message["what"] == "epoch":
            self.play_until(self.training.epoch_end)
        else:
            raise Refusal("Phases are not shown here.")
        return []

    def run_to(self, message: Message) -> list[Message]:
        """Play, as fast as it goes, until a step or the end of an epoch."""
        if "epoch" in message:
            ahead = message["epoch"] - self.training.epoch
            regime = self.training.regime
            step = self.training.epoch_end + (ahead - 1) * regime.batches.steps_per_epoch
        else:
            step = message["step"]
        if step <= self.training.step:
            raise Refusal(f"This is step {self.training.step}, and step {step} is not ahead of it. Scrub to go back.")
        self.play_until(step)
        return []

    def play_until(self, step: int) -> None:
        self.play()
        self.until = step

    def set(self, message: Message) -> list[Message]:
        """Change a setting."""
        self.change(self.settings.with_value(message["control"], message["value"]))
        return []

    def set_all(self, message: Message) -> list[Message]:
        """The settings of an address."""
        self.change(Settings.from_address(message["settings"]))
        return []

    def change(self, settings: Settings) -> None:
        """Go on with other settings, or anew where one of them builds anew. A refusal changes nothing."""
        settings.check()
        old, before = self.settings, self.rows
        changed = [c for c in CONTROLS.values() if getattr(old, c.field) != getattr(settings, c.field)]
        if any(control.resets for control in changed):
            rows = self.rows_of(settings) if any(c.group == "data" for c in changed) else before
            telling.check_batch(settings, rows)
            self.settings, self.notes = settings, []
            self.begin(rows)
        elif changed:
            telling.check_batch(settings, before)
            self.settings = settings
            self.training.set(settings)
            if any(control.name == "speed" for control in changed) and self.is_playing and self.until is None:
                self.start_clock()

    def edit(self, message: Message) -> list[Message]:
        """Write one weight or bias."""
        layer, neuron, source, value = (message[part] for part in ("layer", "neuron", "input", "value"))
        layers = self.training.layers
        if not 1 <= layer <= len(layers):
            raise Refusal(f"Weights lead into layers 1 to {len(layers)}, and layer {layer} was named.")
        weight, bias = layers[layer - 1].weight.array, layers[layer - 1].bias.array
        wide, narrow = weight.shape
        if neuron >= wide:
            raise Refusal(f"Layer {layer} has neurons 0 to {wide - 1}, and {neuron} was named.")
        if source != "b" and source >= narrow:
            raise Refusal(f"Neuron {layer}.{neuron} has inputs 0 to {narrow - 1}, and {source} was named.")
        if not math.isfinite(np.float32(value)):
            raise Refusal(f"A weight is a number of single precision, and {value:g} is beyond them.")
        if source == "b":
            bias[neuron] = value
        else:
            weight[neuron, source] = value
        self.look()
        return []

    def add_point(self, message: Message) -> list[Message]:
        """One training row more, at a place of the plane."""
        at = self.plane.inputs_at(np.array([message["at"]], float))[0]
        self.take_rows(self.rows.with_point(at, float(message["label"])))
        return []

    def remove_point(self, message: Message) -> list[Message]:
        """One row less."""
        index = message["index"]
        if index >= len(self.shown_rows):
            raise Refusal(f"The points are 0 to {len(self.shown_rows) - 1}, and {index} was named.")
        self.take_rows(self.rows.without(int(self.shown_rows[index])))
        return []

    def take_rows(self, rows: Rows) -> None:
        """Go on with other rows."""
        telling.check_batch(self.settings, rows)
        self.training.take_rows(rows)
        self.show_rows(rows)
        self.look()

    def axes(self, message: Message) -> list[Message]:
        """Show two other inputs."""
        count = len(self.rows.names)
        chosen = message["x"], message["y"]
        if not all(axis < count for axis in chosen):
            raise Refusal(f"The inputs are 0 to {count - 1}, and {chosen[0]} and {chosen[1]} were named.")
        if chosen[0] == chosen[1] and count > 1:
            raise Refusal("The two axes must show two different inputs.")
        self.plane = dataclasses.replace(self.plane, axes=chosen)
        self.show_rows(self.rows)
        return []

    def probe(self, message: Message) -> list[Message]:
        """What the network says at a place of the plane."""
        x = self.plane.given(np.array([message["at"]], float))
        said = predicted(self.rows, layer_outputs(self.training.model, x)[-1])[0]
        return [{"is": "probe", "at": message["at"], "outputs": said.tolist(), "text": telling.said(self.rows, said)}]


#: Which method answers which message.
ANSWERS = {
    "play": "play", "pause": "pause", "reset": "reset", "step": "step", "run_to": "run_to", "set": "set",
    "settings": "set_all", "edit": "edit", "add_point": "add_point", "remove_point": "remove_point", "axes": "axes",
    "probe": "probe",
}  # fmt: skip
