"""What the README shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shape_of(text):
    """The text without its numbers, which other processors may round otherwise, and without spaces that pad them."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "#", text)).strip()


def test_the_first_picture_is_what_the_command_prints(tmp_path):
    words, shown = re.search(r"\$ backlit (train .*?)\n(.*?)```", README, re.DOTALL).groups()
    command = [sys.executable, "-m", "backlit", *words.split(), "--out", str(tmp_path / "iris")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    expected, printed = (
        [shape_of(line) for line in text.splitlines() if line and not line.startswith(("epoch", "run", "report"))]
        for text in (shown, done.stdout)
    )
    assert printed == expected


def test_the_step_that_is_opened_is_the_one_that_the_command_opens(tmp_path):
    words, shown = re.search(r"\$ backlit (explain .*?)\n(.*?)```", README, re.DOTALL).groups()
    script, *others = words.split()[1:]
    command = [sys.executable, "-m", "backlit", "explain", str(ROOT / script), *others]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    for part in shown.split("...\n"):
        assert part in printed
    repeated = [sys.executable, shown.rsplit("python ", 1)[1].strip()]
    assert subprocess.run(repeated, capture_output=True, text=True, cwd=tmp_path).returncode == 0


def test_the_library_example_prints_what_it_says(capsys):
    program = re.search(r"```python\n(import backlit.*?)```", README, re.DOTALL).group(1)
    exec(program, {})
    assert capsys.readouterr().out.strip() == program.rsplit("# ", 1)[1].strip()
