"""Which module is running: the path that names a line."""

from __future__ import annotations

import threading
from typing import Any

from backlit.nn.modules.module import Module, register_module_forward_hook, register_module_forward_pre_hook


class ModuleStack:
    """Listens to the calls of modules in its thread while it is entered."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.running: list[Any] = []
        self.roots: dict[int, Module] = {}
        self.paths: dict[int, str] = {}

    def __enter__(self) -> ModuleStack:
        self.handles = [
            register_module_forward_pre_hook(lambda module, args: self.entered(module)),
            register_module_forward_hook(lambda module, args, output: self.left(module), always_call=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    @property
    def path(self) -> str:
        """The innermost running module's name in its model, as "net.0"; "" outside of any."""
        return self.paths.get(id(self.running[-1]), "") if self.running else ""

    def entered(self, module: Module) -> None:
        if threading.get_ident() != self.thread:
            return
        if not self.running and id(module) not in self.paths:
            self.roots[id(module)] = module
            for name, inner in module.named_modules():
                self.paths.setdefault(id(inner), name)
        self.running.append(module)

    def left(self, module: Module) -> None:
        if threading.get_ident() == self.thread and self.running and self.running[-1] is module:
            self.running.pop()
