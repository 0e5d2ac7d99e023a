"""A Symbol stands in an op's body where an array would, and writes down what NumPy is asked to do."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.tracing.errors import TraceError

if TYPE_CHECKING:
    from backlit.tracing.graph import Line
    from backlit.tracing.recorder import Recorder

#: Methods of arrays that bodies and rules may call.
METHODS = frozenset((
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "copy", "cumprod", "cumsum", "diagonal", "max",
    "mean", "min", "prod", "ravel", "repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes", "take",
    "transpose", "var",
))  # fmt: skip
INFIX = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
}  # fmt: skip
#: The ufuncs that the operators are, to the bit. `**` is not among them: it squares where np.power raises to a power.
OPERATORS = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.matmul: "@", np.floor_divide: "//",
}  # fmt: skip
COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
PREFIX = {"neg": "-", "pos": "+", "invert": "~"}


class Symbol:
    """A named value. It computes as it records, so that a body may branch on it: what ran is what is written down.

    `value` is the array itself, of which views are views; `line.value` keeps what it was when it was computed.
    """

    __slots__ = ("line", "recorder", "value")
    __hash__ = None  # type: ignore[assignment]  # as an array's: == compares the elements

    def __init__(self, line: Line, recorder: Recorder, value: Any) -> None:
        self.line, self.recorder, self.value = line, recorder, value

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        return int(np.size(self.value))

    @property
    def dtype(self) -> Any:
        return np.asarray(self.value).dtype

    @property
    def T(self) -> Any:
        return self.recorder.asked("attribute", "T", (self,), {}, lambda x: x.T)

    def __getitem__(self, key: Any) -> Any:
        return self.recorder.asked("index", "", (self, key), {}, operator.getitem)

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(
                f"a symbol has no attribute {name!r}: write the step with NumPy's functions, np.{name}"
            )

        def method(*args: Any, **kwargs: Any) -> Any:
            def compute(x: Any, *rest: Any, **settings: Any) -> Any:
                return getattr(x, name)(*rest, **settings)

            return self.recorder.asked("method", name, (self, *args), kwargs, compute)

        return method

    def item(self) -> Any:
        """The number itself: from here on a constant of the record."""
        return self.value.item() if hasattr(self.value, "item") else self.value

    def tolist(self) -> Any:
        return self.value.tolist()

    def __bool__(self) -> bool:
        self.recorder.branches.append(self.line)
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self.value)))

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TraceError(
            f"A recorded value was turned into a plain array ({self.line.expression.text or self.line.kind} of shape "
            f"{list(self.shape)}): the record would lose its way to what is computed from it. Use NumPy's functions "
            "and infix operators on it instead."
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        if method == "__call__" and ufunc in OPERATORS and not settings:  # np.float32(2) * symbol comes this way
            return self.recorder.asked("infix", OPERATORS[ufunc], inputs, {}, ufunc)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        return self.recorder.called(function, name_of_ufunc(ufunc, method), inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.recorder.called(function, name_of(function), args, kwargs)

    def __backlit_op__(self, op: Any, inputs: Any, settings: Any) -> Any:
        out = op.forward(*inputs, **settings)
        return out[0] if op.extras else out

    def __backlit_kernel__(self, body: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        return self.recorder.asked("kernel", body.__name__, args, kwargs, body, body)

    def __repr__(self) -> str:
        return f"<symbol {self.line!r}>"


def name_of_ufunc(ufunc: Any, method: str) -> str:
    name = public(ufunc) or f"special.{ufunc.__name__}"
    return name if method == "__call__" else f"{name}.{method}"


def name_of(function: Any) -> str:
    """How a program writes a NumPy function. Raises TraceError for one that NumPy does not publish."""
    name = public(function)
    if name is None:
        raise TraceError(f"{function!r} cannot be written down: it is no public function of NumPy.")
    return name


def public(function: Any) -> str | None:
    """Where NumPy publishes a function, as "np.linalg.inv"."""
    name = function.__name__
    for prefix, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft),
                           ("np.lib.stride_tricks", np.lib.stride_tricks)):  # fmt: skip
        if getattr(module, name, None) is function:
            return f"{prefix}.{name}"
    return None


def _infix(sign: str, compute: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    def forward(self: Symbol, other: Any) -> Any:
        return self.recorder.asked("infix", sign, (self, other), {}, compute)

    def reflected(self: Symbol, other: Any) -> Any:
        return self.recorder.asked("infix", sign, (other, self), {}, compute)

    return forward, reflected


def _prefix(sign: str, compute: Callable[[Any], Any]) -> Any:
    return lambda self: self.recorder.asked("prefix", sign, (self,), {}, compute)


for _name, _sign in INFIX.items():
    _forward, _reflected = _infix(_sign, getattr(operator, f"__{_name}__"))
    setattr(Symbol, f"__{_name}__", _forward)
    setattr(Symbol, f"__r{_name}__", _reflected)
for _name, _sign in COMPARED.items():
    setattr(Symbol, f"__{_name}__", _infix(_sign, getattr(operator, f"__{_name}__"))[0])
for _name, _sign in PREFIX.items():
    setattr(Symbol, f"__{_name}__", _prefix(_sign, getattr(operator, f"__{_name}__")))
Symbol.__abs__ = lambda self: self.recorder.called(np.absolute, "np.absolute", (self,), {})  # type: ignore[attr-defined]
