"""Modules that hold modules, and those that hold parameters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, overload

from backlit.nn.modules.module import Module, indented
from backlit.nn.modules.registry import typename
from backlit.nn.parameter import Parameter
from backlit.tensor import Tensor

S = TypeVar("S", bound="Numbered")


def position(index: int, length: int, what: str = "index") -> int:
    """A position counted from the front. Raises IndexError beyond the ends."""
    if not -length <= index < length:
        raise IndexError(f"{what} {index} is out of range: there are {length} modules, so {-length} to {length - 1}.")
    return index % length


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
        joined_with(other, "add")
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Sequential:
        joined_with(other, "add")
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


def joined_with(other: Any, what: str) -> None:
    if not isinstance(other, Sequential):
        raise ValueError(f"{what} operator supports only objects of Sequential class, but {type(other)} is given.")


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
        for name, module in pairs_of(modules, "ModuleDict"):
            self[name] = module


def pairs_of(values: Any, what: str) -> list[tuple[str, Any]]:
    """The pairs in a mapping, or in an iterable of pairs."""
    if isinstance(values, Mapping) and what == "ParameterDict" and not isinstance(values, OrderedDict):
        return sorted(values.items())  # PyTorch's order, and so that of the parameters
    if isinstance(values, (Mapping, ModuleDict, ParameterDict)):
        return list(values.items())
    if not isinstance(values, Iterable):
        raise TypeError(
            f"{what}.update should be called with an iterable of key/value pairs, but got {type(values).__name__}"
        )
    pairs = list(values)
    for k, pair in enumerate(pairs):
        if not isinstance(pair, Iterable) or len(list(pair)) != 2:
            raise ValueError(f"{what} update sequence element #{k} is no pair of a name and a value: {pair!r}")
    return [tuple(pair) for pair in pairs]


class ParameterList(Module):
    """A list of parameters, all registered; tensors in it become Parameters.

    >>> import backlit as torch
    >>> weights = torch.nn.ParameterList([torch.ones(2), torch.ones(3)])
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self += values

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> ParameterList: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return type(self)(list(self)[key])
        return getattr(self, str(position(key.__index__(), len(self))))

    def __setitem__(self, key: int, value: Any) -> None:
        setattr(self, str(position(key.__index__(), len(self))), as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, str(k)) for k in range(len(self))])

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add values at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(described(str(k), value, lambda t: t.dtype) for k, value in enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dict of parameters, all registered; tensors in it become Parameters.

    >>> import backlit as torch
    >>> torch.nn.ParameterDict({"left": torch.ones(2)})["left"].requires_grad
    True
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if str(key) not in self._keys:
            raise KeyError(key)
        return getattr(self, str(key))

    def __setitem__(self, key: str, value: Any) -> None:
        self._keys[str(key)] = None
        setattr(self, str(key), as_parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[str(key)]
        delattr(self, str(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def keys(self) -> Any:
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        return [(key, self[key]) for key in self._keys]

    def values(self) -> Iterable[Any]:
        return [self[key] for key in self._keys]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of this name, or the default."""
        return self[key] if str(key) in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of this name, which is set to the default if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Take out the value of this name, and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take out the last pair, and return it."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take out all values."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """Another ParameterDict of the same values."""
        return ParameterDict(dict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A ParameterDict with the default under each name."""
        return ParameterDict([(key, default) for key in keys])

    def update(self, parameters: Any) -> None:
        """Add the values of a mapping, or of pairs of name and value."""
        for key, value in pairs_of(parameters, "ParameterDict"):
            self[key] = value

    def __or__(self, other: ParameterDict) -> ParameterDict:
        return ParameterDict([*self.items(), *other.items()])

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        return ParameterDict([*other.items(), *self.items()])

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return "\n".join(described(key, value, typename) for key, value in self.items())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")


def as_parameter(value: Any) -> Any:
    """A tensor as a Parameter; anything else as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def described(name: str, value: Any, kind_of: Callable[[Any], Any]) -> str:
    """A line of a ParameterList's or ParameterDict's print."""
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {what} containing: [{kind_of(value)} of size {'x'.join(map(str, value.shape))}]"
