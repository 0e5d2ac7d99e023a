"""Which of PyTorch's names a script uses that Backlit lacks, found before it starts.

The script's syntax tree is read, not run, and so are the modules that it imports from its own folder. A name is
reported where the script will ask for it without being prepared to miss it. So these are not reported:

* what stands in a `try` that catches the failure, or in `with suppress(...)`;
* what stands under an `if` that asks whether something is there: `hasattr`, a version, CUDA or another accelerator;
* a name that the script asks about by `hasattr` or `getattr` anywhere, or assigns itself (`torch.foo = ...`);
* what comes after `import *`, through a variable, or from a tensor: only running it can tell.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from backlit.interop.alias import BUILT_ON_PYTORCH

# Words in a condition that make it a question about what is there.
QUESTIONS = ["hasattr", "getattr", "callable", "version", "find_spec", "available", "type_checking", "distributed"]
QUESTIONS += ["cuda", "gpu", "mps", "xpu", "tpu"]
CATCHES = {"AttributeError", "ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
ROOTS = ("torch", *BUILT_ON_PYTORCH)

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Use(NamedTuple):
    """A name of PyTorch's where a file asks for it: `torch.nn.Linear`."""

    file: str
    line: int
    name: str


class Findings(NamedTuple):
    """What one file says: the names it uses, those it provides for itself, and the local modules it imports."""

    uses: list[Use]
    provided: set[str]
    imports: list[tuple[int, str]]  # how many folders up (0: absolute), and the module's path


def scan(script: str) -> tuple[list[Use], set[str]]:
    """All uses in a script and in the modules of its folder that it imports, and the names provided by the script."""
    uses: list[Use] = []
    provided: set[str] = set()
    todo, seen = [script], {os.path.realpath(script)}
    while todo:
        path = todo.pop(0)
        found = read_file(path, is_main=path == script)
        uses += found.uses
        provided |= found.provided
        for module in local_files(found.imports, os.path.dirname(path), os.path.dirname(script)):
            if os.path.realpath(module) not in seen:
                seen.add(os.path.realpath(module))
                todo.append(module)
    return sorted(set(uses)), provided


def local_files(imports: Iterable[tuple[int, str]], importers: str, scripts: str) -> Iterator[str]:
    """The files behind imported modules, as far as they lie in the importer's folder or the script's."""
    for level, name in imports:
        place = os.path.join(importers, *[os.pardir] * (level - 1)) if level else scripts
        for part in filter(None, name.split(".")):
            place = os.path.join(place, part)
            yield from filter(os.path.isfile, (os.path.join(place, "__init__.py"), f"{place}.py"))


def read_file(path: str, is_main: bool) -> Findings:
    """What a file says, as far as it can be told: what is no Python, Python will report when it is imported."""
    reader = FileReader(path, is_main)
    # RecursionError: a sum of thousands of terms is nested as deeply.
    with suppress(OSError, SyntaxError, ValueError, RecursionError), open(path, "rb") as file:
        reader.read(ast.parse(file.read()))
    return Findings(reader.uses, reader.provided, reader.imports)


class FileReader(ast.NodeVisitor):
    """Walks one file, and knows for each scope which of its names mean something of PyTorch's."""

    def __init__(self, path: str, is_main: bool) -> None:
        self.path = path
        self.is_main = is_main
        self.scopes: list[dict[str, str | None]] = []
        self.uses: list[Use] = []
        self.provided: set[str] = set()
        self.imports: list[tuple[int, str]] = []
        self.prepared = 0  # how many guards surround this place
        self.evaluates_annotations = True

    def read(self, tree: ast.Module) -> None:
        self.evaluates_annotations = not any(
            isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.names[0].name == "annotations"
            for node in tree.body
        )
        self.visit_scope(tree.body)

    def use(self, name: str, node: ast.AST) -> None:
        if not self.prepared:
            self.uses.append(Use(self.path, getattr(node, "lineno", 0), name))

    def visit_all(self, nodes: Iterable[ast.AST | None], prepared: bool = False) -> None:
        """Visit what follows one another; `prepared` says that the script is ready for a name to be missing there."""
        self.prepared += prepared
        for node in nodes:
            if node is not None:
                self.visit(node)
        self.prepared -= prepared

    def visit_scope(self, body: Sequence[ast.AST], arguments: Iterable[str] = ()) -> None:
        scope: dict[str, str | None] = dict.fromkeys(arguments)
        self.scopes.append(scope)
        for name, meaning in self.bindings(body):
            scope[name] = meaning if scope.get(name, meaning) == meaning else None
        self.visit_all(body)
        self.scopes.pop()

    # What names mean.

    def bindings(self, body: Iterable[ast.AST]) -> Iterator[tuple[str, str | None]]:
        """Each name that is bound in a scope, with the path of PyTorch's that it then means, or None."""
        renamed: set[ast.AST] = set()
        for node in own_nodes(body):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    root = alias.name.partition(".")[0]
                    yield alias.asname or root, (alias.name if alias.asname else root) if root == "torch" else None
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}" if is_torch(node) else None
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                renamed.add(node.targets[0])
                yield node.targets[0].id, self.meaning(node.value)  # nn = torch.nn
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in renamed:
                yield node.id, None
            elif (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)) and node.name
            ):
                yield node.name, None

    def meaning(self, node: ast.AST) -> str | None:
        """`nn.Linear` as `torch.nn.Linear`; None for what does not start at a module of PyTorch's."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        root = next((scope[node.id] for scope in reversed(self.scopes) if node.id in scope), None)
        return ".".join([root, *reversed(parts)]) if root else None

    # Where names are used.

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self.meaning(node)
        if name is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self.use(name, node)
        else:
            self.provided.add(name)
            self.visit(node.value)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] in ROOTS:
                self.use(alias.name, node)
            else:
                self.imports.append((0, alias.name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if is_torch(node):
            for alias in node.names:
                self.use(module if alias.name == "*" else f"{module}.{alias.name}", node)
        elif not node.level and module.partition(".")[0] in ROOTS:
            self.use(module, node)
        else:
            self.imports += [(node.level, module), *((node.level, f"{module}.{alias.name}") for alias in node.names)]

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in ("hasattr", "getattr") and len(node.args) > 1:
            owner, name = self.meaning(node.args[0]), node.args[1]
            if owner and isinstance(name, ast.Constant) and isinstance(name.value, str):
                self.provided.add(f"{owner}.{name.value}")
        self.generic_visit(node)

    # Where a script is prepared.

    def visit_Try(self, node: ast.Try) -> None:
        self.visit_all(node.body, prepared=any(map(catches, node.handlers)))
        for handler in node.handlers:
            self.visit_all(handler.body, prepared=True)
        self.visit_all([*node.orelse, *node.finalbody])

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        prepared = is_question(node.test)
        if self.is_main or "__name__" not in ast.unparse(node.test):
            self.visit_all(node.body, prepared)
        self.visit_all(node.orelse, prepared)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self.visit_all([node.body, node.orelse], prepared=is_question(node.test))

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for k, value in enumerate(node.values):
            self.visit_all([value], prepared=any(map(is_question, node.values[:k])))

    def visit_With(self, node: ast.With) -> None:
        managers = [item.context_expr for item in node.items]
        self.visit_all(managers)
        self.visit_all(node.body, prepared=any("suppress(" in ast.unparse(manager) for manager in managers))

    # Scopes of their own.

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node.decorator_list)
        self.visit_function(node, node.body)
        if self.evaluates_annotations:
            self.visit_all([node.returns])

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_function(node, [node.body])

    def visit_function(self, node: Function, body: Sequence[ast.AST]) -> None:
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        arguments += [extra for extra in (given.vararg, given.kwarg) if extra]
        self.visit_all([*given.defaults, *given.kw_defaults])
        if self.evaluates_annotations:
            self.visit_all(argument.annotation for argument in arguments)
        self.visit_scope(body, [argument.arg for argument in arguments])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self.visit_scope(node.body)

    def visit_comprehension_of(self, node: Comprehension) -> None:
        self.visit_scope(list(ast.iter_child_nodes(node)))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_of

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all([node.target, node.value])
        if self.evaluates_annotations and len(self.scopes) == 1:
            self.visit(node.annotation)


def own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a scope in order, without those of the scopes within it."""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, Function | Comprehension | ast.ClassDef):
            todo += list(ast.iter_child_nodes(node))[::-1]


def is_torch(node: ast.ImportFrom) -> bool:
    return not node.level and (node.module or "").partition(".")[0] == "torch"


def is_question(test: ast.expr) -> bool:
    words = ast.unparse(test).lower()
    return any(question in words for question in QUESTIONS)


def catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for names that are missing."""
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in CATCHES for node in ast.walk(handler.type))
