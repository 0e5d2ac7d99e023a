"""A recorded step as a folder that needs only NumPy: `python step.py` repeats the step and compares."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backlit.explain.explanation import Explanation
from backlit.interop.replacing import making
from backlit.tracing import Graph, Line
from backlit.tracing.source import literal, program

STEP, INPUTS, OUTPUTS = FILES = ("step.py", "inputs.npz", "outputs.npz")

HEAD = '''\
"""Step {step}{of}, with NumPy alone: `python step.py` repeats it and compares it with what was recorded.

inputs.npz holds what there was before the step, outputs.npz what it left behind.
"""

from pathlib import Path

import numpy as np

np.seterr(all="ignore")  # a step may overflow to inf, and says so in its numbers
with np.load(Path(__file__).resolve().with_name("inputs.npz")) as file:
    {given} = dict(file)

# inputs
'''

TAIL = '''

# What came of it, beside what was recorded.


# Where terms cancel, rounding is measured by the terms: the largest sum of them, of each array that has such.
TERMS = {terms}


def relative_difference(found, recorded, terms=0.0):
    """max|found - recorded| / max|recorded|, or max|found| beside zeros. The same infinities and NaNs agree."""
    found, recorded = (np.asarray(array, np.float64) for array in (found, recorded))
    with np.errstate(all="ignore"):
        agree = (found == recorded) | (np.isnan(found) & np.isnan(recorded))
        apart = np.where(agree, 0.0, np.abs(found - recorded))
        scale = np.max(np.abs(recorded), initial=terms, where=np.isfinite(recorded))
    apart = np.max(np.where(np.isfinite(apart), apart, np.inf), initial=0.0)
    return float(apart / scale) if apart and scale else float(apart)


def compare(found):
    """Print the difference of every array. Out: the exit code, 1 if one is greater than its dtype allows."""
    greatest, is_right = 0.0, True
    with np.load(Path(__file__).resolve().with_name("outputs.npz")) as recorded:
        for name in recorded.files:
            apart = relative_difference(found[name], recorded[name], TERMS.get(name, 0.0))
            allowed = {"float64": 1e-12, "float16": 4e-3}.get(str(recorded[name].dtype), 1e-6)
            print(f"{name:24} {str(recorded[name].shape):16} {str(recorded[name].dtype):8} {apart:.1e}")
            greatest, is_right = max(greatest, apart), is_right and apart <= allowed
    print(f"greatest relative difference {greatest:.1e}: {'the same step' if is_right else 'NOT the same step'}")
    return 0 if is_right else 1


if __name__ == "__main__":
    raise SystemExit(compare(results))
'''


class FolderError(OSError):
    """A folder that the step cannot be written to; the message says why, and what to do."""


def write_program(explanation: Explanation, folder: str | Path, *, verbatim: bool = False) -> None:
    """Write `step.py`, `inputs.npz` and `outputs.npz`, all of them or nothing.

    `step.py` is the readable program, or with `verbatim` every call as it was recorded. A folder with all three from an
    older step is renewed. Raises FolderError for another folder that is not empty, and where nothing can be written.
    """
    folder = Path(folder)
    check_folder(folder)
    graph = explanation.graph if verbatim else explanation.graph.readable()
    where = folder.resolve()
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        with making(where, replaces=where.exists()) as temporary:
            (temporary / STEP).write_text(text_of(explanation, graph), encoding="utf-8")
            save(temporary / INPUTS, {line.name: line.value for line in graph.inputs if is_loaded(line)})
            save(temporary / OUTPUTS, {name: line.value for name, line in explanation.graph.outputs.items()})
    except OSError as error:
        raise FolderError(f"The folder {folder} cannot be written: {error.strerror or error}.") from error


def check_folder(folder: Path) -> None:
    """Raise FolderError for what must not be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderError(f"{folder} is a file. Name a folder for {', '.join(FILES)}.")
    if not all((folder / name).exists() for name in FILES) and any(folder.iterdir()):
        raise FolderError(f"{folder} holds other files, and is left as it is. Name a folder that does not exist yet.")


def text_of(explanation: Explanation, graph: Graph) -> str:
    """step.py: the inputs by name, the step's own lines, and the comparison."""
    taken = {line.name for line in graph.lines}
    given = "given" if "given" not in taken else "given_arrays"
    of = f" of {Path(explanation.script).name}" if explanation.script else ""
    head = HEAD.format(step=explanation.step, of=of, given=given)
    inputs = "".join(f"{given_line(line, given)}\n" for line in graph.inputs)
    results = "".join(f'    "{name}": {line.name},\n' for name, line in graph.outputs.items())
    tail = TAIL.replace("{terms}", repr({} if graph is explanation.graph else cancelling(explanation.graph)))
    body = program(graph, given=False).removeprefix("import numpy as np\n")
    return f"{head}{inputs}{body}\nresults = {{\n{results}}}\n{tail}"


def cancelling(graph: Graph) -> dict[str, float]:
    """The outputs that are little beside the terms they were summed from, with the size of these."""
    from backlit.compiler.magnitudes import largest, scales

    sizes = {name: largest(line.value) for name, line in graph.outputs.items()}
    return {name: float(f"{scale:.2g}") for name, scale in scales(graph).items() if scale > 2 * sizes[name]}


def is_loaded(line: Line) -> bool:
    """Whether an input comes from the file: numbers stand in the program."""
    return isinstance(line.value, np.ndarray)


def given_line(line: Line, given: str) -> str:
    if not is_loaded(line):
        return f"{line.name} = {literal(line.value, repr)}"
    called = f"  {line.path}" if line.path and line.path != line.name else ""
    return f'{line.name} = {given}["{line.name}"]  # {line.dtype} {line.shape}{called}'


def save(path: Path, arrays: Mapping[str, Any]) -> None:
    """An .npz whose bytes depend on the arrays alone, and whose names may be any."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
