"""backlit doctor, on scripts that know nothing of it."""

import json
import os
import subprocess
import sys

import pytest

from backlit.doctor.lessons import lessons


def doctor(tmp_path, *arguments, script=None):
    """Run the command; the script stands in program.py, where it runs."""
    if script is not None:
        (tmp_path / "program.py").write_text(script)
    command = [sys.executable, "-m", "backlit", "doctor", *arguments]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=env)


FAULTY, HEALTHY = (lessons()["missing-zero-grad"][k] for k in ("wrong", "right"))


def test_a_card_shows_cause_line_code_fix_and_how_to_silence_it(tmp_path):
    done = doctor(tmp_path, "program.py", script=FAULTY)
    line = next(k for k, text in enumerate(FAULTY.splitlines(), 1) if "opt.step()" in text)
    assert done.returncode == 1
    assert done.stdout == ""
    for part in ("ERROR  missing-zero-grad", f"program.py, line {line}", f"> {line:>4}      opt.step()",
                 "optimizer.zero_grad()", "--silence missing-zero-grad", "60 steps watched: 1 error"):  # fmt: skip
        assert part in done.stderr


def test_a_healthy_script_keeps_its_output_and_ends_with_0(tmp_path):
    done = doctor(tmp_path, "program.py", script=HEALTHY + "print('done')\n")
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert "0 errors, 0 warnings" in done.stderr


def test_findings_are_written_as_json(tmp_path):
    doctor(tmp_path, "program.py", "--json", "found.json", script=FAULTY)
    first = json.loads((tmp_path / "found.json").read_text())[0]
    assert (first["rule"], first["severity"]) == ("missing-zero-grad", "error")
    assert set(first) == {"rule", "severity", "message", "fix", "step", "file", "line", "explains"}


def test_a_silenced_rule_is_not_named(tmp_path):
    done = doctor(tmp_path, "program.py", "--silence", "missing-zero-grad", script=FAULTY)
    assert "missing-zero-grad" not in done.stderr


def test_a_script_that_fails_ends_with_1_and_its_error(tmp_path):
    done = doctor(tmp_path, "program.py", script="import torch\nraise ValueError('no rows')\n")
    assert done.returncode == 1
    assert "The script ended with ValueError: no rows" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.py"], "there is no script 'nothing.py'"),
        (["--explain", "softmax-twise"], "softmax-twice"),
        (["program.py", "--silence", "nan-origins"], "nan-origin"),
        ([], "name a script"),
    ],
)
def test_what_is_not_there_is_said_with_the_closest_name(tmp_path, arguments, words):
    done = doctor(tmp_path, *arguments, script=HEALTHY)
    assert done.returncode == 2
    assert done.stderr.startswith("backlit doctor: ")
    assert words in done.stderr


def test_a_lesson_is_printed(tmp_path):
    done = doctor(tmp_path, "--explain", "softmax-twice")
    assert done.returncode == 0
    assert "nn.Softmax(dim=1)" in done.stdout
    assert "The right one:" in done.stdout
