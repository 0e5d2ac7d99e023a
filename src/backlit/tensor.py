"""Tensor, and `apply`: the one door from tensors to ops."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.autograd.backward import backward
from backlit.autograd.modes import grad_mode
from backlit.autograd.node import Handle, OpNode
from backlit.autograd.tracked import Tracked, Version
from backlit.autograd.views import refresh
from backlit.errors import mismatch, not_an_operand
from backlit.indexing import fit, index_of
from backlit.ops import arithmetic, compare, convert, index, matrix
from backlit.ops import shape as reshaping
from backlit.ops.registry import BY_NUMPY, IGNORE, QUIET, Op, Plan, reading
from backlit.size import Size
from backlit.writing import assignable, is_recorded, needs_gradient, written, written_silently


def binary(op: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The methods behind `x + y` and its reflection."""

    def forward(self: Tensor, other: Any) -> Any:
        return apply(op, self, other) if is_operand(other) else NotImplemented

    def reflected(self: Tensor, other: Any) -> Any:
        return apply(op, other, self) if is_operand(other) else NotImplemented

    return forward, reflected


def in_place(op: Op) -> Callable[..., Any]:
    """The method behind `x += y`."""

    def update(self: Tensor, other: Any) -> Any:
        return written(self, lambda x: apply(op, x, other)) if is_operand(other) else NotImplemented

    return update


class Tensor(Tracked):
    """An n-dimensional array that remembers how it was computed.

    `array` is its NumPy array; it shares memory wherever PyTorch's tensor shares its storage.

    >>> import backlit as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    is_cuda = is_sparse = is_quantized = is_mps = is_meta = False
    name: str | None = None
    __array_priority__ = 1000

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(cls)

    def __init__(self, *data: Any, device: Any = None) -> None:
        """`Tensor(2, 3)` is uninitialised, `Tensor([1, 2])` holds values; both of the default dtype."""
        self.array = legacy_array(data, dtypes.default())
        self.version = Version()

    @staticmethod
    def wrap(array: Any, node: Any = None) -> Tensor:
        tensor: Tensor = _new(Tensor)
        tensor.array = array
        tensor.version = Version()
        if node is not None:
            tensor.node = node
            tensor.needs_grad = True
        return tensor

    # What it is.

    @property
    def shape(self) -> Size:
        return Size(self.array.shape)

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.of(self.array.dtype)

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def itemsize(self) -> int:
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    @property
    def requires_grad(self) -> bool:
        return needs_gradient(self)

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.grad_fn is not None:
            if not wanted:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. To use a computed value without its "
                    "history write y.detach()."
                )
            return
        if wanted and self.array.dtype.kind != "f":
            raise RuntimeError(
                f"only Tensors of floating point dtype can require gradients; this one is {self.dtype}. "
                "Make it a float first: x.float().requires_grad_()"
            )
        self.needs_grad = bool(wanted)

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor; None for a leaf."""
        if self.base is not None and self.seen != self.version.history:
            refresh(self)
        return self.node

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    @property
    def retains_grad(self) -> bool:
        return self.node is not None and self.node.retained is not None and self.node.retained() is self

    @property
    def output_nr(self) -> int:
        return 0

    @property
    def _version(self) -> int:
        return self.version.count

    @property
    def data(self) -> Tensor:
        """The same memory without the history; writing to it is not noticed."""
        return Tensor.wrap(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        self.array = value.array

    # Differentiation.

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the derivative of this tensor to the `.grad` of every leaf that it was computed from.

        A tensor of more than one element needs `gradient`, of its own shape. See `backlit.autograd.backward`.
        """
        backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same memory without the history. Writes to it count: a kept value that they change is noticed."""
        out = Tensor.wrap(self.array)
        out.version = self.version
        return out

    def detach_(self) -> Tensor:
        """Forget the history."""
        self.node, self.needs_grad = None, False
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        self.requires_grad = requires_grad
        return self

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad` when backward passes."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.node is not None:
            self.node.retained = weakref.ref(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call `hook(gradient)` when this tensor's gradient is known; what it returns replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.node is not None:
            return self.node.register_hook(hook)
        if self.hooks is None:
            self.hooks = []
        return Handle(self.hooks, hook)

    # Writing in place.

    def overwrite(self, value: Any) -> Tensor:
        """Write `value` (tensor, array or number) into this tensor's memory; recorded if gradients are."""
        if is_recorded(self, value):
            return written(self, lambda _: fitted(value, self.array.shape, self.array.dtype))
        return written_silently(self, None, None, value)

    def __getitem__(self, key: Any) -> Tensor:
        view, gather = index_of(key, self.array.ndim)
        out = self if view is None else apply(index.part, self, key=view)
        return out if gather is None else apply(index.take, out, key=gather)

    def __setitem__(self, key: Any, value: Any) -> None:
        view, gather = index_of(key, self.array.ndim)
        value = assignable(value, self, gather)
        if not is_recorded(self, value):
            written_silently(self, view, gather, value)
            return
        target = self if view is None else apply(index.part, self, key=view)
        if gather is None:
            target.overwrite(value)
        else:
            region = target.array[gather].shape
            written(target, lambda x: apply(index.put, x, fitted(value, region, x.array.dtype, True), key=gather))

    # Arithmetic. NotImplemented lets Python raise its own TypeError, as with a list.

    __add__, __radd__ = binary(arithmetic.add)
    __sub__, __rsub__ = binary(arithmetic.sub)
    __mul__, __rmul__ = binary(arithmetic.mul)
    __truediv__, __rtruediv__ = binary(arithmetic.div)
    __floordiv__, __rfloordiv__ = binary(arithmetic.floor_divide)
    __mod__, __rmod__ = binary(arithmetic.remainder)
    __pow__, __rpow__ = binary(arithmetic.pow)
    __matmul__, __rmatmul__ = binary(matrix.matmul)
    __and__, __rand__ = binary(compare.bitwise_and)
    __or__, __ror__ = binary(compare.bitwise_or)
    __xor__, __rxor__ = binary(compare.bitwise_xor)
    __lshift__, __rlshift__ = binary(compare.bitwise_left_shift)
    __rshift__, __rrshift__ = binary(compare.bitwise_right_shift)
    __lt__, __gt__ = binary(compare.lt)[0], binary(compare.gt)[0]
    __le__, __ge__ = binary(compare.le)[0], binary(compare.ge)[0]
    __eq__, __ne__ = binary(compare.eq)[0], binary(compare.ne)[0]
    __rdiv__ = __rtruediv__

    __iadd__, __isub__, __imul__ = in_place(arithmetic.add), in_place(arithmetic.sub), in_place(arithmetic.mul)
    __itruediv__, __ifloordiv__ = in_place(arithmetic.div), in_place(arithmetic.floor_divide)
    __imod__, __ipow__ = in_place(arithmetic.remainder), in_place(arithmetic.pow)
    __iand__, __ior__, __ixor__ = map(in_place, (compare.bitwise_and, compare.bitwise_or, compare.bitwise_xor))
    __ilshift__, __irshift__ = in_place(compare.bitwise_left_shift), in_place(compare.bitwise_right_shift)

    def __neg__(self) -> Tensor:
        return apply(arithmetic.neg, self)

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return apply(arithmetic.abs, self)

    def __invert__(self) -> Tensor:
        return apply(compare.bitwise_not, self)

    # As a Python value.

    def item(self) -> Any:
        """The Python number in a tensor of one element."""
        if self.array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar; its shape is "
                f"{tuple(self.array.shape)}. Use .tolist(), or reduce it first (.sum(), .mean())."
            )
        return self.looked_at().item()

    def tolist(self) -> Any:
        return self.looked_at().tolist()

    def looked_at(self) -> np.ndarray[Any, Any]:
        """The array, of which Python is about to learn the numbers; a record takes note."""
        if reading.recorder is not None:
            reading.recorder.look(self.array)
        return self.array

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The NumPy array that shares this tensor's memory."""
        if self.requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array if reading.recorder is None else reading.recorder.memory.taken_out(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        return array if dtype is None and not copy else np.array(array, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """`np.exp(tensor)` is the op; a ufunc that no op reads computes on the arrays, as a constant."""
        if method == "__call__":
            op = None if kwargs else BY_NUMPY.get(ufunc)
        else:  # np.add.reduce(x, axis=...) is the sum; without an axis NumPy means the first
            op = BY_NUMPY.get(getattr(ufunc, method)) if "axis" in kwargs else None
        if op is not None:
            return apply(op, *inputs, **kwargs)
        out = getattr(ufunc, method)(*map(as_array, inputs), **{k: as_array(v) for k, v in kwargs.items()})
        return Tensor.wrap(np.asarray(out)) if isinstance(out, (np.ndarray, np.generic)) else out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """NumPy's functions are recorded where a gradient is wanted, and else do what they do for any object."""
        op = BY_NUMPY.get(function)
        if op is not None:
            inputs, settings = op.bind(args, kwargs)
            if grad_mode.graph or any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
                return apply(op, *inputs, **settings)
        return function._implementation(*args, **kwargs)

    def __backlit_op__(self, op: Op, inputs: Sequence[Any], settings: dict[str, Any]) -> Tensor:
        return apply(op, *inputs, **settings)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {'more than one value' if self.array.size else 'no values'} is "
                f"ambiguous; its shape is {tuple(self.array.shape)}. Use .any() or .all()."
            )
        return bool(self.looked_at().item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.dtype.kind == "f" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.looked_at().item())

    def __len__(self) -> int:
        if self.array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        if self.array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[k] for k in range(len(self.array))])

    def __contains__(self, value: Any) -> bool:
        return bool((self.array == as_array(value)).any())

    __hash__ = object.__hash__

    def __format__(self, spec: str) -> str:
        """A plain tensor of one number is formatted as the number; others take no format specification."""
        number = self.array.ndim == 0 and type(self) is Tensor
        return format(self.item(), spec) if number else object.__format__(self, spec)

    def __repr__(self) -> str:
        from backlit.printing import format_tensor

        suffixes = []
        if self.grad_fn is not None:
            suffixes.append(f"grad_fn=<{self.node.name()}>" if self.node is not None else "")
        elif self.needs_grad:
            suffixes.append("requires_grad=True")
        return format_tensor(self.array, suffixes=suffixes)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.node is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user support the deepcopy protocol at the moment: this one was "
                "computed. Copy its values with y.detach().clone()."
            )
        copy = _new(type(self))
        memo[id(self)] = copy
        copy.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("hooks", "base", "path")})
        copy.array, copy.version = self.array.copy(), Version()
        copy.grad = None if self.grad is None else self.grad.__deepcopy__(memo)
        return copy


_new: Callable[[Any], Any] = object.__new__
ndarray = np.ndarray


def apply(op: Op, *inputs: Any, **settings: Any) -> Tensor:
    """Run an op on tensors (and numbers), and record it where a gradient is wanted."""
    arrays: Any = []
    wanted = []
    for k, value in enumerate(inputs):
        if isinstance(value, Tensor):
            if value.base is not None and value.seen != value.version.history:
                refresh(value)
            if value.needs_grad:
                wanted.append(k)
            arrays.append(value.array)
        else:
            arrays.append(value if value is None or type(value) in NUMBERS else constant(value, op))
    if op.promotes is not None and (len(arrays) > 1 or arrays[0].dtype.kind != "f"):
        arrays = dtypes.promote(arrays, op.promotes == "float")
    listener = reading.listener
    token = QUIET.set(IGNORE)
    try:
        if listener is None:  # noqa: SIM108 - the line that runs an op stands by itself, for those who look for it
            out = op.forward(*arrays, **settings)
        else:
            out = listener.forward(op, inputs, arrays, settings)
    except (ValueError, IndexError, TypeError) as error:
        raise mismatch(op, arrays, error) from None
    except OverflowError:
        out = op.forward(*dtypes.wrapped_around(arrays), **settings)
    finally:
        QUIET.reset(token)
    if op.extras:
        out, extras = out
        settings.update(extras)
    if type(out) is not ndarray:
        out = np.asarray(out)
    result: Tensor = _new(Tensor)
    result.array = out
    result.version = Version()
    if op.view:
        share(result, inputs[0], op, settings)
    if wanted and grad_mode.enabled and out.dtype.kind == "f":
        record(op.plan(tuple(wanted)), inputs, arrays, settings, result)
    if listener is not None:
        listener.made(result)
    return result


NUMBERS = frozenset((int, float, bool))
#: Stands for the version of an input that is no tensor.
UNWRITTEN = Version()


def record(plan: Plan, inputs: Any, arrays: Any, named: dict[str, Any], result: Tensor) -> None:
    """Give `result` the node of the op that made it, with the values that the rules of the wanted inputs name."""
    if not plan.rules:
        return
    # Plain loops: in a call this small, a comprehension costs more than its work.
    kept, versions, counts, edges = [], [], [], []
    for k in plan.inputs:
        version = inputs[k].version if isinstance(inputs[k], Tensor) else UNWRITTEN
        kept.append(arrays[k])
        versions.append(version)
        counts.append(version.count)
    for k in plan.wanted:
        edges.append(inputs[k].node or inputs[k])
    if plan.keeps_out:
        kept.append(result.array)
        versions.append(result.version)
        counts.append(result.version.count)
    for name, kind, at in plan.rest:
        if kind == "shape":
            kept.append(arrays[at].shape if isinstance(arrays[at], ndarray) else np.shape(arrays[at]))
        elif kind == "inputs":
            kept.append(tuple(arrays[at:]))
        elif kind == "shapes":
            kept.append([a.shape for a in arrays[at:]])
        else:
            kept.append(named[name] if name in named else plan.op.settings[name])
    node = OpNode(plan, edges, kept, versions, counts)
    if plan.op.broadcasts:
        node.shapes = [(inputs[k].array.shape, inputs[k].array.dtype) for k in plan.wanted]
    result.node, result.needs_grad = node, True


def share(view: Tensor, source: Tensor, op: Op, settings: dict[str, Any]) -> None:
    """Make `view` a view of `source`'s memory, if NumPy could make it one."""
    if np.may_share_memory(view.array, source.array):
        view.base = source if source.base is None else source.base
        view.path = (*source.path, (op, settings))
        view.version = source.version
        view.seen = source.version.history


def fitted(value: Any, region: tuple[int, ...], dtype: Any, gathers: bool = False) -> Tensor:
    """A value as a tensor of the shape and dtype of the region that it is written to."""
    tensor = value if isinstance(value, Tensor) else Tensor.wrap(np.asarray(value))
    shape = tensor.array.shape
    if shape != region:
        kept = fit(shape, region, gathers)
        tensor = tensor if kept == shape else apply(reshaping.reshape, tensor, shape=kept)
        tensor = apply(reshaping.broadcast_to, tensor, shape=region)
    return tensor if tensor.array.dtype == dtype else apply(convert.cast, tensor, dtype=dtype)


def is_operand(value: Any) -> bool:
    return isinstance(value, (Tensor, int, float, np.ndarray, np.generic))


def as_array(value: Any) -> Any:
    return value.numpy() if isinstance(value, Tensor) else value


def constant(value: Any, op: Op) -> Any:
    """An input that is no tensor: NumPy's scalars count as Python numbers, arrays as tensors without history."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (np.ndarray, int, float)):
        return value
    raise not_an_operand(value, op)


def legacy_array(data: tuple[Any, ...], kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """What `torch.Tensor(...)` and `torch.LongTensor(...)` hold: zeros of a shape, or the values given."""
    if all(isinstance(n, (int, np.integer)) for n in data) and data:
        return np.zeros(data, kind)
    if not data:
        return np.empty(0, kind)
    value = data[0]
    if isinstance(value, (float, str, bool)):
        raise TypeError(f"new(): data must be a sequence (got {type(value).__name__}). Write torch.tensor({value!r}).")
    if isinstance(value, Size):
        return np.zeros(value, kind)
    if isinstance(value, Tensor):
        return value.array if value.array.dtype == kind else value.array.astype(kind)
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        value = [v.tolist() if isinstance(v, Tensor) else v for v in value]
    return np.array(value, dtype=kind)
