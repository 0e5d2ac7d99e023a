"""The one object that the page steers: messages in, answers and frames out."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Any

import numpy as np

from backlit.data.task import Kind
from backlit.live import looking, steering, telling, travelling, walking
from backlit.live.build import Recipe, check_batch
from backlit.live.controls import CONTROLS, Settings
from backlit.live.frames import Layout
from backlit.live.messages import Message, Refusal
from backlit.live.mistakes import Mistake, suited
from backlit.live.pictures import Plane
from backlit.live.problems import PROBLEMS, TABLE, Points
from backlit.live.rows import Rows, Table, drawn, points_of, rows_from
from backlit.live.timeline import Moment, Timeline
from backlit.live.training import Training
from backlit.live.watching import Watching, broken

#: Seconds between two announcements of what changes while it trains, such as how far back one can go.
NEWS_EVERY = 0.5
#: Seconds by which a run may lag behind its speed.
MOST_BEHIND = 0.1
#: Seconds over which steps are counted to tell their speed.
SPEED_OVER = 0.5
#: What answers which message: functions of the session and the message.
ANSWERS = {**steering.ANSWERS, **travelling.ANSWERS, **looking.ANSWERS}
#: What changes nothing: telling the pages of it would make them ask again.
QUESTIONS = frozenset(("inspect", "probe", "program", "lesson"))


class Session:
    """A network in training and all that is shown of it. One thread uses it.

    Settings are given by name, as in `Session("circle", hidden=(8, 8), learning_rate=0.1)`.
    Raises Refusal for settings beyond their limits.

    >>> session = Session("xor")
    >>> session.answer({"do": "step", "what": "batch"})
    []
    >>> session.state()["step"]
    1
    """

    def __init__(self, problem: str = "xor", **settings: Any) -> None:
        wanted = Settings()
        for field, value in {"problem": problem, **settings}.items():
            wanted = wanted.with_value(field.replace("_", "-"), value)
        wanted.check()
        self.settings = wanted
        self.table: tuple[Points, Kind] | None = None  # what was uploaded
        self.columns: list[str] = []
        self.mistake: type[Mistake] | None = None
        self.is_guess = False  # whether its name is hidden
        self.knob: tuple[str, Any] | None = None  # the control in which the second run differs, and its value
        self.version = self.layouts = self.data_version = 0
        self.layout = Layout(0, (), 0)
        self.told_at = -math.inf
        self.begin(self.rows_of(wanted))

    # Building.

    def rows_of(self, settings: Settings) -> Rows:
        """The rows of the problem that is set. Raises Refusal for a table that nobody has uploaded."""
        if settings.problem != TABLE:
            problem = PROBLEMS[settings.problem]
            return drawn(problem, settings.points, settings.noise, settings.test_share, settings.scale)
        if self.table is None:
            raise Refusal("There is no table yet. Upload a CSV file first.")
        return rows_from(*self.table, settings.test_share, settings.scale)

    def begin(self, rows: Rows) -> None:
        """A new run of the settings on these rows, and a second one beside it if one knob is turned for it."""
        check_batch(self.settings, rows)
        recipe = Recipe() if self.mistake is None else self.mistake()
        self.training = Training(self.settings, rows, recipe, watching=Watching())
        self.rival = None if self.knob is None else Training(self.rivals_settings(), rows, recipe, self.training)
        self.timeline = Timeline(self.runs)
        self.present: Moment | None = None  # where to come back to from the past
        self.walk: walking.Walk | None = None  # through the step at hand, phase by phase
        self.is_playing = self.has_ended = False
        self.until: int | None = None  # the step that it plays until, at full speed
        self.notes: list[str] = []
        self.rescue: Message | None = None  # where to go back to from a broken run, and what to set then
        self.is_diagnosed = False  # whether somebody asked the doctor about a hidden mistake
        self.steps_per_second = 0.0
        self.look()
        self.timeline.keep()
        self.plane = Plane(self.rows, telling.telling_axes(rows), (0, 1, 0, 1))
        self.show_rows()
        self.lay_out()

    def rivals_settings(self) -> Settings:
        """The settings of the second run."""
        assert self.knob is not None
        return self.settings.with_value(*self.knob)

    def lay_out(self) -> None:
        """Announce another layout where the network has another shape."""
        layout = Layout.of(self.layouts + 1, self.sizes, self.rows.task.outputs)
        if layout.sections != self.layout.sections:
            self.layout, self.layouts = layout, layout.id

    def show_rows(self) -> None:
        """Other rows, or other axes of them, are on screen."""
        self.shown_rows = telling.rows_shown(self.rows)
        self.plane = Plane(self.rows, self.plane.axes, telling.ranges_of(self.rows, self.plane.axes))
        self.data_version += 1
        self.has_news = self.has_new_data = True

    # What there is.

    @property
    def runs(self) -> list[Training]:
        return [self.training] if self.rival is None else [self.training, self.rival]

    @property
    def rows(self) -> Rows:
        """The rows as the network has them."""
        return self.training.rows

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units of each layer, outputs."""
        return [len(self.rows.names), *self.training.regime.settings.hidden, self.rows.task.outputs]

    @property
    def status(self) -> str:
        """playing, walking, past, ended or paused."""
        if self.is_playing or self.walk is not None:
            return "playing" if self.is_playing else "walking"
        return "past" if self.present else "ended" if self.has_ended else "paused"

    # What the worker asks for.

    def answer(self, message: Message) -> list[Message]:
        """Follow a message. Out: what only the asker hears. Raises Refusal for what cannot be done."""
        answered = ANSWERS.get(message["do"])
        if answered is None:
            raise Refusal(f"Nothing is done for {message['do']!r}.")
        self.has_news |= message["do"] not in QUESTIONS
        if message["do"] not in walking.ON_THE_WAY:
            walking.leave(self)
        return answered(self, message)

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
        said = [self.data()] if self.has_new_data else []
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
        """Train on an uploaded table, to tell its target, or its last column, from the others.

        Raises Refusal if it poses no task, and changes nothing then.
        """
        before = self.table, self.columns
        self.table, self.columns = points_of(table, target), list(table.names)
        try:
            self.change(self.settings.with_value("problem", TABLE), is_anew=True)
        except Refusal:
            self.table, self.columns = before
            raise
        self.notes = [f"{len(self.rows):,} rows, to predict {self.rows.target}."]

    def advance(self, seconds: float) -> bool:
        """Train for about so long, if it plays and a step is due. Out: whether there was anything to do."""
        end = time.perf_counter() + seconds
        did_any = False
        while self.is_playing and (left := end - time.perf_counter()) > 0:
            most = self.steps_due()
            if most < 1:
                break
            self.take(most, left)
            did_any = True
        self.count_speed()
        return did_any

    # Steps.

    def play(self, until: int | None = None) -> None:
        """Take steps until told otherwise, or until one, as fast as it goes."""
        self.is_playing, self.until, self.has_news = True, until, True
        self.start_clock()

    def pause(self) -> None:
        """Stand still after the last whole step."""
        if self.is_playing:
            self.is_playing, self.until, self.has_news = False, None, True
            self.steps_per_second = 0.0
            self.look()
            self.timeline.keep()

    def look(self) -> None:
        """Measure the weights as they are on screen."""
        for run in self.runs:
            run.measure()

    def start_clock(self) -> None:
        """From now on steps are due, the first at once."""
        self.counted, self.counted_step = time.perf_counter(), self.training.step
        rate = int(self.settings.speed) if self.settings.speed != "max" else 1
        self.clock, self.clock_step = self.counted - 1 / rate, self.counted_step

    def steps_due(self) -> int:
        """How many steps the speed allows now, or are left to the one to run to."""
        if self.until is not None:
            return self.until - self.training.step
        if self.settings.speed == "max":
            return 1 << 30
        rate, now = int(self.settings.speed), time.perf_counter()
        due = int((now - self.clock) * rate) - (self.training.step - self.clock_step)
        if due > 1 + MOST_BEHIND * rate:  # what cannot be kept up with is not made up for later
            self.clock, self.clock_step = now - 1 / rate, self.training.step
            return 1
        return due

    def count_speed(self) -> None:
        """Tell the speed by the steps of the last half second."""
        if self.is_playing and (passed := time.perf_counter() - self.counted) >= SPEED_OVER:
            self.steps_per_second = (self.training.step - self.counted_step) / passed
            self.counted, self.counted_step = time.perf_counter(), self.training.step

    def take(self, most: int, seconds: float = 0.0, is_measured: bool = False) -> None:
        """Take at least one and at most so many steps; a single one if it is measured, as it is now and then."""
        training, before = self.training, self.training.step
        is_measured = is_measured or training.is_due
        if is_measured:
            losses = training.advance_and_measure()
        elif self.rival is None:
            losses = training.advance(most, seconds=seconds)
        else:  # which follows after each chunk, in the same order of rows
            losses = training.advance(min(most, training.steps_in(seconds / 2), training.epoch_end - before))
        self.follow(is_measured)
        broken_at = np.flatnonzero(~np.isfinite(losses))
        if len(broken_at):
            self.break_off(before + 1 + int(broken_at[0]))
        elif self.until is not None and training.step >= self.until:
            self.pause()
        elif self.timeline.is_due:
            self.timeline.keep()

    def take_by_hand(self) -> None:
        """One step, operation by operation, as it was recorded. Computed again it would be machine code's."""
        losses = self.training.advance_and_measure(self.training.regime.loop)
        self.follow()
        self.timeline.note_change()
        if not np.all(np.isfinite(losses)):
            self.walk = None
            self.break_off(self.training.step)

    def follow(self, is_measured: bool = True) -> None:
        """Let the second run take the steps of the first."""
        if self.rival is not None:
            self.rival.follow(self.training)
            if is_measured:
                self.rival.measure()

    def break_off(self, step: int) -> None:
        """The loss of a step is not finite: stand there, and say which number broke first."""
        training, watching = self.training, self.training.watching
        assert watching is not None
        self.is_playing, self.until, self.has_ended, self.has_news = False, None, True, True
        self.steps_per_second = 0.0
        self.timeline.show(step - 1)
        where = broken(training)
        watching.is_close = True
        while training.step < step:
            training.advance(1)
            self.follow()
        watching.is_close = False
        self.look()
        good, rate = self.timeline.before_the_rise(), self.settings.learning_rate / 2
        self.timeline.keep()
        self.rescue = {"step": good, "control": "learning-rate", "value": rate}
        self.notes = [
            f"Step {step}: the loss is {training.loss}. The first number that is not finite is in "
            f"{where or 'the loss itself'}. Go back to step {good}, go on from there, and halve the rate to {rate:g}."
        ]

    # Changes.

    def change(self, settings: Settings, is_anew: bool = False) -> None:
        """Go on with other settings, or anew where one of them builds anew. A refusal changes nothing."""
        settings.check()
        old = self.settings
        changed = [c for c in CONTROLS.values() if getattr(old, c.field) != getattr(settings, c.field)]
        has_new_batch = settings.batch not in (old.batch, Settings().batch)
        if is_anew or any(control.resets for control in changed):
            has_new_rows = is_anew or any(c.group == "data" for c in changed)
            rows = self.rows_of(settings) if has_new_rows else self.training.regime.given
            self.check_suited(settings, rows)
            check_batch(settings, rows, has_new_batch)
            self.settings = settings
            self.begin(rows)
        elif [control.name for control in changed] == ["speed"]:
            self.settings = settings
            if self.is_playing:
                self.start_clock()
        elif changed:
            self.refuse_in_past()
            check_batch(settings, self.rows, has_new_batch)
            self.settings = settings
            self.training.set(settings)
            if self.rival is not None:
                self.rival.set(self.rivals_settings())
            self.timeline.note_change()

    def check_suited(self, settings: Settings, rows: Rows) -> None:
        """Raise Refusal for a problem on which the present mistake does not show."""
        if self.mistake is not None and suited(self.mistake, settings, rows) != settings:
            raise Refusal("The present mistake does not show on this problem. Take the mistake away first.")

    def change_rows(self, rows: Rows) -> None:
        """Go on with other rows."""
        check_batch(self.settings, rows)
        for run in self.runs:
            run.take_rows(rows)
        self.show_rows()
        self.look()
        self.timeline.note_change()

    def adopt(self) -> None:
        """Show the settings and rows of the moment at which the runs stand."""
        regime = self.training.regime
        self.settings = dataclasses.replace(regime.asked, speed=self.settings.speed)
        if self.plane.rows is not regime.rows:
            self.show_rows()

    def refuse_to_go_on(self) -> None:
        """Raise Refusal where no step can be taken."""
        self.refuse_in_past()
        if self.has_ended:
            raise Refusal("The loss is not finite any more. Go back to an earlier step and fork, or reset.")

    def refuse_in_past(self) -> None:
        """Raise Refusal while a moment of the past is shown."""
        if self.present is not None:
            raise Refusal(
                f"Step {self.training.step} is a moment of the past. Fork to go on from here, or go back to the latest."
            )
