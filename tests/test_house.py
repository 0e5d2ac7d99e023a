"""The house itself: imports point one way, the documents tell the truth, the import is light."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import backlit

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "backlit"

LAYOUT = (ROOT / "docs" / "layout.md").read_text(encoding="utf-8")
ROOMS = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", LAYOUT, re.MULTILINE)))

WALK = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
STOPS = re.findall(r"^`([\w/]+\.py): ([\w.]+)`\n\n```python\n(.*?)```", WALK, re.MULTILINE | re.DOTALL)

HEAVY = [
    "scipy", "sklearn", "polars", "matplotlib", "rich", "typer", "safetensors", "llvmlite", "torch", "difflib", "json",
    "csv",
]  # fmt: skip


def room_of(path):
    """The room that a source file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms that a file imports anywhere in it, except for the eyes of a type checker only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_checkers = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_checkers:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{absolute(node, path)}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("backlit.") and name.split(".")[1] in ROOMS)


def absolute(node, path):
    """The module that an import names, with leading dots resolved."""
    if not node.level:
        return node.module
    package = ["backlit", *path.relative_to(SOURCE).parts[:-1]]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def test_every_room_stands_in_the_layout():
    there = {room_of(path) for path in SOURCE.rglob("*.py")} - {"__init__", "__main__"}
    assert there == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_above_it(room):
    allowed = ROOMS[: ROOMS.index(room) + 1]
    wrong = {
        (str(path.relative_to(SOURCE)), other)
        for path in SOURCE.rglob("*.py")
        if room_of(path) == room
        for other in imported_rooms(path)
        if other not in allowed
    }
    assert not wrong


def test_the_walk_has_its_stops():
    assert len(STOPS) >= 5


@pytest.mark.parametrize(("file", "function", "lines"), STOPS, ids=[f"{f}:{name}" for f, name, _ in STOPS])
def test_the_walks_lines_stand_where_it_says(file, function, lines):
    text = (SOURCE / file).read_text(encoding="utf-8")
    body = ast.parse(text).body
    for name in function.split("."):
        body = [node for node in body if getattr(node, "name", None) == name]
        assert body, f"{file} has no {function}"
        found, body = body[0], body[0].body
    written = [line.strip() for line in text.splitlines()]
    # A rule stands below its op, so a stop at an op reaches to the end of its rules.
    first = found.lineno - 1
    for line in filter(None, map(str.strip, lines.splitlines())):
        assert line in written[first:], f"{line!r} does not stand in {file} below {function}"


def test_the_walks_program_runs(capsys):
    program = re.search(r"```python\n(import backlit.*?)```", WALK, re.DOTALL).group(1)
    names = {}
    exec(program, names)
    # d sigmoid(z) / dw = sigmoid(z) (1 - sigmoid(z)) x  with z = -0.5 and x = (0, 1).
    assert names["w"].grad.tolist() == [[0.0, pytest.approx(0.2350037)]]


def test_the_readme_begins_with_the_commands_that_the_makefile_has():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"make (\w+)", readme)
    assert commands[:2] == ["run", "test"]
    for target in set(commands):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"the Makefile has no target {target}"


def test_one_version():
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert tomllib.load(file)["project"]["version"] == backlit.__version__


def test_import_loads_nothing_heavy():
    code = f"import backlit, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
