"""Findings for people: cards with the user's own lines, and a summary."""

from __future__ import annotations

import linecache
import os
from collections.abc import Sequence

from backlit.doctor.finding import Finding

#: Lines of the user's shown around the one that is named.
AROUND = 2


def card(finding: Finding) -> str:
    """A finding as a few lines of text: what, where, the code around, the fix, and how to silence it."""
    where = f"{os.path.relpath(finding.file)}, line {finding.line}" if finding.line else finding.file
    after = f", after step {finding.step}" if finding.step else ""
    lines = [f"{finding.severity.upper()}  {finding.rule}", f"  {finding.message}"]
    if where:
        lines += [f"  {where}{after}:", *excerpt(finding)]
    lines += ["  Write instead:", *(f"      {line}" for line in finding.fix.splitlines())]
    if finding.explains:
        lines.append(f"  It explains: {', '.join(finding.explains)}")
    lines.append(f"  More: backlit doctor --explain {finding.rule}   Silence: --silence {finding.rule}")
    return "\n".join(lines)


def excerpt(finding: Finding) -> list[str]:
    """The user's lines around the named one."""
    shown = []
    for number in range(max(1, finding.line - AROUND), finding.line + AROUND + 1):
        text = linecache.getline(finding.file, number).rstrip()
        if text or number == finding.line:
            shown.append(f"    {'>' if number == finding.line else ' '} {number:>4}  {text}")
    return shown


def summary(findings: Sequence[Finding], checked: Sequence[str], steps: int) -> str:
    """How much was looked at, and what for."""
    fired = {rule for finding in findings for rule in (finding.rule, *finding.explains)}
    fine = [rule for rule in checked if rule not in fired]
    counts = [f"{sum(f.severity == s for f in findings)} {s}s" for s in ("error", "warning", "note")]
    watched = f"{steps:,} step{'' if steps == 1 else 's'} watched"
    return f"{watched}: {', '.join(counts)}. Checked and not seen: {', '.join(fine)}."
