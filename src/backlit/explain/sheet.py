"""All formulas of a step as one LaTeX document, for slides and exercise sheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backlit.explain import formulas
from backlit.explain.notation import in_latex, written
from backlit.explain.rules import rules_of

if TYPE_CHECKING:
    from backlit.explain.explanation import Explanation

HEADINGS = {"input": "Given", "forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}
BEGIN = r"""\documentclass{article}
\usepackage{amsmath, amssymb}
\allowdisplaybreaks
\begin{document}
"""


def latex(explanation: Explanation) -> str:
    """A step's formulas in order, with a section for each moment and the local derivatives before the products.

    The document needs the packages amsmath and amssymb, which every distribution of LaTeX has.

    >>> import backlit as torch
    >>> from backlit.explain import explain
    >>> w = torch.tensor([2.0, 3.0], requires_grad=True)
    >>> print(latex(explain(lambda: torch.exp(w).sum().backward())))
    \\documentclass{article}
    ...
    """
    graph = explanation.graph.readable()
    parts = [BEGIN, rf"\title{{Step {explanation.step}}}" if not explanation.script else title(explanation)]
    parts.append("\\maketitle\n")
    for role, heading in HEADINGS.items():
        lines = [line for line in graph.lines if line.role == role and line.expression.text != "seed"]
        said = [*(derivatives(explanation) if role == "backward" else []), *map(formulas.latex, lines)]
        if said:
            parts.append(f"\\section*{{{heading}}}\n{aligned(said)}")
    return "\n".join(parts) + "\n\\end{document}\n"


def title(explanation: Explanation) -> str:
    return rf"\title{{Step {explanation.step} of \texttt{{{in_latex(explanation.script)}}}}}"


def derivatives(explanation: Explanation) -> Iterator[str]:
    """The local derivatives of the calls that a gradient went through, the last call's first."""
    for call in reversed(explanation.graph.calls.values()):
        for at, _ in rules_of(call) if call.gradients else ():
            local = formulas.local_derivative(call, at)
            if local is not None:
                yield written(local, "latex")


def aligned(said: list[str]) -> str:
    """Formulas below each other, aligned at the first sign that relates their sides."""
    return "\\begin{align*}\n" + " \\\\\n".join(map(marked, said)) + "\n\\end{align*}\n"


def marked(formula: str) -> str:
    """A formula with an & before its first =, ∈ or ←."""
    at = min((k for sign in (" = ", r" \in ", r" \leftarrow ") if (k := formula.find(sign)) >= 0), default=0)
    return f"{formula[:at]} &{formula[at:]}"
