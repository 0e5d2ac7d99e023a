"""Formulas as trees, and the three ways to write one down: plain text, LaTeX and MathML."""

from __future__ import annotations

import math
import re
from html import escape
from typing import Any, Literal, NamedTuple

Way = Literal["text", "latex", "mathml"]
WAYS: tuple[Way, ...] = ("text", "latex", "mathml")


class Term(NamedTuple):
    """A formula or a part of one. `kind` is a key of FORMS, or "name", "number", "words" (a
    function's name or a sign) or "label" for the leaves."""

    kind: str
    text: str = ""
    parts: tuple[Term, ...] = ()


class Form(NamedTuple):
    """How one kind of term is written: a pattern, how tightly it binds, and how tightly each part must bind."""

    pattern: str
    binds: int
    least: tuple[int, ...] = (0, 0)


#: From the loosest to the tightest. A part that binds less tightly than its place asks for gets brackets.
LIST, LOGIC, COMPARED, SUM, FRACTION, PRODUCT, POWER, TIGHT = range(8)


MINUS = "\N{MINUS SIGN}"


def infix(text: str, latex: str, binds: int) -> tuple[Form, Form, Form]:
    """A sign between two parts; of several in a row the left one comes first."""
    mark = text.strip().replace("-", MINUS)
    least = (binds, binds + 1 if binds else binds)
    return (
        Form(f"{{0}}{text}{{1}}", binds, least),
        Form(f"{{0}}{latex}{{1}}", binds, least),
        Form(f"{{0}}<mo>{escape(mark)}</mo>{{1}}" if mark else '{0}<mspace width="0.2em"></mspace>{1}', binds, least),
    )


def fence(text: str, latex: str) -> tuple[Form, Form, Form]:
    """A pair of signs around the one part: the first and the last of `text`, and of `latex` with a space between."""
    left, right = latex.split()
    opened, closed = text[0], text[-1]
    return (
        Form(f"{opened}{{0}}{closed}", TIGHT, (LIST,)),
        Form(rf"\left{left} {{0}} \right{right}", TIGHT, (LIST,)),
        Form(f"<mrow><mo>{opened}</mo>{{0}}<mo>{closed}</mo></mrow>", TIGHT, (LIST,)),
    )


#: Every kind of term as text, as LaTeX and as MathML.
FORMS: dict[str, tuple[Form, Form, Form]] = {
    "+": infix(" + ", " + ", SUM),
    "-": infix(" - ", " - ", SUM),
    "times": infix(" ", r" \, ", PRODUCT),  # of matrices, or with a number
    "each": infix(" ⊙ ", r" \odot ", PRODUCT),  # element by element
    "=": infix(" = ", " = ", COMPARED),
    "!=": infix(" ≠ ", r" \ne ", COMPARED),
    "<": infix(" < ", " < ", COMPARED),
    "<=": infix(" ≤ ", r" \le ", COMPARED),
    ">": infix(" > ", " > ", COMPARED),
    ">=": infix(" ≥ ", r" \ge ", COMPARED),
    "and": infix(" ∧ ", r" \land ", LOGIC),
    "or": infix(" \N{LOGICAL OR} ", r" \lor ", LOGIC),
    "xor": infix(" ⊕ ", r" \oplus ", LOGIC),
    "becomes": infix(" ← ", r" \leftarrow ", LIST),
    "is": infix(" = ", " = ", LIST),
    "in": infix(" ∈ ", r" \in ", LIST),
    "by": infix(" × ", r" \times ", PRODUCT),
    "comma": infix(", ", ", ", LIST),
    "fraction": (
        Form("{0} / {1}", FRACTION, (FRACTION, POWER)),
        Form(r"\frac{{{0}}}{{{1}}}", POWER),
        Form("<mfrac><mrow>{0}</mrow><mrow>{1}</mrow></mfrac>", POWER),
    ),
    "minus": (
        Form("-{0}", FRACTION, (FRACTION,)),
        Form("-{0}", FRACTION, (FRACTION,)),
        Form(f"<mo>{MINUS}</mo>{{0}}", FRACTION, (FRACTION,)),
    ),
    "not": (
        Form("¬{0}", PRODUCT, (TIGHT,)),
        Form(r"\lnot {0}", PRODUCT, (TIGHT,)),
        Form("<mo>¬</mo>{0}", PRODUCT, (TIGHT,)),
    ),
    "power": (
        Form("{0}^{1}", POWER, (TIGHT, TIGHT)),
        Form("{{{0}}}^{{{1}}}", POWER, (TIGHT, LIST)),
        Form("<msup><mrow>{0}</mrow><mrow>{1}</mrow></msup>", POWER, (TIGHT, LIST)),
    ),
    "transposed": (
        Form("{0}ᵀ", POWER, (TIGHT,)),
        Form(r"{{{0}}}^\top", POWER, (TIGHT,)),
        Form("<msup><mrow>{0}</mrow><mo>&#x22A4;</mo></msup>", POWER, (TIGHT,)),
    ),
    "new": (
        Form("new_{0}", TIGHT, (TIGHT,)),
        Form("{{{0}}}'", POWER, (TIGHT,)),
        Form("<msup><mrow>{0}</mrow><mo>&#x2032;</mo></msup>", POWER, (TIGHT,)),
    ),
    "root": (
        Form("√{0}", POWER, (TIGHT,)),
        Form(r"\sqrt{{{0}}}", TIGHT, (LIST,)),
        Form("<msqrt><mrow>{0}</mrow></msqrt>", TIGHT, (LIST,)),
    ),
    "index": (
        Form("{0}[{1}]", TIGHT, (TIGHT, LIST)),
        Form("{{{0}}}_{{{1}}}", TIGHT, (TIGHT, LIST)),
        Form("<msub><mrow>{0}</mrow><mrow>{1}</mrow></msub>", TIGHT, (TIGHT, LIST)),
    ),
    # A function's name and its arguments; a sum's sign (what it runs over below it) and what it adds.
    "function": (
        Form("{0}({1})", TIGHT, (TIGHT, LIST)),
        Form(r"{0}\left({1}\right)", TIGHT, (TIGHT, LIST)),
        Form("{0}<mo>&#x2061;</mo><mrow><mo>(</mo>{1}<mo>)</mo></mrow>", TIGHT, (TIGHT, LIST)),
    ),
    "over": (
        Form("{0} {1}", PRODUCT, (LIST, PRODUCT)),
        Form("{0} {1}", PRODUCT, (LIST, PRODUCT)),
        Form("{0}{1}", PRODUCT, (LIST, PRODUCT)),
    ),
    "below": (
        Form("{0}_{1}", TIGHT, (TIGHT, TIGHT)),
        Form("{0}_{{{1}}}", TIGHT, (TIGHT, LIST)),
        Form("<munder><mrow>{0}</mrow><mrow>{1}</mrow></munder>", TIGHT, (TIGHT, LIST)),
    ),
    "derivative": (
        Form("∂{0}/∂{1}", POWER, (TIGHT, TIGHT)),
        Form(r"\frac{{\partial {0}}}{{\partial {1}}}", POWER, (TIGHT, TIGHT)),
        Form("<mfrac><mrow><mo>∂</mo>{0}</mrow><mrow><mo>∂</mo>{1}</mrow></mfrac>", POWER, (TIGHT, TIGHT)),
    ),
    # The parts in turn: a value, the condition under which it holds, and the value otherwise.
    "cases": (
        Form("{0} if {1} else {2}", LIST, (LOGIC, LOGIC, LOGIC)),
        Form(
            r"\begin{{cases}} {0} & \text{{if }} {1} \\ {2} & \text{{otherwise}} \end{{cases}}",
            TIGHT,
            (LIST, LIST, LIST),
        ),
        Form(
            "<mrow><mo>{{</mo><mtable><mtr><mtd>{0}</mtd><mtd><mtext>if&#xA0;</mtext>{1}</mtd></mtr>"
            "<mtr><mtd>{2}</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
            TIGHT,
            (LIST, LIST, LIST),
        ),
    ),
    "bracket": fence("[]", "[ ]"),  # Iverson's: 1 where the statement holds, else 0
    "tuple": fence("()", "( )"),
    "size": fence("||", "| |"),
    "floor": fence("⌊⌋", r"\lfloor \rfloor"),
    "ceiling": fence("⌈⌉", r"\lceil \rceil"),
}

BRACKETS = {
    "text": "({})",
    "latex": r"\left({}\right)",
    "mathml": "<mrow><mo>(</mo>{}<mo>)</mo></mrow>",
}
#: Names that stand for a letter of the Greek alphabet.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eps": "ε", "epsilon": "ε", "eta": "η", "lambd": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "theta": "θ", "phi": "φ", "pi": "π",
}  # fmt: skip
IN_LATEX = {"ε": r"\varepsilon", "λ": r"\lambda"} | {
    sign: "\\" + name for name, sign in GREEK.items() if name not in ("eps", "epsilon", "lambd")
}
REALS = "\N{DOUBLE-STRUCK CAPITAL R}"
#: What LaTeX has a command for; other functions' names are set upright.
COMMANDS = frozenset((
    "arccos", "arcsin", "arctan", "cos", "cosh", "det", "ln", "log", "max", "min", "sin", "sinh", "tan", "tanh", "sum",
    "prod",
))  # fmt: skip
BIG = {"sum": "Σ", "prod": "Π"}
SYMBOLS = {"∞": r"\infty", "…": r"\ldots", REALS: r"\mathbb{R}", "×": r"\times", "⋯": r"\cdots", "·": r"\cdot"}


def written(term: Term, way: Way = "text") -> str:
    """A term in one of the three ways.

    >>> written(Term("fraction", "", (Term("number", "1"), Term("name", "z1"))), "latex")
    '\\\\frac{1}{z_{1}}'
    """
    return _written(term, way)[0]


def _written(term: Term, way: Way) -> tuple[str, int]:
    """The text of a term, and how tightly it binds."""
    if term.kind not in FORMS:
        return LEAVES[term.kind](term.text, way)
    if way == "text" and term.kind == "power" and term.parts[1] in SUPERSCRIPTS:
        return part(term.parts[0], way, TIGHT) + SUPERSCRIPTS[term.parts[1]], POWER
    pattern, binds, least = FORMS[term.kind][WAYS.index(way)]
    return pattern.format(*(part(p, way, at) for p, at in zip(term.parts, least, strict=True))), binds


def part(term: Term, way: Way, least: int) -> str:
    """A part of a term: in brackets if it binds less tightly than its place asks for."""
    text, binds = _written(term, way)
    return text if binds >= least else BRACKETS[way].format(text)


SUPERSCRIPTS = {Term("number", "2"): "²", Term("number", "3"): "³"}


def number(value: Any) -> Term:
    """A number with at most six digits that count; negative ones as minus and what follows.

    >>> number(-0.5)
    Term(kind='minus', text='', parts=(Term(kind='number', text='0.5', parts=()),))
    """
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, complex):
        return Term("words", str(value))
    if isinstance(value, float) and math.isnan(value):
        return Term("words", "NaN")
    if value < 0:
        return Term("minus", "", (number(-value),))
    return Term("words", "∞") if value == math.inf else Term("number", f"{value:.6g}")


def _number(text: str, way: Way) -> tuple[str, int]:
    digits, _, exponent = text.partition("e")
    if not exponent or way == "text":
        return (f"<mn>{text}</mn>" if way == "mathml" else text), TIGHT
    ten = Term("power", "", (Term("number", "10"), number(int(exponent))))
    if digits == "1":
        return _written(ten, way)
    times = r" \cdot " if way == "latex" else "<mo>·</mo>"
    return f"{_number(digits, way)[0]}{times}{written(ten, way)}", PRODUCT


def _words(text: str, way: Way) -> tuple[str, int]:
    """A function's name, a sign, or plain words."""
    if way == "text":
        return BIG.get(text, text), TIGHT
    if way == "mathml":
        tag = "mo" if text in BIG or text in SYMBOLS else "mi" if text.isidentifier() else "mtext"
        return f"<{tag}>{escape({'sum': '∑', 'prod': '∏'}.get(text, text))}</{tag}>", TIGHT
    if text in COMMANDS:
        return f"\\{text}", TIGHT
    return SYMBOLS.get(text) or rf"\operatorname{{{in_latex(text)}}}", TIGHT


def _label(text: str, way: Way) -> tuple[str, int]:
    """Plain words, such as what a sum runs over."""
    return {"text": text, "latex": rf"\text{{{in_latex(text)}}}", "mathml": f"<mtext>{escape(text)}</mtext>"}[
        way
    ], TIGHT


def _name(text: str, way: Way) -> tuple[str, int]:
    """A variable: W1 with its number below, d_W1 as a derivative of the loss, new_W1 with a prime; longer
    names upright."""
    if way == "text":
        return text, TIGHT
    if text.startswith("d_") and len(text) > 2:
        return _written(Term("derivative", "", (Term("name", "loss"), Term("name", text[2:]))), way)
    if text.startswith("new_") and len(text) > 4:
        return _written(Term("new", "", (Term("name", text[4:]),)), way)
    of = re.fullmatch(r"([a-z])_(\w+)", text)  # an optimizer's average m of a parameter W1: m_W1
    if of is not None and not of[2].isdigit():
        return _written(Term("index", "", (Term("name", of[1]), Term("name", of[2]))), way)
    found = re.fullmatch(r"([A-Za-z\u03b1-\u03c9]|loss|" + "|".join(GREEK) + r")_?(\d+)?", text)
    if found is None:
        upright = rf"\mathrm{{{in_latex(text)}}}" if way == "latex" else f'<mi mathvariant="normal">{escape(text)}</mi>'
        return upright, TIGHT
    letter, below = GREEK.get(found[1], "L" if found[1] == "loss" else found[1]), found[2]
    if way == "latex":
        return IN_LATEX.get(letter, letter) + (f"_{{{below}}}" if below else ""), TIGHT
    return (f"<msub><mi>{letter}</mi><mn>{below}</mn></msub>" if below else f"<mi>{letter}</mi>"), TIGHT


def in_latex(text: str) -> str:
    """Plain text with LaTeX's own signs escaped."""
    escaped = re.sub(r"([_#%&${}])", r"\\\1", text.replace("\\", "/"))
    return escaped.replace("^", r"\^{}").replace("~", r"\~{}")


LEAVES = {"name": _name, "number": _number, "words": _words, "label": _label}
