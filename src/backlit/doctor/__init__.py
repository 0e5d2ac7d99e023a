"""The doctor: watches a training program, and names the mistake, its line and the fix."""

from __future__ import annotations

from backlit.doctor import check as checks
from backlit.doctor import data, generalisation, gradients, graphs, losses, modes, numbers, order, units
from backlit.doctor.check import check as check
from backlit.doctor.finding import DoctorError as DoctorError
from backlit.doctor.finding import DoctorWarning as DoctorWarning
from backlit.doctor.finding import Finding as Finding
from backlit.doctor.rule import Rule
from backlit.doctor.watch import watch as watch


def rules_in(*rooms: object) -> list[type[Rule]]:
    """The rules that these files define, in order."""
    found = [value for room in rooms for value in vars(room).values() if isinstance(value, type)]
    return list(dict.fromkeys(kind for kind in found if issubclass(kind, Rule) and hasattr(kind, "id")))


#: Every rule there is.
RULES = rules_in(order, graphs, modes, losses, data, numbers, gradients, units, generalisation, checks)
