"""The routes from a weight to the loss, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backlit.explain.path import Path

#: How many groups are listed.
MOST_GROUPS = 8


def tell(path: Path) -> str:
    """The routes, their products, their sum; beside it the recorded gradient and the finite difference."""
    many = len(path.routes) + path.more
    lines = [f"{path.name} = {path.value:.6g}", ""]
    if not many:
        lines.append(
            "No route leads from here to the loss: nothing that the loss was computed from reads this element."
        )
    else:
        said = "1 route leads" if many == 1 else f"{many} routes lead"
        lines += [f"{said} from here to the loss. Each product is of the local derivatives along it:", ""]
        lines += [f"    {says}" for says in dict.fromkeys(hop.says for r in path.routes for hop in r.hops if hop.says)]
        lines += [""]
    for route in path.routes:
        first, second = str(route).split("\n")
        lines += [f"  {first}", f"      {second}", ""]
    if path.more:
        lines += [f"  and {path.more} more, which sum to {path.more_sum:.6g}", ""]
    if path.more and len(path.groups) > 1:
        lines += groups(path)
    if path.is_bundled:
        lines += ['  Where a route ends in "the loss" at once, all that follows was taken in one piece.', ""]
    if path.is_bypassed:
        lines += PAST_THE_OPS
    return "\n".join([*lines, *sums(path)]) + "\n"


def groups(path: Path) -> list[str]:
    """The routes gathered by the first value that they pass."""
    lines = ["  By the first value that they pass:"]
    for called, many, total in path.groups[:MOST_GROUPS]:
        lines.append(f"    {called:<24} {total:>14.6g}   {many} route{'s' * (many != 1)}")
    rest = path.groups[MOST_GROUPS:]
    if rest:
        lines.append(f"    {f'and {len(rest)} more':<24} {sum(total for _, _, total in rest):>14.6g}")
    return [*lines, ""]


def sums(path: Path) -> list[str]:
    """The sum over all routes beside the gradient and the finite difference."""
    lines = [f"  the sum over all routes       {path.total:>16.9g}"]
    if path.gradient is None:
        lines.append("  the recorded gradient                     none: no gradient arrived here")
    else:
        verdict = "the same" if path.agrees else "NOT the same"
        verdict += f", to {path.tolerance:.1g}" if 0 < path.tolerance < float("inf") else ""
        lines.append(f"  the recorded gradient         {path.gradient:>16.9g}   {verdict}")
    lines.append(
        f"  the central finite difference {path.difference:>16.9g}   (L(w + h) - L(w - h)) / 2h, h = {path.h:.2g}"
    )
    if path.gradient is not None and not path.agrees:
        lines += ["", *CHANGED_ON_THE_WAY]
    elif abs(path.total - path.difference) > max(path.tolerance, path.noise, DIFFERENCE * abs(path.total)):
        lines += ["", *SEEN_BY_DIFFERENCES_ALONE]
    return lines


#: Up to this share of the sum a finite difference may be off because the loss is curved.
DIFFERENCE = 1e-4
PAST_THE_OPS = (
    "  A gradient came past the ops: from an autograd.Function, from a hook, or through a write to a part of a",
    "  tensor. Its value is the recorded one; what happened on the way is not told.",
    "",
)
CHANGED_ON_THE_WAY = (
    "  The routes are those that the gradient took through ops, with the ops' own rules. Where they do not sum to",
    "  the recorded gradient, it was changed on the way, by a hook say.",
)
SEEN_BY_DIFFERENCES_ALONE = (
    "  The difference moves the loss itself, and sees what gradients do not: a kink, such as ReLU's where it is given",
    "  0, ways past detach() or no_grad(), steps such as sign or round, and rules of the user's own (autograd.Function",
    "  or hooks).",
)
