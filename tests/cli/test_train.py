"""`backlit train` as a person meets it: what it prints, what it leaves, how it ends."""

import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

from backlit.cli import main

CSV = "width,height,kind\n" + "".join(f"{i % 7},{(i * i) % 11},{'big' if i % 7 > 3 else 'small'}\n" for i in range(60))


def backlit_train(*words, cwd, **options):
    command = [sys.executable, "-m", "backlit", "train", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False, **options)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "boxes.csv").write_text(CSV)
    return tmp_path


def test_a_csv_is_trained_and_summed_up(data):
    done = backlit_train("boxes.csv", "--target", "kind", "--epochs", "60", cwd=data)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "boxes.csv: 60 rows, 2 inputs -> kind" in done.stdout
    assert "binary: big, small" in done.stdout
    assert re.search(r"^epoch +\d+/60   loss \d\.\d{4}", done.stdout, re.MULTILINE)
    assert re.search(r"^test +9 +\d\.\d{4} +\d\.\d{4}$", done.stdout, re.MULTILINE)
    assert os.listdir(data / "runs" / "boxes")
    assert "\x1b" not in done.stdout


def test_two_runs_leave_two_folders_with_the_same_bytes(data):
    for _ in range(2):
        assert backlit_train("boxes.csv", "--epochs", "5", cwd=data).returncode == 0
    one, two = data / "runs/boxes", data / "runs/boxes-2"
    for name in os.listdir(one):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_on_a_terminal_a_bar_shows_how_far_it_is(data):
    master, worker = pty.openpty()
    command = [sys.executable, "-m", "backlit", "train", "boxes.csv", "--epochs", "5"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=worker, stderr=worker, cwd=data, env=environment) as process:
        os.close(worker)
        shown = b""
        while True:
            try:
                shown += (part := os.read(master, 4096))
            except OSError:  # the terminal closes with its last program
                break
            if not part:
                break
    os.close(master)
    assert process.returncode == 0
    assert b"5/5" in shown
    assert b"runs/boxes" in shown


BAD = {
    "no such file": (["gone.csv"], "There is no file gone.csv"),
    "a directory": (["."], "is a directory"),
    "no such problem": (["irsi"], "Did you mean 'iris'?"),
    "no such target": (["boxes.csv", "--target", "knd"], "Did you mean 'kind'?"),
    "an option out of range": (["boxes.csv", "--lr", "0"], "the learning rate must be above 0"),
    "layers that are no numbers": (["boxes.csv", "--hidden", "8,many"], "--hidden 8,many: write whole numbers"),
    "an unknown optimizer": (["boxes.csv", "--optimizer", "adm"], "Did you mean 'adam'"),
    "a folder that is there": (["boxes.csv", "--out", "."], ". exists already"),
    "a loss that overflows": (["boxes.csv", "--optimizer", "sgd", "--lr", "1e30"], "The loss became"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_said_in_one_message(name, data, capsys, monkeypatch):
    words, message = BAD[name]
    monkeypatch.chdir(data)
    with pytest.raises(SystemExit) as ended:
        main(["train", *words])
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert errors.startswith("backlit train: ")
    assert message in errors
    assert errors.count("\n") == 1
    assert sorted(os.listdir(data)) == ["boxes.csv"]


def test_an_option_of_the_wrong_type_is_a_usage_error(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    with pytest.raises(SystemExit) as ended:
        main(["train", "boxes.csv", "--epochs", "many"])
    assert ended.value.code == 2
    assert "--epochs" in capsys.readouterr().err


def test_a_mistake_leaves_no_traceback(data):
    done = backlit_train("gone.csv", cwd=data)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "backlit train: There is no file gone.csv. Is the path right, seen from the current directory?"
    ]


def test_ctrl_c_leaves_nothing_half_written(data):
    command = [sys.executable, "-m", "backlit", "train", "boxes.csv", "--epochs", "1000000", "--patience", "1000000"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=data, env=environment
    ) as process:
        assert "boxes.csv" in process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(
        r"backlit train: stopped by Ctrl-C; the \d+ whole epochs are kept in runs/boxes. "
        r"To go on: backlit train --resume runs/boxes\n",
        errors,
    )
    assert (data / "runs/boxes/model.safetensors").exists()
