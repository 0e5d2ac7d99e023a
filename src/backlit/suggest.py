"""The names that somebody who wrote an unknown one may have meant."""

from __future__ import annotations

from collections.abc import Iterable

# Similarity (difflib's ratio, 0 to 1) from which a name is offered; at its default of 0.6 "age" is close to "targte".
CLOSE = 0.7


def did_you_mean(name: str, known: Iterable[str], at_most: int = 3) -> str:
    """A sentence that offers the known names closest to `name`, or lists them all where they are few.

    >>> did_you_mean("speceis", ["sepal_length", "species"])
    "Did you mean 'species'?"
    >>> did_you_mean("q", ["a", "b"])
    "There are: 'a', 'b'."
    """
    import difflib

    names = list(known)
    by_lower = {each.lower(): each for each in reversed(names)}
    close = [by_lower[each] for each in difflib.get_close_matches(name.lower(), by_lower, n=at_most, cutoff=CLOSE)]
    if close:
        return f"Did you mean {_listed(close, ' or ')}?"
    shown = names[:20]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"There are: {_listed(shown, ', ')}{more}." if names else "There are none."


def _listed(names: list[str], joint: str) -> str:
    return joint.join(f"'{name}'" for name in names)
