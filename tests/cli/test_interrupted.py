"""`backlit train` killed at any moment: the run goes on to the very files of one that was not."""

import signal
import subprocess
import sys
import time

import pytest

TRAIN = [sys.executable, "-m", "backlit", "train"]
OPTIONS = ["moons", "--epochs", "1500", "--patience", "1500", "--dropout", "0.1", "--schedule", "step", "--out"]


def run(folder, *arguments, **how):
    return subprocess.run([*TRAIN, *arguments], cwd=folder, capture_output=True, text=True, **how)


def files_of(run_folder):
    return {path.name: path.read_bytes() for path in run_folder.iterdir()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder, *OPTIONS, "a").returncode == 0
    return files_of(folder / "a")


def await_file(path):
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert path.exists()


def killed(folder, arguments, seconds):
    process = subprocess.Popen([*TRAIN, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await_file(folder / ".a.partial" / "config.toml")
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_run_that_was_killed_twice_goes_on_to_the_same_bytes(tmp_path, undisturbed):
    killed(tmp_path, [*OPTIONS, "a"], 0.4)
    assert not (tmp_path / "a").exists()
    killed(tmp_path, ["--resume", "a"], 1.0)
    done = run(tmp_path, "--resume", "a")
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "a") == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_new_run_does_not_take_the_place_of_one_that_was_killed(tmp_path):
    killed(tmp_path, [*OPTIONS, "a"], 0.2)
    done = run(tmp_path, *OPTIONS, "a")
    assert done.returncode == 2
    assert "A run that was to become a was interrupted, or is going on" in done.stderr
    assert "backlit train --resume a" in done.stderr


@pytest.fixture
def going_on(tmp_path):
    """A run that does not end by itself, at work."""
    process = subprocess.Popen(
        [*TRAIN, "moons", "--epochs", "200000", "--patience", "200000", "--out", "a"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    await_file(tmp_path / ".a.partial" / "checkpoints" / "lock")
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("arguments", [["--resume", "a"], [*OPTIONS, "a"]])
def test_a_run_that_another_process_makes_is_left_to_it(tmp_path, going_on, arguments):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Another process is making the run a" in done.stderr or "was interrupted, or is going on" in done.stderr
    assert going_on.poll() is None
    assert (tmp_path / ".a.partial" / "config.toml").is_file()
    assert (tmp_path / ".a.partial" / "checkpoints").is_dir()


def test_of_two_processes_that_begin_at_once_one_makes_the_run(tmp_path):
    command = [*TRAIN, "moons", "--epochs", "300", "--patience", "300", "--out", "a"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1].decode() for process in both]
    assert sorted(process.returncode for process in both) == [0, 2], said
    assert (tmp_path / "a" / "model.safetensors").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_ctrl_c_before_the_first_epoch_leaves_nothing(tmp_path):
    rows = "".join(f"{k % 7},{k % 5},{k % 3}.5\n" for k in range(40_000))
    (tmp_path / "d.csv").write_text("p,q,y\n" + rows)
    command = [*TRAIN, "d.csv", "--batch", "1", "--hidden", "512,512", "--out", "a"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    await_file(tmp_path / ".a.partial" / "checkpoints" / "lock")
    process.send_signal(signal.SIGINT)
    assert "no run folder was written" in process.communicate()[1]
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


def test_data_that_changed_meanwhile_are_noticed(tmp_path):
    rows = "".join(f"{k % 7},{k % 5},{'yes' if k % 3 else 'no'}\n" for k in range(90))
    (tmp_path / "d.csv").write_text("p,q,y\n" + rows)
    killed(tmp_path, ["d.csv", "--epochs", "100000", "--patience", "100000", "--out", "a"], 0.2)
    (tmp_path / "d.csv").write_text("p,q,y\n" + rows + "1,1,yes\n")
    done = run(tmp_path, "--resume", "a")
    assert done.returncode == 2
    assert "a cannot go on: d.csv has changed since the run began" in done.stderr
