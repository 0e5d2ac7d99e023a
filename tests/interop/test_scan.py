"""Which names of PyTorch's a script is found to use, and which uses count as guarded."""

from pathlib import Path

import pytest

from backlit.interop.scan import scan


def used(tmp_path, source, **modules):
    """The names found in a script, with those of the modules beside it."""
    for name, text in modules.items():
        file = tmp_path / f"{name.replace('_in_', '/')}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "script.py").write_text(source)
    uses, provided = scan(str(tmp_path / "script.py"))
    return {use.name for use in uses} - provided


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import torch\ntorch.foo", {"torch", "torch.foo"}),
        ("import torch as t\nt.foo(1).bar", {"torch", "torch.foo"}),
        ("import torch.nn as nn\nnn.Foo()", {"torch.nn", "torch.nn.Foo"}),
        ("import torch.nn.functional as F\nF.foo(1)", {"torch.nn.functional", "torch.nn.functional.foo"}),
        ("import torch.nn.functional\ntorch.optim.Foo", {"torch.nn.functional", "torch.optim.Foo"}),
        (
            "from torch import nn, optim\nnn.Foo, optim.Bar",
            {"torch.nn", "torch.optim", "torch.nn.Foo", "torch.optim.Bar"},
        ),
        ("from torch.nn import Foo as Bar", {"torch.nn.Foo"}),
        ("from torch.nn import *", {"torch.nn"}),
        (
            "import torch\nF = torch.nn.functional\nF.foo(1)",
            {"torch", "torch.nn.functional", "torch.nn.functional.foo"},
        ),
        ("import torch\ndef f():\n    return torch.foo", {"torch", "torch.foo"}),
        ("import torch\nclass A(torch.nn.Foo):\n    x = torch.bar", {"torch", "torch.nn.Foo", "torch.bar"}),
        ("import torch\n@torch.foo()\ndef f(x=torch.bar): pass", {"torch", "torch.foo", "torch.bar"}),
        ("import torch\n[torch.foo(x) for x in y]", {"torch", "torch.foo"}),
        ("import torch\nlambda x: torch.foo(x)", {"torch", "torch.foo"}),
        ("import torch\ndef f(x: torch.Foo) -> torch.Bar: pass", {"torch", "torch.Foo", "torch.Bar"}),
        ("def f():\n    import torch\n    torch.foo", {"torch", "torch.foo"}),
        ("import torchvision.transforms as T\nfrom torchvision import x", {"torchvision.transforms", "torchvision"}),
        ("try:\n    import torch\nfinally:\n    pass\ntorch.foo", {"torch", "torch.foo"}),
        ("import torch\ntry:\n    torch.foo\nexcept ValueError:\n    pass", {"torch", "torch.foo"}),
        ("import torch\nif x > 3:\n    torch.foo", {"torch", "torch.foo"}),
    ],
)
def test_names_are_found_however_they_are_imported(tmp_path, source, names):
    assert used(tmp_path, source) == names


@pytest.mark.parametrize(
    "guarded",
    [
        "try:\n    torch.foo\nexcept AttributeError:\n    pass",
        "try:\n    from torch import foo\nexcept ImportError:\n    foo = None",
        "try:\n    import torch.foo\nexcept (ValueError, ModuleNotFoundError):\n    pass",
        "try:\n    torch.foo\nexcept:\n    torch.foo",
        "try:\n    pass\nexcept ValueError:\n    torch.foo",
        "if hasattr(torch, 'foo'):\n    torch.foo",
        "if not hasattr(torch, 'foo'):\n    raise SystemExit\ntorch.foo",
        "getattr(torch, 'foo', None)\ntorch.foo",
        "if torch.cuda.is_available():\n    torch.foo\nelse:\n    torch.foo",
        "x = torch.foo if use_cuda else None",
        "use_gpu and torch.foo",
        "if torch.__version__ >= '3':\n    torch.foo",
        "if TYPE_CHECKING:\n    from torch import foo",
        "with contextlib.suppress(AttributeError):\n    torch.foo",
        "torch.foo = len\ntorch.foo",
        "def f(torch):\n    torch.foo",
        "def f():\n    torch = 3\n    torch.foo",
        "[torch.foo for torch in x]",
        "for torch in x:\n    pass\ntorch.foo",
        "lambda torch: torch.foo",
        "with open('x') as torch:\n    torch.foo",
        "x.foo, torch.tensor(1).foo, 'torch.foo'",
        "def f():\n    x: torch.foo = 1",
    ],
)
def test_names_that_the_script_is_prepared_to_miss_are_not_reported(tmp_path, guarded):
    assert not [name for name in used(tmp_path, f"import torch\n{guarded}") if "foo" in name]


def test_annotations_that_are_never_evaluated_do_not_count(tmp_path):
    body = "import torch\ndef f(x: torch.foo) -> torch.bar: pass\ny: torch.baz = 1\n"
    assert used(tmp_path, body) == {"torch", "torch.foo", "torch.bar", "torch.baz"}
    assert used(tmp_path, f"from __future__ import annotations\n{body}") == {"torch"}


def test_modules_of_the_scripts_folder_are_read_too(tmp_path):
    names = used(
        tmp_path,
        "import helper, os, missing\nfrom package.inner import thing\nif x:\n    import late",
        helper="import torch\ntorch.a\nif __name__ == '__main__':\n    torch.never\nelse:\n    torch.b",
        package_in___init__="import torch\ntorch.c",
        package_in_inner="from . import side\nfrom .other import x",
        package_in_side="import torch\ntorch.d",
        package_in_other="from torch import e\nimport helper",
        late="import torch\ntorch.f",
        unused="import torch\ntorch.g",
    )
    assert names == {"torch", *(f"torch.{letter}" for letter in "abcdef")}


def test_a_module_that_is_no_python_is_left_to_python_to_report(tmp_path):
    assert used(tmp_path, "import helper\nimport torch", helper="def (") == {"torch"}


def test_an_expression_nested_beyond_the_stack_is_no_error(tmp_path):
    assert "torch.foo" in used(tmp_path, f"import torch\ntorch.foo\nx = {'+'.join(['1'] * 900)}")


def test_every_use_has_its_file_and_line(tmp_path):
    (tmp_path / "helper.py").write_text("\nimport torch\ntorch.foo\n")
    (tmp_path / "script.py").write_text("import helper\n\nimport torch\ntorch.foo(torch.foo)")
    uses, _ = scan(str(tmp_path / "script.py"))
    assert [(Path(use.file).name, use.line) for use in uses if use.name == "torch.foo"] == [
        ("helper.py", 3),
        ("script.py", 4),
    ]
