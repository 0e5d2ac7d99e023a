"""`backlit run` through the real command line: all but `import torch` is as under `python`."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "120", "MPLBACKEND": "Agg"}


def command(*arguments, cwd, stdin="", **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **environment},
        timeout=60,
    )


def backlit(*arguments, cwd, **options):
    return command("-m", "backlit", *arguments, cwd=cwd, **options)


def write(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('_in_', '/')}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))


def run(folder, source, *arguments, **options):
    """What `backlit run script.py` does with a script of this text."""
    write(folder, script=source)
    return backlit("run", "script.py", *arguments, cwd=folder, **options)


def under_python(folder, source, *arguments, **options):
    write(folder, script=source)
    return command("script.py", *arguments, cwd=folder, **options)


# As under python.

SITUATION = """
    import json, os, sys
    import beside
    from package.inner import where
    here = [__name__, __file__, sys.argv, sys.path[0], __package__, __spec__, __doc__, type(__loader__).__name__]
    import __main__
    here += [__main__.here is here, beside.__file__, where, sys.stdin.read(), type(__builtins__).__name__]
    if __name__ == "__main__":
        print(json.dumps(here))
        print("to stderr", file=sys.stderr)
"""


@pytest.mark.parametrize("place", ["..", "."])
def test_a_script_finds_itself_as_under_python(tmp_path, place):
    folder = tmp_path / "project"
    write(
        folder,
        script=SITUATION,
        beside="",
        package_in___init__="",
        package_in_inner="from . import other\nwhere = other.__name__",
        package_in_other="",
    )
    path = os.path.relpath(folder / "script.py", folder / place)
    arguments = (path, "--anyway", "x y", "--help")
    theirs = command(*arguments, cwd=folder / place, stdin="typed")
    mine = backlit("run", *arguments, cwd=folder / place, stdin="typed")
    assert theirs.returncode == 0
    assert json.loads(mine.stdout) == json.loads(theirs.stdout)
    assert (mine.returncode, mine.stderr) == (0, "to stderr\n")


@pytest.mark.parametrize(
    "source",
    [
        "import sys; sys.exit(3)",
        "import sys; sys.exit('over')",
        "raise SystemExit([1])",
        "1 / 0",
        "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
        "from . import beside",
        "import nothing_of_this_name",
        "def f():\n    raise KeyError('x')\ntry:\n    f()\nexcept KeyError as e:\n    raise ValueError('a\\nb') from e",
        "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
        "import sys; sys.excepthook = lambda *a: print('own hook', a[0]); 1 / 0",
        "import atexit; atexit.register(print, 'at exit'); print('end')",
        "exec('1 +')",
        "import json; json.loads('{')",
    ],
)
def test_scripts_end_as_under_python(tmp_path, source):
    mine, theirs = run(tmp_path, source), under_python(tmp_path, source)
    assert (mine.returncode, mine.stdout, mine.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_ctrl_c_is_130_in_a_shell(tmp_path):
    ended = run(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    assert ended.returncode == -signal.SIGINT


# `import torch` is Backlit.


def test_torch_is_backlit_even_where_pytorch_is_installed(tmp_path):
    source = """
        import sys
        import torch, torch.nn as nn, torch.nn.functional as F, torch.optim.lr_scheduler
        from torch import optim
        from torch.utils.data import DataLoader, TensorDataset
        from torch.autograd import Variable
        from torch.nn.parameter import Parameter
        from torch.nn.modules.module import Module
        from torch.nn.modules import Linear
        from torch.optim.optimizer import Optimizer
        from torch.utils.data.dataset import Dataset
        import torch.nn.modules.linear
        import backlit
        assert torch.Tensor is backlit.Tensor and nn is backlit.nn and nn.Linear is Linear is backlit.nn.Linear
        assert torch.nn.modules.linear.Linear is Linear and Module is nn.Module and Parameter is nn.Parameter
        assert Optimizer is backlit.optim.Optimizer and Dataset is torch.utils.data.Dataset
        assert sys.modules["torch.nn.functional"] is F is torch.nn.functional
        print(torch.__version__, torch.version.__version__, torch.version.cuda, torch.cuda.is_available())
        print(type(torch.ones(2)), type(nn.Linear(1, 1).weight), DataLoader, torch.optim.SGD, nn.ReLU, torch.dtype)
        print(backlit.__version__ != torch.__version__)
        files = [getattr(m, "__file__", None) or "" for m in list(sys.modules.values())]
        print([f for f in files if "site-packages/torch/" in f])
    """
    done = run(tmp_path, source)
    assert done.stderr == ""
    classes = ["Tensor", "nn.parameter.Parameter", "utils.data.dataloader.DataLoader", "optim.sgd.SGD"]
    classes += ["nn.modules.activation.ReLU", "dtype"]
    printed = " ".join(f"<class 'torch.{name}'>" for name in classes)
    assert done.stdout.splitlines() == ["2.13.0 2.13.0 None False", printed, "True", "[]"]


def test_what_a_script_sets_on_torch_is_there(tmp_path):
    source = """
        import torch
        import torch.nn.functional as F
        torch.sigmoid = lambda x: "mine"
        F.relu = lambda x: "also mine"
        torch.Tensor.twice = lambda self: self * 2
        import torch as again
        print(again.sigmoid(1), torch.nn.functional.relu(1), torch.ones(2).twice().tolist(), hasattr(torch, "no_such"))
    """
    assert run(tmp_path, source).stdout == "mine also mine [2.0, 2.0] False\n"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "import torch.distributed.rpc",
            "No module named 'torch.distributed': Backlit does not have this part of PyTorch",
        ),
        ("from torch import no_such_name", "cannot import name 'no_such_name' from 'torch'"),
        ("import torch.train", "No module named 'torch.train'"),
        ("import torchvision", "torchvision is built on PyTorch's compiled core"),
        ("from torchaudio import x", "torchaudio is built on PyTorch's compiled core"),
        ("import torch; torch.no_such_name", "module 'torch' has no attribute 'no_such_name'"),
    ],
)
def test_what_backlit_lacks_is_named(tmp_path, statement, words):
    done = run(
        tmp_path, f"try:\n    {statement}\nexcept Exception as error:\n    print(type(error).__mro__[:-3], error)"
    )
    assert words in done.stdout
    assert ("ImportError" if "import" in statement.split(";")[-1] else "AttributeError") in done.stdout


def test_other_libraries_take_the_tensors(tmp_path):
    source = """
        import matplotlib.pyplot as plt, numpy as np, torch
        import scipy.linalg, scipy.spatial, scipy.stats
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import accuracy_score, confusion_matrix, mean_squared_error
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        from sklearn.utils import check_array
        x, y = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), torch.tensor([0, 1, 1])
        print(accuracy_score(y, y), mean_squared_error(x, x + 1), confusion_matrix(y, y).tolist())
        checked = check_array(x)
        print(type(checked).__name__, checked.dtype, StandardScaler().fit_transform(x).round(3).tolist())
        print([type(part).__name__ for part in train_test_split(x, y, test_size=1, random_state=0)])
        print(LogisticRegression().fit(x, y).predict(x).tolist())
        print(scipy.linalg.norm(x).round(4), scipy.spatial.distance.cdist(x, x).round(3).tolist())
        print(scipy.stats.pearsonr(x[:, 0], x[:, 1]).statistic.round(4), scipy.stats.zscore(x).round(3).tolist())
        line = plt.plot(torch.arange(3), x[:, 0])[0]
        print(line.get_ydata().tolist(), plt.hist(x[:, 1])[0].tolist(), np.asarray(x).dtype, np.array(x).shape)
        plt.scatter(x[:, 0], x[:, 1], c=y), plt.imshow(x), plt.contourf(x), plt.bar(torch.arange(2), torch.ones(2))
        try:
            plt.plot(x.requires_grad_())
        except RuntimeError as error:
            print("RuntimeError", "requires grad" in str(error))
    """
    mine, theirs = run(tmp_path, source), under_python(tmp_path, source)
    assert (mine.stderr, theirs.returncode) == ("", 0)
    assert mine.stdout == theirs.stdout


# Names that Backlit lacks.


def test_missing_names_are_listed_at_once_before_anything_runs(tmp_path):
    write(tmp_path, models="import torch.nn as nn\nclass Net(nn.Sequental):\n    pass\n")
    source = """\
        print("started")
        import torch, torchvision
        from torch import nn
        import torch.nn.functional as F
        from torch.distributed import rpc
        from models import Net
        a = torch.no_such_function(1)
        b = nn.relu(a)
        torch.no_such_function(2)
        if torch.cuda.is_available():
            torch.cuda.no_such_thing()
    """
    done = run(tmp_path, source)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "backlit run: script.py uses 5 names that Backlit does not have:"
    rows = {row.split()[-1] if "  " not in row.strip() else row.strip() for row in done.stderr.splitlines()[1:-1]}
    text = "\n".join(sorted(rows))
    for line, name, hint in [
        ("lines 7, 9", "torch.no_such_function", ""),
        ("line 8", "torch.nn.relu", "nearest: torch.nn.ReLU, torch.relu, torch.nn.functional.relu"),
        ("line 5", "torch.distributed", ""),
        ("line 2", "torchvision", "is built on PyTorch's compiled core. For small images"),
        ("models.py:2", "torch.nn.Sequental", "nearest: torch.nn.Sequential"),
    ]:
        row = next(row for row in rows if name in row.split())
        assert row.startswith(line), text
        assert all(word in row for word in hint.split(", ")), row
    assert done.stderr.splitlines()[-1].endswith("backlit run --anyway script.py")


def test_anyway_runs_up_to_the_first_of_them(tmp_path):
    write(tmp_path, script="print('started')\nimport torch\ntorch.no_such_function(1)\nprint('not here')\n")
    done = backlit("run", "--anyway", "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "started\n")
    assert "line 3" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("AttributeError: module 'torch' has no attribute 'no_such_function'")


def test_names_that_a_script_is_prepared_to_miss_do_not_stop_it(tmp_path):
    source = """
        import torch
        if hasattr(torch, "no_such_function"):
            torch.no_such_function()
        try:
            from torch.no_such_module import thing
        except ImportError:
            thing = None
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if device.type == "cuda":
            torch.cuda.no_such_function()
        print(thing, device)
    """
    done = run(tmp_path, source)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None cpu\n", "")


# Scripts that cannot be started.


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "broken.py",
            b"x = (1\nprint(2",
            ['broken.py", line 2', "    print(2\n         ^", "SyntaxError: '(' was never closed"],
        ),
        (
            "latin.py",
            b"x = 1\ny = '\xe9'\n",
            ["latin.py is not valid UTF-8: line 2 has the byte 0xe9", "coding: latin-1"],
        ),
        ("odd.py", b"# -*- coding: klingon -*-\n", ["SyntaxError", "klingon"]),
        ("null.py", b"x = 1\0", ["null.py is not valid Python", "null bytes"]),
        ("deep.py", b"+".join([b"x"] * 9000), ["deep.py is not valid Python", "RecursionError"]),
        ("indent.py", b"if x:\npass\n", ['indent.py", line 2', "IndentationError"]),
        ("folder/", None, ["'folder/' is a directory; name the script in it", "'main.py'"]),
        ("missing.py", None, ["there is no script 'missing.py'", "broken.py"]),
        ("nowhere/x.py", None, ["there is no script 'nowhere/x.py'"]),
    ],
)
def test_a_script_that_cannot_be_started_is_one_message(tmp_path, name, content, words):
    write(tmp_path, folder_in_main="", broken="x = (1")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = backlit("run", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("backlit run: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_the_encoding_that_a_script_declares_is_used(tmp_path):
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n")
    assert backlit("run", "latin.py", cwd=tmp_path).stdout == "'\\xe9'\n"


# Tracebacks.


def test_an_exception_shows_the_users_frames_only(tmp_path):
    write(
        tmp_path,
        models="from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x @ x\n",
    )
    source = """\
        import torch
        from models import Net

        def main():
            Net()(torch.ones(2, 3))

        main()
    """
    mine, theirs = run(tmp_path, source), under_python(tmp_path, source)
    assert mine.returncode == theirs.returncode == 1
    lines = mine.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.split(", ")[1:] for line in lines if line.startswith("  File")] == [
        ["line 7", "in <module>"],
        ["line 5", "in main"],
        ["line 4", "in forward"],
    ]
    assert "return x @ x" in mine.stderr
    assert lines[-1].split(":")[0] == theirs.stderr.splitlines()[-1].split(":")[0] == "RuntimeError"


def test_exceptions_that_led_to_one_another_show_the_users_frames_only(tmp_path):
    source = """
        import torch
        try:
            torch.ones(2, 3) @ torch.ones(2, 3)
        except RuntimeError as error:
            raise ValueError("as I said") from error
    """
    done = run(tmp_path, source)
    assert "direct cause" in done.stderr
    assert done.stderr.count("  File ") == done.stderr.count("script.py") == 2


def test_an_exception_in_a_thread_shows_the_users_frames_only(tmp_path):
    source = """
        import threading, torch
        thread = threading.Thread(target=lambda: torch.ones(2, 3) @ torch.ones(2, 3))
        thread.start()
        thread.join()
    """
    done = run(tmp_path, source)
    assert done.stderr.startswith("Exception in thread Thread-1")
    assert done.stderr.splitlines()[-1].startswith("RuntimeError")
    files = [line for line in done.stderr.splitlines() if line.startswith("  File")]
    assert all("script.py" in line or "threading.py" in line for line in files)
    assert "script.py" in files[-1]


def test_libraries_that_the_script_called_itself_are_shown(tmp_path):
    done = run(tmp_path, "import json, torch\njson.loads('{')")
    assert "decoder.py" in done.stderr


def test_our_frames_are_shown_on_request(tmp_path):
    source = "import torch\ntorch.ones(2, 3) @ torch.ones(2, 3)"
    assert "backlit" not in run(tmp_path, source).stderr.replace(str(tmp_path), "")
    assert os.path.join("backlit", "tensor.py") in run(tmp_path, source, BACKLIT_TRACEBACK="full").stderr


# The program itself.


def test_help_names_the_commands_and_what_they_do(tmp_path):
    done = backlit("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Run an unmodified PyTorch script on Backlit." in done.stdout
    assert "train" in done.stdout
    assert "--anyway" in backlit("run", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize("arguments", [["run"], ["run", "--no-such-option", "x.py"], ["no-such-command"]])
def test_a_wrong_command_is_exit_code_2(tmp_path, arguments):
    done = backlit(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


def test_running_a_script_imports_no_terminal_library(tmp_path):
    source = "import sys, torch\nprint([m for m in ('typer', 'rich', 'zipfile', 'polars') if m in sys.modules])"
    assert run(tmp_path, source).stdout == "[]\n"
