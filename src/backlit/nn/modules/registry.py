"""What a module holds: parameters, buffers and submodules, found by attribute, by name and by walking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from backlit.functions.conversion import typename
from backlit.nn.parameter import Buffer, Parameter
from backlit.suggest import did_you_mean
from backlit.tensor import Tensor

FORGOTTEN = (
    "cannot assign {what} before Module.__init__() call: {name!r} was set on a {kind} that is not set up yet.\n"
    "Make it the first line of your own __init__:\n"
    "    def __init__(self, ...):\n"
    "        super().__init__()\n"
    "        self.{name} = ..."
)


class Registry:
    """The part of Module that keeps its members apart from plain attributes."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]

    # Attributes. A member lives in one of three dicts, so Python only asks __getattr__ for it.

    def __getattr__(self, name: str) -> Any:
        # Every `self.weight` in a forward comes here, so the three dicts are asked one by one, without a loop.
        members = self.__dict__
        if "_parameters" in members:
            if name in (found := members["_parameters"]):
                return found[name]
            if name in (found := members["_modules"]):
                return found[name]
            if name in (found := members["_buffers"]):
                return found[name]
        message = f"'{type(self).__name__}' object has no attribute '{name}'"
        if "_parameters" not in members:
            message += ": its Module.__init__() has not run. Call super().__init__() first in your own __init__."
        # `name` and `obj` let Python itself say "Did you mean".
        raise AttributeError(message, name=name, obj=self)

    def own(self, name: str) -> Any:
        """`self.name` of a parameter or a buffer, without the search that Python makes before it asks __getattr__.

        In a small layer that search costs as much as the product. A parametrization may have moved the parameter.
        """
        if name in self._parameters:
            return self._parameters[name]
        return self._buffers[name] if name in self._buffers else getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        holder = next((kind for kind, _, _ in MEMBERS if name in self.__dict__.get(kind, ())), None)
        if isinstance(value, Parameter):
            self._make_room(name, "parameters", "_parameters")
            self.register_parameter(name, value)
        elif holder == "_parameters":
            self._parameters[name] = none_or_refused(name, value, holder)
        elif isinstance(value, Registry):
            self._make_room(name, "module", "_modules")
            self._modules[name] = value
        elif holder == "_modules":
            self._modules[name] = none_or_refused(name, value, holder)
        elif isinstance(value, Buffer):
            self._make_room(name, "buffers", "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif holder == "_buffers":
            self._buffers[name] = value if isinstance(value, Tensor) else none_or_refused(name, value, holder)
        else:
            object.__setattr__(self, name, value)

    def _make_room(self, name: str, what: str, home: str) -> None:
        """Take out an attribute, or a member of another kind, that has the name which a member is to get."""
        members = self.__dict__
        if "_parameters" not in members:
            raise AttributeError(FORGOTTEN.format(what=what, name=name, kind=type(self).__name__))
        members.pop(name, None)
        for kind, _, _ in MEMBERS:
            if kind != home:
                members[kind].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        for kind, _, _ in MEMBERS:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        members = (*self._parameters, *self._modules, *self._buffers)
        return sorted({*object.__dir__(self), *(name for name in members if name.isidentifier())})

    # Registration by name.

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name.

        Raises TypeError if it is no Parameter, KeyError for a name in use or with a dot, ValueError if it was computed.
        """
        check_name(self, name, "parameter", "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
                ": write nn.Parameter(...) around it."
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}': it was computed from others. Compute it in "
                "forward(), or cut its history, nn.Parameter(value.detach())."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that moves and is saved with the module (unless not persistent), but is not trained."""
        check_name(self, name, "buffer", "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required). "
                f"Write self.register_buffer({name!r}, torch.tensor(...))."
            )
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Any) -> None:
        """Add a submodule; None reserves the name."""
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"{typename(module)} is not a Module subclass: add_module({name!r}, ...) needs one.")
        check_name(self, name, "module", "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Any) -> None:
        """The same as add_module."""
        self.add_module(name, module)

    # Look-up by dotted name.

    def get_submodule(self, target: str) -> Any:
        """The submodule at a dotted path such as "net.0"; the module itself for "". Raises AttributeError."""
        module: Any = self
        for part in target.split(".") if target else ():
            if not hasattr(module, part):
                raise AttributeError(missing(module, "attribute", part, module._modules))
            module = getattr(module, part)
            if not isinstance(module, Registry):
                raise AttributeError(f"`{part}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Any, strict: bool = False) -> None:
        """Put a module at a dotted path. strict: raise AttributeError if there is none yet."""
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("Cannot set the submodule without a target name!")
        parent = self.get_submodule(path)
        if strict and not isinstance(getattr(parent, name, None), Registry):
            raise AttributeError(missing(parent, "submodule", name, parent._modules))
        if not isinstance(module, Registry):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path such as "net.0.weight". Raises AttributeError."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, name, None)
        if not isinstance(found, Parameter):
            raise AttributeError(missing(module, "parameter", name, module._parameters))
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path. Raises AttributeError."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if module._buffers.get(name) is None:
            raise AttributeError(missing(module, "buffer", name, module._buffers))
        found: Tensor = module._buffers[name]
        return found

    # Walks. Something that is reached twice is given once, under its first name, unless remove_duplicate is False.

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Pairs of dotted name and module: this one (named "") and all below it, parents before children."""
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(seen, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Any]:
        """This module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and submodule, one level down."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        """The submodules, one level down."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, members_of: Callable[[Any], Any], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, member in members_of(module):
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Pairs of dotted name and parameter.

        >>> import backlit as torch
        >>> [name for name, _ in torch.nn.Sequential(torch.nn.Linear(2, 1)).named_parameters()]
        ['0.weight', '0.bias']
        """
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module, and of those below it if `recurse`: what an optimizer takes."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Pairs of dotted name and buffer."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module, and of those below it if `recurse`."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer


#: Where members live, what they are called, and what may take their place.
MEMBERS = (
    ("_parameters", "parameter", "torch.nn.Parameter or None"),
    ("_modules", "child module", "torch.nn.Module or None"),
    ("_buffers", "buffer", "torch.Tensor, torch.nn.Buffer or None"),
)


def missing(module: Registry, what: str, name: str, known: Iterable[str]) -> str:
    return f"{type(module).__name__} has no {what} `{name}`. {did_you_mean(name, known)}"


def none_or_refused(name: str, value: Any, home: str) -> Any:
    """None, which may stand where a member was; any other value is a TypeError that says what to write."""
    if value is None:
        return None
    what, wanted = next(row[1:] for row in MEMBERS if row[0] == home)
    message = f"cannot assign '{typename(value)}' as {what} '{name}' ({wanted} expected)"
    if what == "parameter" and isinstance(value, Tensor):
        message += (f". Write self.{name} = nn.Parameter(...), or to set its values in place:\n"
                    f"    with torch.no_grad(): self.{name}.copy_(...)")  # fmt: skip
    raise TypeError(message)


def check_name(module: Registry, name: Any, what: str, home: str) -> None:
    """Whether a member can be registered under this name; the exception types are PyTorch's."""
    members = module.__dict__
    if home not in members:
        raise AttributeError(FORGOTTEN.format(what=what, name=name, kind=type(module).__name__))
    if not isinstance(name, str):
        raise TypeError(f"{what} name should be a string. Got {typename(name)}")
    if "." in name:
        raise KeyError(f"{what} name can't contain \".\", got: {name}")
    if name == "":
        raise KeyError(f'{what} name can\'t be empty string ""')
    if hasattr(module, name) and name not in members[home]:
        raise KeyError(f"attribute '{name}' already exists")
