"""Modules that hold modules."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from backlit.functions.conversion import typename
from backlit.nn.modules.module import Module, indented
from backlit.nn.modules.pairs import pairs_of, position
from backlit.nn.modules.parameters import ParameterDict as ParameterDict
from backlit.nn.modules.parameters import ParameterList as ParameterList

S = TypeVar("S", bound="Numbered")


class Numbered(Module):
    """What Sequential and ModuleList share: submodules named "0", "1", ... that behave as a list."""

    def _name(self, index: Any) -> str:
        return next(islice(self._modules, position(index.__index__(), len(self)), None))

    def _renumber(self, modules: Iterable[Any]) -> None:
        self._modules = OrderedDict((str(k), module) for k, module in enumerate(modules))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def append(self: S, module: Module) -> S:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at `index`."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, key: int) -> Any:
        """Take out the module at `key`, and return it."""
        module = self[key]
        del self[key]
        return module

    def __delitem__(self, key: Any) -> None:
        names = list(self._modules)
        for name in names[key] if isinstance(key, slice) else [self._name(key)]:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __getitem__(self, key: Any) -> Any:
        return self._modules[self._name(key)]


class Sequential(Numbered):
    """Modules one behind the other: each gets what the one before gave.

    Made from modules, or from an OrderedDict of names to modules.

    >>> import backlit as torch
    >>> from backlit import nn
    >>> net = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1))
    >>> net
    Sequential(
      (0): Linear(in_features=2, out_features=4, bias=True)
      (1): Sigmoid()
      (2): Linear(in_features=4, out_features=1, bias=True)
    )
    >>> net(torch.zeros(3, 2)).shape, len(net[:2])
    (torch.Size([3, 1]), 2)
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return type(self)(OrderedDict(list(self._modules.items())[key]))
        return super().__getitem__(key)

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add all of another's modules at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}, but is {typename(module)}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}; there are {len(self)} modules.")
        super().insert(index, module)
        return self

    def __add__(self, other: Any) -> Sequential:
        check_sequential(other)
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Sequential:
        check_sequential(other)
        return self.extend(other)

    def __mul__(self, times: int) -> Sequential:
        checked_times(times)
        return Sequential(*(module for _ in range(times) for module in self))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        checked_times(times)
        modules = list(self)
        for _ in range(times - 1):
            self.extend(modules)
        return self


def check_sequential(other: Any) -> None:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")


def checked_times(times: Any) -> None:
    if not isinstance(times, int):
        raise TypeError(f"unsupported operand type(s) for *: {Sequential} and {type(times)}")
    if times <= 0:
        raise ValueError(f"Non-positive multiplication factor {times} for {Sequential}")


class ModuleList(Numbered):
    """A list of modules, all registered; it has no forward of its own.

    >>> from backlit import nn
    >>> layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
    >>> layers.append(nn.Linear(8, 1))
    ModuleList(
      (0-2): 3 x Linear(in_features=8, out_features=8, bias=True)
      (3): Linear(in_features=8, out_features=1, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self += modules

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return type(self)(list(self._modules.values())[key])
        return super().__getitem__(key)

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Runs of modules that print alike are printed once, with their count."""
        if not self._modules:
            return f"{self._get_name()}()"
        runs: list[list[Any]] = []  # first, last, text
        for k, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = k
            else:
                runs.append([k, k, text])
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in runs]
        return f"{self._get_name()}(\n{indented(lines)}\n)"


class ModuleDict(Module):
    """A dict of modules, all registered; it has no forward of its own.

    >>> from backlit import nn
    >>> choices = nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})
    >>> list(choices), choices["tanh"]
    (['relu', 'tanh'], Tanh())
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take out all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take out the module of this name, and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        return self._modules.keys()

    def items(self) -> Any:
        return self._modules.items()

    def values(self) -> Any:
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add the modules of a mapping, or of pairs of name and module."""
        for name, module in pairs_of(modules, "ModuleDict", in_order=True):
            self[name] = module
