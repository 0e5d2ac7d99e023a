"""What `import torch` offers where it means Backlit."""

import subprocess
import sys

import torch as oracle

LISTING = "from backlit.interop import as_torch; print(*[name for name in dir(as_torch()) if name[0] != '_'])"


def test_torch_has_no_name_that_pytorch_lacks():
    done = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert "Tensor" in names
    assert [name for name in names if not hasattr(oracle, name)] == []
