"""einsum: sums of products, spelled with a letter for each dimension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backlit.functions.products import check_dtypes
from backlit.functions.shape import dims_of
from backlit.ops import diagonal, matrix
from backlit.tensor import Tensor, apply

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(*given: Any) -> Tensor:
    """The sum of products that an equation spells: `einsum("ij,jk->ik", x, y)` is the product of two matrices.

    Each operand has a letter for each dimension; letters that the output lacks are summed over, `...` stands for any
    dimensions in front, a letter twice in one operand is its diagonal. Without "->" the output has the letters that
    occur once, in alphabetical order. Also as `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    >>> import backlit as torch
    >>> torch.einsum("ii", torch.eye(3))
    tensor(3.)
    """
    equation, operands = spelled(list(given)) if isinstance(given[0], Tensor) else (given[0], list(given[1:]))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    inputs, arrow, out = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(
            f"einsum(): {'more' if len(operands) > len(terms) else 'fewer'} operands were provided than specified in "
            f"the equation: {len(operands)} for {equation!r}"
        )
    check_dtypes(*operands)
    terms, free = without_ellipsis(terms, operands, out)
    out = out.replace("...", free) if arrow else free + once(terms, free)
    check_sizes(terms, operands, out)
    pairs = [on_diagonals(term, x) for term, x in zip(terms, operands, strict=True)]
    return apply(matrix.einsum, *[x for _, x in pairs], subscripts=",".join(term for term, _ in pairs) + "->" + out)


def spelled(given: list[Any]) -> tuple[str, list[Tensor]]:
    """The equation that lists of numbers beside the operands mean."""

    def word(numbers: Any) -> str:
        return "".join("..." if n is Ellipsis else LETTERS[n] for n in numbers)

    pairs = len(given) // 2
    operands = given[0 : 2 * pairs : 2]
    equation = ",".join(word(numbers) for numbers in given[1 : 2 * pairs : 2])
    return (f"{equation}->{word(given[-1])}" if len(given) % 2 else equation), operands


def without_ellipsis(terms: list[str], operands: Any, out: str) -> tuple[list[str], str]:
    """The terms with letters in place of `...`, and all those letters."""
    unused = [letter for letter in LETTERS if not any(letter in text for text in (*terms, out))]
    lengths = []
    for k, (term, x) in enumerate(zip(terms, operands, strict=True)):
        named = len(term.replace("...", ""))
        lengths.append(x.array.ndim - named if "..." in term else 0)
        if lengths[-1] < 0 or ("..." not in term and named != x.array.ndim):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({x.array.ndim}) for operand {k}, of shape {list(x.array.shape)}: {term!r}"
            )
    free = "".join(unused[: max(lengths)])
    replaced = [term.replace("...", free[len(free) - n :]) for term, n in zip(terms, lengths, strict=True)]
    return replaced, free


def once(terms: list[str], free: str) -> str:
    """The letters that occur once, in order: what an equation without "->" gives."""
    letters = "".join(terms)
    return "".join(sorted(letter for letter in set(letters) - set(free) if letters.count(letter) == 1))


def check_sizes(terms: list[str], operands: Any, out: str) -> None:
    sizes: dict[str, int] = {}
    for k, (term, x) in enumerate(zip(terms, operands, strict=True)):
        for letter, n in zip(term, x.array.shape, strict=True):
            if letter not in LETTERS:
                raise RuntimeError(f"einsum(): invalid subscript given at index {k} in the equation string: {letter!r}")
            known = sizes.get(letter, 1)
            if n not in (1, known) and known != 1:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {n} for operand {k} which does not broadcast with "
                    f"previously seen size {known}"
                )
            sizes[letter] = n if known == 1 else known
    for letter in out:
        if letter not in sizes:
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
            )


def on_diagonals(term: str, x: Tensor) -> tuple[str, Tensor]:
    """An operand with each letter once: of a letter that comes twice it is the diagonal."""
    for letter in repeated(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            axes = dims_of(x, (first, second))
            x = apply(diagonal.diagonal, x, axis1=axes[0], axis2=axes[1])
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return term, x


def repeated(term: str) -> Iterator[str]:
    return (letter for letter in sorted(set(term)) if term.count(letter) > 1)
