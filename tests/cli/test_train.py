"""`backlit train` as a person meets it: what it prints, what it leaves, how it ends."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
import tomllib

import pytest

from backlit.cli import main
from backlit.train.options import Options
from cli.terminal import on_a_terminal

CSV = "width,height,kind\n" + "".join(f"{i % 7},{(i * i) % 11},{'big' if i % 7 > 3 else 'small'}\n" for i in range(60))


def backlit_train(*words, cwd, begin=("-m", "backlit"), **options):
    command = [sys.executable, *begin, "train", *words]
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
    code, shown = on_a_terminal(["train", "boxes.csv", "--epochs", "5"], data, 120)
    assert code == 0
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
    "units that are no numbers": (["boxes.csv", "--hidden", "8,"], "--hidden 8,: write whole numbers"),
    "too many units": (["boxes.csv", "--hidden", "99999999999999"], "memory is too small"),
    "a rate twice": (["boxes.csv", "--lr", "1", "--find-lr"], "Leave one of them out"),
    "no data": ([], "no data are named"),
    "a folder without a name": (["boxes.csv", "--out", ""], "The run folder's name is empty"),
    "a folder under a file": (["boxes.csv", "--out", "boxes.csv/run"], "Not a directory. Choose another"),
    "a name too long": (["boxes.csv", "--out", "x" * 300], "File name too long. Choose another"),
    "no config": (["--config", "gone.toml"], "--config gone.toml: there is no such file"),
    "balance of a quantity": (["diabetes", "--balance"], "is a quantity"),
    "a batch of one": (["boxes.csv", "--batch-norm", "--batch", "1"], "the last step would see a single one"),
    "no such run": (["--resume", "gone"], "There is no run folder gone"),
    "no run": (["--resume", "."], "is no run folder"),
    "another rate for an old run": (["--resume", "old", "--lr", "1"], "leave out --lr, or train anew"),
    "other data for an old run": (["boxes.csv", "--resume", "old"], "leave out DATA, or train anew"),
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


def in_process(capsys, *words):
    """The exit code and what was printed, without the seconds that a new process takes to start."""
    code = 0
    try:
        main(["train", *words])
    except SystemExit as ended:
        code = ended.code or 0
    return code, capsys.readouterr()


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


EVERYTHING = [
    "--target", "kind", "--hidden", "8,4", "--activation", "tanh", "--dropout", "0.1", "--batch-norm", "--optimizer",
    "rmsprop", "--find-lr", "--schedule", "step", "--l1", "1e-4", "--l2", "0.001", "--batch", "10", "--epochs", "6",
    "--patience", "4", "--missing", "drop", "--balance", "--seed", "5",
]  # fmt: skip


def test_the_file_in_the_run_folder_repeats_it(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    assert in_process(capsys, "boxes.csv", *EVERYTHING)[0] == 0
    assert in_process(capsys, "--config", "runs/boxes/config.toml", "--out", "again")[0] == 0
    assert contents(data / "runs/boxes") == contents(data / "again")
    assert in_process(capsys, "--config", "runs/boxes/config.toml", "--seed", "6", "--out", "other")[0] == 0
    assert contents(data / "again")["model.safetensors"] != contents(data / "other")["model.safetensors"]


def test_every_option_stands_in_the_file(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    in_process(capsys, "boxes.csv", *EVERYTHING)
    written = tomllib.loads((data / "runs/boxes/config.toml").read_text())
    assert {name.replace("_", "-") for name in written} - {"data", "lr"} == {
        word.removeprefix("--") for word in EVERYTHING if word.startswith("--")
    }
    assert written["hidden"] == [8, 4]
    assert written["balance"] is True


def test_the_help_tells_the_defaults(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    helps = " ".join(in_process(capsys, "--help")[1].out.split())
    for field in dataclasses.fields(Options):
        row = helps[helps.index(f"--{field.name.replace('_', '-')} ") :].partition(" --")[0]
        if not isinstance(field.default, bool) and field.name != "l2":
            shown = "32" if field.name == "hidden" else f"{field.default}".removesuffix(".0")
            assert f"Default: {shown}." in row


def test_a_run_goes_on_to_the_bit(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    options = ["boxes.csv", "--dropout", "0.2", "--batch", "8", "--schedule", "plateau"]
    assert in_process(capsys, *options, "--epochs", "12", "--out", "whole")[0] == 0
    assert in_process(capsys, *options, "--epochs", "5", "--out", "parts")[0] == 0
    code, printed = in_process(capsys, "--resume", "parts", "--epochs", "12")
    assert code == 0
    assert "goes on   after 30 steps" in printed.out
    assert "took      42 steps" in printed.out
    assert contents(data / "whole") == contents(data / "parts")
    assert in_process(capsys, "--resume", "parts", "--epochs", "12")[0] == 2


def test_quiet_prints_nothing_but_errors(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    code, printed = in_process(capsys, "boxes.csv", "--epochs", "2", "--quiet")
    assert (code, printed.out, printed.err) == (0, "", "")
    assert (data / "runs/boxes/model.safetensors").exists()
    code, printed = in_process(capsys, "boxes.csv", "--lr", "0", "--quiet")
    assert (code, printed.out) == (2, "")
    assert "the learning rate must be above 0" in printed.err


def test_why_it_stopped_is_said_with_numbers(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    printed = in_process(capsys, "boxes.csv", "--lr", "3", "--patience", "3")[1].out
    assert re.search(
        r"^stopped   after epoch \d+: the validation loss has not improved on [\d.e-]+ for 3 epochs; "
        r"weights of epoch \d+ kept$",
        printed,
        re.MULTILINE,
    )


def test_a_rate_that_was_found_is_said(data, capsys, monkeypatch):
    monkeypatch.chdir(data)
    printed = in_process(capsys, "boxes.csv", "--find-lr", "--epochs", "2")[1].out
    assert "rate to be found" in printed
    assert re.search(r"^rate      [\d.e-]+, found by the sweep$", printed, re.MULTILINE)


#: The process may write files of 8 kB: what it then meets is a disk that is full.
FULL_DISK = """
import resource
from backlit.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
main()
"""


def test_a_full_disk_leaves_nothing(data):
    done = backlit_train("boxes.csv", "--epochs", "2", cwd=data, begin=("-c", FULL_DISK))
    assert done.returncode == 2
    assert "The run folder runs/boxes cannot be written: File too large. All is as it was before" in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(data) == ["boxes.csv"]


def interrupted(data, *words, wait=0.5):
    """A training that is stopped by Ctrl-C soon after its first words: its exit code and errors."""
    command = [sys.executable, "-m", "backlit", "train", *words]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=data, env=environment
    ) as process:
        assert "boxes.csv" in process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


ENDLESS = ["--epochs", "1000000", "--patience", "1000000"]


def test_ctrl_c_keeps_a_usable_run_that_goes_on(data, capsys, monkeypatch):
    code, errors = interrupted(data, "boxes.csv", *ENDLESS, "--dropout", "0.2")
    assert code == 130
    said = re.fullmatch(
        r"backlit train: stopped by Ctrl-C; the run up to epoch (\d+) is kept in runs/boxes. "
        r"To go on: backlit train --resume runs/boxes\n",
        errors,
    )
    epochs = int(said[1])
    assert len((data / "runs/boxes/history.csv").read_text().splitlines()) == 1 + epochs
    monkeypatch.chdir(data)
    assert in_process(capsys, "--resume", "runs/boxes", "--epochs", str(epochs + 3))[0] == 0
    whole = ["boxes.csv", "--epochs", str(epochs + 3), "--patience", "1000000", "--dropout", "0.2", "--out", "whole"]
    assert in_process(capsys, *whole)[0] == 0
    assert contents(data / "whole") == contents(data / "runs/boxes")


def test_ctrl_c_before_the_first_epoch_leaves_nothing(data):
    (data / "boxes.csv").write_text(CSV + "".join(f"{i % 9},{i % 13},small\n" for i in range(60_000)))
    code, errors = interrupted(data, "boxes.csv", *ENDLESS, "--batch", "1", wait=0.2)
    assert code == 130
    assert errors == "backlit train: stopped by Ctrl-C; no run folder was written.\n"
    assert sorted(os.listdir(data)) == ["boxes.csv"]


@pytest.mark.parametrize("lost", ["| head -1", "> /dev/full", ">&-"])
def test_a_run_is_kept_though_its_words_are_lost(lost, data):
    command = f"'{sys.executable}' -m backlit train boxes.csv --epochs 30 {lost}; echo ${{PIPESTATUS[0]}} >&2"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=data, timeout=60, check=True)
    assert done.stderr == "0\n"
    assert (data / "runs/boxes/metrics.json").exists()


def test_ctrl_c_before_the_training_is_no_traceback(monkeypatch, capsys):
    def interrupted(wanted):
        raise KeyboardInterrupt

    monkeypatch.setattr("backlit.cli.app.build", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["train", "iris"])
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_in_a_command_that_says_nothing_of_it_is_no_traceback(monkeypatch, capsys):
    def interrupted(folders, is_default):
        raise KeyboardInterrupt

    monkeypatch.setattr("backlit.cli.runs._find", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["runs"])
    assert ended.value.code == 130
    assert "Aborted" not in capsys.readouterr().err
