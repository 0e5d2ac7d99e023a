"""What the page can do beside training: go back in time, run two networks side by side, make mistakes on purpose."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backlit.live.build import check_batch
from backlit.live.controls import control_of
from backlit.live.messages import Message, Refusal
from backlit.live.mistakes import MISTAKES, Mistake, mistake_named, suited
from backlit.live.timeline import moment_of
from backlit.live.watching import Watching

if TYPE_CHECKING:
    from backlit.live.session import Session


def scrub(session: Session, message: Message) -> list[Message]:
    """Show a moment. The newest one is kept, to come back to."""
    session.pause()
    if session.present is None:
        session.present = moment_of(session.runs)
    if message["step"] >= session.present.step:
        return latest(session, message)
    session.timeline.show(message["step"])
    session.adopt()
    return []


def fork(session: Session, message: Message) -> list[Message]:
    """Go on from the moment that is shown, with the settings of then. What came after it is dropped."""
    if session.present is None:
        raise Refusal("This is the latest moment. Scrub to an earlier one first, to go on from there.")
    session.present, session.has_ended, session.rescue, session.notes = None, False, None, []
    session.training.watching = Watching(session.training.step)
    session.timeline.cut()
    return []


def latest(session: Session, message: Message) -> list[Message]:
    """Leave the past."""
    if session.present is not None:
        session.timeline.put_back(session.present)
        session.present = None
        session.timeline.look()
        session.adopt()
    return []


def compare(session: Session, message: Message) -> list[Message]:
    """A second run beside the first one, both from the first step on; or the end of it."""
    control, value = control_of(message["control"]), message["value"]
    if value is None:
        latest(session, message)
        session.knob = session.rival = None
        session.timeline.part()
        return []
    if (control.group == "data" and control.name != "batch") or control.name in ("speed", "seed"):
        raise Refusal(f"Two runs side by side have the same data, seed and speed: {control.label} cannot differ.")
    other = session.settings.with_value(control.name, value)
    other.check()
    check_batch(other, session.rows, control.name == "batch")
    if other == session.settings:
        raise Refusal(f"{control.label} has this value in the first run too: there would be nothing to compare.")
    session.knob = control.name, getattr(other, control.field)
    session.begin(session.training.regime.given)
    session.notes = ["Both runs began anew, with the same data, seed and order of rows."]
    return []


def mistake(session: Session, message: Message) -> list[Message]:
    """Build the run with a mistake, or a hidden one, or without any."""
    is_guess = message.get("guess", False)
    made: type[Mistake] | None = None
    if message["name"] is not None:
        made = mistake_named(message["name"])
    elif is_guess:
        made = any_but(session.mistake, session)
    settings = session.settings if made is None else suited(made, session.settings, session.rows)
    has_moved = settings != session.settings
    rows = session.rows_of(settings) if has_moved else session.training.regime.given
    session.mistake, session.is_guess, session.settings = made, is_guess and made is not None, settings
    session.begin(rows)
    if has_moved:
        session.notes = [f"The problem is now {settings.problem}, on which this mistake shows."]
    return []


def any_but(last: type[Mistake] | None, session: Session) -> type[Mistake]:
    """A mistake that shows on the present problem, and is not the last one again."""
    known = [m for m in MISTAKES.values() if m is not last]
    fitting = [m for m in known if suited(m, session.settings, session.rows) == session.settings]
    return secrets.choice(fitting or known)


def guess(session: Session, message: Message) -> list[Message]:
    """Is the hidden mistake the one that is named? If so, it is shown."""
    named = mistake_named(message["name"])
    if session.mistake is None or not session.is_guess:
        raise Refusal("No mistake is hidden. Ask for a hidden one first.")
    is_right = named is session.mistake
    session.is_guess = not is_right
    lesson = named.lesson if is_right else f"It is another one. With this one: {named.symptom}"
    return [{"is": "guessed", "is_right": is_right, "name": named.name, "title": named.title, "lesson": lesson}]


def diagnose(session: Session, message: Message) -> list[Message]:
    """Ask the doctor, whose findings are in the state that follows; of a hidden mistake they are said only now."""
    session.is_diagnosed = True
    return []


ANSWERS: dict[str, Callable[[Any, Message], list[Message]]] = {
    "scrub": scrub,
    "fork": fork,
    "latest": latest,
    "compare": compare,
    "mistake": mistake,
    "guess": guess,
    "diagnose": diagnose,
}
