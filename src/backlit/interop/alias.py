"""`import torch` as Backlit, so that PyTorch's scripts run unmodified.

The module `torch` is not `backlit` itself, since the two differ in their version; all that is in it is Backlit's own:
`torch.Tensor is backlit.Tensor`, `torch.nn is backlit.nn`. PyTorch's deeper paths, such as `torch.nn.modules.linear`,
exist where Backlit keeps their names elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Backlit's rooms that PyTorch does not have; "annotations" is what `from __future__ import annotations` leaves behind.
OWN = {"annotations", "cli", "compiler", "data", "dtypes", "errors", "explain", "find_lr", "fit", "functions"}
OWN |= {"indexing", "interop", "layouts", "ops", "plots", "printing", "settings", "size", "suggest", "swaps", "tracing"}
OWN |= {"train", "twister", "typed", "writing"}

# PyTorch's paths to what Backlit keeps elsewhere, and where that is.
HOMES: dict[str, tuple[str, ...]] = {
    "torch._tensor": ("backlit.tensor",),
    "torch.autograd.function": ("backlit.autograd",),
    "torch.autograd.functional": ("backlit.autograd",),
    "torch.autograd.variable": ("backlit.autograd",),
    "torch.functional": ("backlit",),
    "torch.nn.modules": ("backlit.nn",),
    "torch.nn.utils.clip_grad": ("backlit.nn.utils",),
    "torch.nn.utils.convert_parameters": ("backlit.nn.utils",),
    "torch.nn.utils.rnn": ("backlit.nn.utils",),
    "torch.random": ("backlit.random", "backlit"),
    "torch.utils.data._utils": ("backlit.utils.data",),
    "torch.utils.data._utils.collate": ("backlit.utils.data",),
}
MODULES = ["activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout"]
MODULES += ["flatten", "fold", "instancenorm", "lazy", "linear", "loss", "module", "normalization", "padding"]
MODULES += ["pixelshuffle", "pooling", "rnn", "sparse", "transformer", "upsampling", "utils"]
HOMES |= {f"torch.nn.modules.{name}": ("backlit.nn",) for name in MODULES}

# Paths that mean one module of Backlit.
SAME = {
    "torch.torch_version": "backlit.interop.torch_version",
    "torch.version": "backlit.interop.torch_version",
    "safetensors.torch": "backlit.interop.safetensors",
}

BUILT_ON_PYTORCH = {
    "torchvision": "For small images try sklearn.datasets.load_digits(), or fetch_openml('mnist_784').",
    "torchaudio": "To read sound files try scipy.io.wavfile.",
    "torchtext": "Its data sets are plain text files, which Python reads itself.",
}

# Namespaces whose classes scripts print: `type(x)` reads `<class 'torch.Tensor'>`, `<class 'torch.optim.sgd.SGD'>`.
PRINTED = {"backlit", "backlit.nn", "backlit.optim", "backlit.optim.lr_scheduler", "backlit.utils.data"}


def as_torch() -> ModuleType:
    """Make `import torch` mean Backlit in this process, wherever it is written, and return that module.

    Raises RuntimeError if PyTorch has been imported already: its tensors would be mixed with Backlit's.
    """
    present = sys.modules.get("torch")
    if isinstance(present, Facade):
        return present
    if present is not None:
        raise RuntimeError(
            "PyTorch is imported already, so `import torch` cannot mean Backlit in this process. Call "
            "backlit.interop.as_torch() before anything imports torch."
        )
    finder: Any = Finder()
    sys.meta_path.insert(0, finder)
    return importlib.import_module("torch")


class Facade(ModuleType):
    """A module with the names of others, looked up when they are asked for."""

    def __init__(self, name: str, homes: Sequence[ModuleType]) -> None:
        super().__init__(name, homes[0].__doc__)
        self.__path__: list[str] = []  # a package, whose modules the Finder knows
        self.__dict__["_homes"] = tuple(homes)

    def __getattr__(self, name: str) -> Any:
        if not (name.startswith("__") or name in OWN):
            for home in self.__dict__["_homes"]:
                if hasattr(home, name):
                    value = getattr(home, name)
                    if isinstance(value, ModuleType):
                        name_classes(value)
                        self.__dict__[name] = value  # `torch.nn` in a loop shall not be looked up every time
                    return value
            if f"{self.__name__}.{name}" in (*HOMES, *SAME):
                return importlib.import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}: Backlit does not have this name")

    def __dir__(self) -> list[str]:
        names = set(self.__dict__).union(*map(dir, self.__dict__["_homes"]))
        return sorted(name for name in names if name not in OWN)


class Finder:
    """A meta path finder: answers for `torch` and everything below it, before any installed PyTorch could."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if name in BUILT_ON_PYTORCH:
            return spec_of(name, None)
        if root != "torch" and name not in SAME:
            return None
        module = module_for(name)
        if module is None:
            raise ModuleNotFoundError(
                f"No module named {name!r}: Backlit does not have this part of PyTorch", name=name
            )
        return spec_of(name, module)


def spec_of(name: str, module: ModuleType | None) -> ModuleSpec:
    loader: Any = Presenter(module)  # typed as importlib.abc.Loader, whose import takes longer than a script's scan
    return ModuleSpec(name, loader, is_package=hasattr(module, "__path__"))


class Presenter:
    """A loader that hands over a module that exists already."""

    def __init__(self, module: ModuleType | None) -> None:
        self.module = module
        self.spec = getattr(module, "__spec__", None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if self.module is None:
            raise ModuleNotFoundError(
                f"{spec.name} is built on PyTorch's compiled core, which Backlit does not have, so it cannot run here. "
                f"{BUILT_ON_PYTORCH[spec.name]}",
                name=spec.name,
            )
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Importing has given Backlit's module the alias's spec; give it back its own."""
        if self.spec is not None:
            module.__spec__ = self.spec
        name_classes(module)


def module_for(name: str) -> ModuleType | None:
    """The module that a path of PyTorch's means, or None."""
    if name == "torch":
        return torch_module()
    if name in SAME:
        return importlib.import_module(SAME[name])
    own = own_module(name)
    if name not in HOMES:
        return own
    homes = [importlib.import_module(home) for home in HOMES[name]]
    return Facade(name, [own, *homes] if own else homes)


def own_module(name: str) -> ModuleType | None:
    """Backlit's module at the same path."""
    first, _, rest = name.partition(".")
    if first != "torch" or rest.partition(".")[0] in OWN:
        return None
    path = f"backlit.{rest}"
    try:
        exists = importlib.util.find_spec(path) is not None
    except ModuleNotFoundError:  # not even the package above it
        return None
    return importlib.import_module(path) if exists else None


def torch_module() -> Facade:
    import backlit
    from backlit.interop import torch_version

    torch = Facade("torch", [backlit])
    torch.__dict__.update({name: value for name, value in vars(backlit).items() if is_shared(name)})
    torch.__dict__["__version__"] = torch_version.__version__
    torch.__dict__["__file__"] = backlit.__file__
    name_classes(backlit)
    return torch


def name_classes(module: ModuleType) -> None:
    """Let the classes of a namespace say that they are PyTorch's, at the same path."""
    if module.__name__ not in PRINTED:
        return
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__.startswith("backlit."):
            path = value.__module__.replace("backlit.data", "backlit.utils.data")
            value.__module__ = "torch" if module.__name__ == "backlit" else path.replace("backlit", "torch", 1)


def is_shared(name: str) -> bool:
    return not name.startswith("_") and name not in OWN
