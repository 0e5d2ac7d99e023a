"""`backlit explain` through the real command line: a script's step, a run's last one, and what cannot be opened."""

import os
import subprocess
import sys
import textwrap

import pytest

from backlit.cli import main
from train.made import make_run, write_table

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "120"}

TRAINING = """
    import sys
    import torch
    from torch import nn

    torch.manual_seed(0)
    x, y = torch.randn(6, 2), torch.randn(6, 1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for k in range(int(sys.argv[1]) if len(sys.argv) > 1 else 4):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"epoch {k + 1} loss {loss.item():.6f}")
"""


def python(*arguments, cwd):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, env=ENVIRONMENT, timeout=100
    )


@pytest.fixture
def explain(tmp_path):
    """Runs the command on a script of this text; gives the exit code, stdout and stderr."""

    def call(source, *words):
        (tmp_path / "script.py").write_text(textwrap.dedent(source))
        done = python("-m", "backlit", "explain", "script.py", *words, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    return call


def losses(out):
    return [line for line in out.splitlines() if line.startswith("epoch")]


@pytest.mark.parametrize(("words", "step"), [((), 1), (("--step", "3"), 3), (("--step", "last"), 4)])
def test_the_script_runs_up_to_the_step_and_the_step_can_be_repeated(explain, tmp_path, words, step):
    code, out, err = explain(TRAINING, *words, "--source", "folder")
    assert (code, err) == (0, "")
    assert len(losses(out)) == step - 1  # the last line of the loop comes behind the step
    assert "0.weight" in out
    assert out.splitlines()[-1] == "folder holds the step as a program; it is repeated by: python folder/step.py"
    again = python(tmp_path / "folder" / "step.py", cwd=tmp_path)
    assert again.returncode == 0
    assert again.stdout.startswith("loss ")


def test_arguments_are_the_scripts(explain):
    code, out, err = explain(TRAINING, "2", "--step", "9")
    assert (code, len(losses(out))) == (2, 2)
    assert err == "backlit explain: script.py has 2 steps, and no step 9. Its last one is shown by: --step 2\n"


def test_options_of_the_script_stand_behind_two_dashes(explain):
    source = "import sys, torch\nprint(sys.argv[1:])"
    code, out, err = explain(source, "--step", "1", "--", "word", "--lr", "0.1")
    assert (code, out) == (2, "['word', '--lr', '0.1']\n")
    assert err == (
        "backlit explain: script.py never calls backward(), and so has no training step to explain. A step is: "
        "loss.backward(), and then optimizer.step(), or p -= lr * p.grad under torch.no_grad().\n"
    )


def test_a_script_that_changes_nothing_has_no_step(explain):
    source = "import torch\nw = torch.ones(2, requires_grad=True)\n(w * w).sum().backward()\n(w * w).sum().backward()"
    code, _, err = explain(source)
    assert code == 2
    assert err == (
        "backlit explain: script.py calls backward 2 times, but never changes a parameter after it: there is no "
        "optimizer.step(), and no leaf is overwritten under torch.no_grad(). A backward pass alone is recorded by: "
        "backlit.trace(function)\n"
    )


@pytest.mark.parametrize("step", ["1", "last"])
def test_a_script_that_fails_shows_what_it_shows_under_run(explain, tmp_path, step):
    source = "import torch\n\n\ndef f():\n    return torch.ones(2) @ torch.ones(3)\n\n\nf()\n"
    code, _, err = explain(source, "--step", step)
    run = python("-m", "backlit", "run", "script.py", cwd=tmp_path)
    assert (code, err) == (1, run.stderr)
    assert "in f" in err
    assert "cli" not in err


def test_a_step_that_cannot_be_recorded_says_in_which_line_and_what_to_write(explain):
    source = """
        import numpy as np
        import torch
        w = torch.ones(2, requires_grad=True)
        hidden = w * 2
        target = torch.from_numpy(np.exp(hidden.detach().numpy()))
        (hidden - target).sum().backward()
    """
    code, _, err = explain(source)
    assert code == 1
    assert "line 7" in err
    assert "TraceError: A value of this step was taken out with numpy(), changed by NumPy and brought back" in err


def test_a_script_that_says_that_it_failed_has_failed(explain):
    assert explain("import sys, torch\nsys.exit(3)") == (3, "", "")
    assert explain("import sys, torch\nsys.exit('no data')") == (1, "", "no data\n")


def test_a_script_may_go_to_another_folder(explain, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    code, _, err = explain("import os\nos.chdir('elsewhere')\n" + textwrap.dedent(TRAINING), "--source", "folder")
    assert (code, err) == (0, "")
    assert (tmp_path / "folder" / "step.py").exists()


def test_a_script_may_end_itself_after_its_steps(explain):
    code, out, _ = explain(TRAINING + "\n    sys.exit(0)", "--step", "4")
    assert (code, len(losses(out))) == (0, 3)


def test_the_step_is_told_and_stands_there_as_a_program(explain):
    code, out, err = explain(TRAINING, "--step", "2")
    assert (code, err) == (0, "")
    places = [out.index(part) for part in (
        "epoch 1 loss", "Step 2 of script.py", "1  Forward", "2  Loss", "3  Clear", "4  Backward", "5  Update",
        "step / weights", "The step as a program", "import numpy as np", "# update",
    )]  # fmt: skip
    assert places == sorted(places)


def test_a_terminal_without_the_signs_of_formulas_shows_the_rest(tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(TRAINING))
    command = [sys.executable, "-m", "backlit", "explain", "script.py"]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment, timeout=100)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"5  Update" in done.stdout


def test_one_weight_is_followed_to_the_loss(explain):
    code, out, err = explain(TRAINING, "--weight", "0.weight[2,1]")
    assert (code, err) == (0, "")
    assert out.startswith("0.weight[2,1] = ")
    assert "the central finite difference" in out
    code, _, err = explain(TRAINING, "--weight", "0.wieght[2,1]")
    assert code == 2
    assert err == "backlit explain: The step has no weight '0.wieght'. Did you mean '0.weight' or '2.weight'?\n"
    code, _, err = explain(TRAINING, "--weight", "0.weight[9,1]")
    assert code == 2
    assert err.startswith("backlit explain: 0.weight has no element [9, 1]: its shape is [3, 2].")


def test_one_sample_of_the_batch_is_told(explain):
    code, out, _ = explain(TRAINING, "--sample", "5")
    assert code == 0
    assert "row 5 of the batch" in out
    code, _, err = explain(TRAINING, "--sample", "6")
    assert (code, err) == (2, "backlit explain: There is no sample 6: the batch has 6 rows, 0 to 5.\n")


def test_a_program_of_many_lines_is_counted_and_not_shown(explain):
    source = """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([w], max_iter=40, line_search_fn="strong_wolfe")
        def closure():
            optimizer.zero_grad()
            loss = ((w - 3) ** 4).sum() * torch.exp(w).sum()
            loss.backward()
            return loss
        optimizer.step(closure)
    """
    code, out, _ = explain(source, "--verbatim")
    assert code == 0
    assert "lines, too many to be shown here. They are written to a folder by: --source DIR" in out
    assert "import numpy" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--step", "0"], "--step 0: steps are counted from 1. Write --step 1, or --step last."),
        (["--step", "first"], "--step first: steps are counted from 1. Write --step 1, or --step last."),
        (["--html", "no/step.html"], "--html no/step.html: there is no folder no. Name a file, as in --html step.html"),
        (["--html", "."], "--html .: it is a folder. Name a file, as in --html step.html"),
        (
            ["--html", "script.py"],
            "--html script.py: that is the script itself. Name another file, as in --html step.html",
        ),
        (
            ["--html", "out", "--source", "out"],
            "--html out: that is what --source names too. Name another file, as in --html step.html",
        ),
        (["--source", "."], ". holds other files, and is left as it is. Name a folder that does not exist yet."),
        (["--source", "script.py"], "script.py is a file. Name a folder for step.py, inputs.npz, outputs.npz."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_the_script_runs(tmp_path, monkeypatch, capsys, words, said):
    (tmp_path / "script.py").write_text(textwrap.dedent(TRAINING))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["explain", "script.py", *words])
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"backlit explain: {said}\n")


def test_the_last_step_of_a_script_that_asks_for_input_has_to_be_named_by_its_number(explain):
    code, out, err = explain("import torch\nsteps = int(input())\n", "--step", "last")
    assert (code, out) == (2, "")
    assert err.endswith("asks for input, and its steps are counted in a run that gets none. Ask for a step by its "
                        "number: --step 2\n")  # fmt: skip


@pytest.mark.parametrize("step", ["1", "last"])
def test_a_script_that_is_not_there_or_lacks_names(explain, tmp_path, step):
    done = python("-m", "backlit", "explain", "scirpt.py", "--step", step, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("backlit explain: there is no script 'scirpt.py'.")
    code, _, err = explain("import torch\ntorch.not_there()\n", "--step", step)
    assert code == 2
    assert err.startswith("backlit explain: ")
    assert "not_there" in err


def test_the_last_step_of_a_run_is_told(tmp_path):
    trained = make_run(tmp_path / "run", write_table(tmp_path / "table.csv"), epochs=2)
    done = python("-m", "backlit", "explain", "run", "--source", "folder", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert python(tmp_path / "folder" / "step.py", cwd=tmp_path).returncode == 0
    program = (tmp_path / "folder" / "step.py").read_text()
    assert f"Step {len(trained.history)} of run" in program
    assert "x @ W1.T + b1" in program
    assert "y = given[" in program


def test_of_a_run_only_the_last_step_is_shown(tmp_path):
    make_run(tmp_path / "run", write_table(tmp_path / "table.csv"), epochs=1)
    done = python("-m", "backlit", "explain", "run", "--step", "1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = "run is a run folder, of which the last step is shown: leave arguments and --step away."
    assert done.stderr == f"backlit explain: {said}\n"
    (tmp_path / "table.csv").write_text("size,colour,kind\n1,red,big\n2,red,small\n")
    done = python("-m", "backlit", "explain", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "run cannot be repeated: " in done.stderr
    assert "has changed since the run began." in done.stderr
    (tmp_path / "empty").mkdir()
    done = python("-m", "backlit", "explain", "empty", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "backlit explain: empty is no run folder: it has no config.json.\n"


def test_the_step_is_written_as_a_page(explain, tmp_path):
    code, out, err = explain(TRAINING, "--html", "step.html", "--sample", "1")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "step.html holds the step as a page; open it in a browser."
    page = (tmp_path / "step.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Step 1 of script.py" in page
    assert 'src="http' not in page
