"""Which messages the page may send, and what each must look like; docs/live.md says what they do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from backlit.suggest import did_you_mean

Message = dict[str, Any]

#: Bytes of a message from the page.
LARGEST = 64 * 1024
#: No step, row, neuron or point has a greater number; floats hold it exactly.
MOST = 2**53 - 1


class Refusal(ValueError):
    """A message that is not followed; its words say why, to whoever sits at the page."""


class Check(NamedTuple):
    """What a part of a message must be: in words, and as a question to a value."""

    says: str
    fits: Callable[[Any], bool]
    is_optional: bool = False


Form = dict[str, Check]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _is_number(value: Any) -> bool:
    # JSON's 1e999 is infinite, and a whole number of 400 digits has no float.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e300


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1000


def _is_setting(value: Any) -> bool:
    """What a control can hold; which of it suits is for the control itself to say."""
    if isinstance(value, list):
        return len(value) <= 64 and all(_is_number(each) or _is_text(each) for each in value)
    return isinstance(value, bool) or _is_number(value) or _is_text(value)


def _is_list_of(*parts: Check) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list)
        and len(value) == len(parts)
        and all(part.fits(each) for part, each in zip(parts, value, strict=True))
    )


WHOLE = Check("a whole number from 0 on", _is_whole)
NUMBER = Check("a finite number", _is_number)
TEXT = Check("a text of at most 1000 letters", _is_text)
SWITCH = Check("true or false", lambda value: isinstance(value, bool))
PLACE = Check("two finite numbers, as in [0.5, -1]", _is_list_of(NUMBER, NUMBER))
NEURON = Check("[layer, neuron], as in [1, 0]", _is_list_of(WHOLE, WHOLE))
INPUT = Check('a whole number from 0 on, or "b"', lambda value: _is_whole(value) or value == "b")
WEIGHT = Check('[layer, neuron, input or "b"], as in [1, 0, 0]', _is_list_of(WHOLE, WHOLE, INPUT))
SETTING = Check("a text, a number, true or false, or a list of at most 64", _is_setting)
TEXTS = Check(
    "an object of at most 64 texts",
    lambda value: isinstance(value, dict) and len(value) <= 64 and all(map(_is_text, [*value, *value.values()])),
)


def one_of(*choices: str) -> Check:
    return Check(f"one of {', '.join(choices)}", lambda value: isinstance(value, str) and value in choices)


def or_null(check: Check) -> Check:
    return Check(f"{check.says}, or null", lambda value: value is None or check.fits(value))


def optional(check: Check) -> Check:
    return check._replace(is_optional=True)


#: What may be asked, and the forms that it may have.
FORMS: dict[str, tuple[Form, ...]] = {
    "frame": ({"maps": SWITCH},),
    "play": ({},),
    "pause": ({},),
    "reset": ({},),
    "step": ({"what": one_of("phase", "back", "batch", "epoch")},),
    "run_to": ({"step": WHOLE}, {"epoch": WHOLE}),
    "set": ({"control": TEXT, "value": SETTING},),
    "settings": ({"settings": TEXTS},),
    "edit": ({"layer": WHOLE, "neuron": WHOLE, "input": INPUT, "value": NUMBER},),
    "add_point": ({"at": PLACE, "label": NUMBER},),
    "remove_point": ({"index": WHOLE},),
    "axes": ({"x": WHOLE, "y": WHOLE},),
    "probe": ({"at": PLACE},),
    "inspect": ({"neuron": NEURON, "row": optional(or_null(WHOLE))}, {"weight": WEIGHT}),
    "scrub": ({"step": WHOLE},),
    "fork": ({},),
    "latest": ({},),
    "compare": ({"control": TEXT, "value": or_null(SETTING)},),
    "mistake": ({"name": or_null(TEXT), "guess": optional(SWITCH)},),
    "guess": ({"name": TEXT},),
    "program": ({"language": one_of("numpy", "torch")},),
    "lesson": ({"name": TEXT},),
    "diagnose": ({},),
}


def read(text: str | bytes) -> Message:
    """The message that the page sent. Raises Refusal, in words about what was received, unless it is one of FORMS.

    >>> read('{"do": "frame", "maps": true}')
    {'do': 'frame', 'maps': True}
    >>> read('{"do": "scrub", "step": -1}')
    Traceback (most recent call last):
    backlit.live.messages.Refusal: scrub: step must be a whole number from 0 on; received -1.
    """
    if isinstance(text, bytes):
        raise Refusal("A message is text, and bytes were received.")
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise Refusal(f"A message has at most {LARGEST} bytes, and this has more.")
    try:
        message = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"A message is JSON, and this is not: {_short(str(error))}") from None
    if not isinstance(message, dict) or not isinstance(message.get("do"), str):
        raise Refusal('A message is an object that says what to "do", as in {"do": "play"}.')
    check(message)
    return message


def check(message: Message) -> None:
    """Raise Refusal unless the message has one of its forms."""
    name = message["do"]
    if name not in FORMS:
        raise Refusal(f"Nothing is done for {_short(repr(name))}. {did_you_mean(name[:40], FORMS)}")
    given = {part: value for part, value in message.items() if part != "do"}
    fitting = next((form for form in FORMS[name] if _has_parts(given, form)), None)
    if fitting is None:
        raise Refusal(f"{name} needs {' or '.join(map(_parts_of, FORMS[name]))}; received {_listed(given)}.")
    for part, value in given.items():
        if not fitting[part].fits(value):
            raise Refusal(f"{name}: {part} must be {fitting[part].says}; received {_short(json.dumps(value))}.")


def written(answer: Message) -> str:
    """The JSON of an answer. It knows no infinite number and no NaN: they are null."""
    try:
        return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_without_holes(answer), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _without_holes(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_holes(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_holes(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _has_parts(given: Message, form: Form) -> bool:
    needed = {part for part, check in form.items() if not check.is_optional}
    return needed <= given.keys() <= form.keys()


def _parts_of(form: Form) -> str:
    return " and ".join(part for part, check in form.items() if not check.is_optional) or "nothing else"


def _listed(given: Message) -> str:
    return _short(", ".join(given)) or "nothing"


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
