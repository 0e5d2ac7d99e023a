"""The rules as functions: pure, element by element, in the dtype of their arrays, and right where a hand can check."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlit.optim import rules

NUMBERS = {
    "lr": 0.1, "momentum": 0.9, "dampening": 0.25, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "step": 7.0,
    "weight_decay": 0.01, "lr_decay": 0.1, "rho": 0.9, "alpha": 0.99, "mu": 0.8, "mu_next": 0.85, "mu_product": 0.3,
    "eta_minus": 0.5, "eta_plus": 1.2, "size_min": 1e-6, "size_max": 50.0, "lambd": 1e-4, "eta": 0.05,
}  # fmt: skip
EACH = pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
GRADIENTS = st.floats(-1e3, 1e3).filter(lambda g: abs(g) > 1e-3)


def settings_of(rule):
    """The numbers that a rule needs; what it passes on to another rule included."""
    parameters = inspect.signature(rule).parameters.values()
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        names += settings_of(rules.adam)
    return {name: NUMBERS[name] for name in names}


def operands(rule, dtype=np.float64, shape=(3, 4)):
    """Read-only arrays for a rule; what it remembers is positive, as squares and sizes are."""
    rng = np.random.default_rng(0)
    arrays = []
    for parameter in inspect.signature(rule).parameters.values():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            array = np.asarray(rng.normal(size=shape), dtype)
            if parameter.name == "grad_avg":
                array /= 4  # its square must stay below the mean of the squares
            elif parameter.name not in ("p", "g", "before"):
                array = np.abs(array) + dtype(1)
            arrays.append(array)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def results_of(rule, arrays):
    results = rule(*arrays, **settings_of(rule))
    return results if isinstance(results, tuple) else (results,)


@EACH
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 4), (1,), (0, 2)])
def test_results_have_the_dtype_and_shape_of_the_operands(rule, dtype, shape):
    arrays = operands(rule, dtype, shape)
    results = results_of(rule, arrays)
    assert len(results) == len(arrays) - 1  # all but the gradient
    for result in results:
        assert result.dtype == dtype
        assert result.shape == shape


@EACH
def test_each_element_is_on_its_own(rule):
    """What lets a rule run on a piece of a large array."""
    arrays = operands(rule)
    for whole, piece in zip(results_of(rule, arrays), results_of(rule, [a[1:2, ::2] for a in arrays]), strict=True):
        np.testing.assert_array_equal(whole[1:2, ::2], piece)


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """Something else than an array, which answers NumPy and writes down what it is asked."""

    asked: list = []  # noqa: RUF012

    def __init__(self, array):
        self.array = array

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        assert not kwargs
        Symbol.asked.append(ufunc.__name__)
        return Symbol(getattr(ufunc, method)(*map(plain, inputs)))

    def __array_function__(self, function, types, args, kwargs):
        assert not kwargs
        Symbol.asked.append(function.__name__)
        return Symbol(function(*map(plain, args)))


def plain(value):
    return value.array if isinstance(value, Symbol) else value


@EACH
def test_a_rule_can_be_read_with_symbols(rule):
    Symbol.asked.clear()
    arrays = operands(rule)
    symbols = results_of(rule, [Symbol(array) for array in arrays])
    assert Symbol.asked
    for symbol, result in zip(symbols, results_of(rule, arrays), strict=True):
        np.testing.assert_array_equal(symbol.array, result)


@EACH
def test_a_rule_says_where_it_is_from(rule):
    assert rule.__doc__


def test_descent_by_hand():
    assert rules.sgd(np.array([1.0]), np.array([2.0]), lr=0.25).tolist() == [0.5]


def test_momentum_by_hand():
    """Gradients 2 and 4, momentum 0.5, rate 0.25: v is 2, then 0.5 · 2 + 4 = 5; p goes 1, 0.5, -0.75."""
    p, v = rules.momentum(np.array([1.0]), np.array([2.0]), np.array([0.0]), lr=0.25, momentum=0.5)
    assert (p.item(), v.item()) == (0.5, 2.0)
    p, v = rules.momentum(p, np.array([4.0]), v, lr=0.25, momentum=0.5)
    assert (p.item(), v.item()) == (-0.75, 5.0)


def test_nesterov_by_hand():
    """The same gradients: the second step is 0.25 · (4 + 0.5 · 5) = 1.625 from 1 - 0.25 · (2 + 0.5 · 2) = 0.25."""
    p, v = rules.nesterov(np.array([1.0]), np.array([2.0]), np.array([0.0]), lr=0.25, momentum=0.5)
    assert (p.item(), v.item()) == (0.25, 2.0)
    p, v = rules.nesterov(p, np.array([4.0]), v, lr=0.25, momentum=0.5)
    assert (p.item(), v.item()) == (-1.375, 5.0)


def test_adam_by_hand():
    """g = 2, then 4, with β1 = 1/2, β2 = 3/4: m = 1, then 5/2; v = 1, then 19/4; m̂ = 5/2 / (3/4), v̂ = 19/4 / (7/16)."""
    numbers = {"lr": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    zero = np.array([0.0])
    p, m, v = rules.adam(zero, np.array([2.0]), zero, zero, step=1.0, **numbers)
    assert (p.item(), m.item(), v.item()) == (-1.0, 1.0, 1.0)
    p, m, v = rules.adam(p, np.array([4.0]), m, v, step=2.0, **numbers)
    assert (m.item(), v.item()) == (2.5, 4.75)
    assert p.item() == pytest.approx(-1 - (10 / 3) / math.sqrt(76 / 7), rel=1e-15)


def test_adagrad_by_hand():
    """g = 3, then 4: the second step is divided by √(9 + 16) = 5, and the rate by 1 + 1 · 0.25."""
    numbers = {"lr": 0.5, "lr_decay": 0.25, "eps": 0.0}
    p, total = rules.adagrad(np.array([1.0]), np.array([3.0]), np.array([0.0]), step=1.0, **numbers)
    assert (p.item(), total.item()) == (0.5, 9.0)
    p, total = rules.adagrad(p, np.array([4.0]), total, step=2.0, **numbers)
    assert p.item() == pytest.approx(0.5 - 0.4 * 4 / 5)


def test_rprop_by_hand():
    """A gradient that keeps its sign lengthens the step; one that turns halves it, waits, and is forgotten."""
    p, before, size = np.array([0.0]), np.array([0.0]), np.array([1.0])
    path = []
    for g in (3.0, 1.0, -5.0, -5.0):
        p, before, size = rules.rprop(p, np.array([g]), before, size, eta_minus=0.5, eta_plus=1.2, size_min=0.0,
                                      size_max=10.0)  # fmt: skip
        path.append((round(p.item(), 12), round(size.item(), 12)))
    assert path == [(-1.0, 1.0), (-2.2, 1.2), (-2.2, 0.6), (-1.6, 0.6)]


def test_asgd_averages_the_path():
    """With mu = 1 / k the mean is that of the k points so far."""
    p, mean, path = np.array([1.0]), np.array([0.0]), []
    for k in range(1, 6):
        p, mean = rules.asgd(p, np.array([float(k)]), mean, lambd=0.0, eta=0.5, mu=1 / k)
        path.append(p.item())
    assert mean.item() == pytest.approx(np.mean(path))


@given(GRADIENTS, st.floats(1e-3, 1e3))
def test_adam_does_not_see_the_scale_of_the_loss(g, scale):
    numbers = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 0.0}
    ends = []
    for factor in (1.0, scale):
        p = m = v = np.zeros(1)
        for step, share in enumerate((1.0, -0.5, 2.0), 1):
            p, m, v = rules.adam(p, np.array([g * share * factor]), m, v, step=float(step), **numbers)
        ends.append(p.item())
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)


@given(GRADIENTS)
def test_a_first_step_of_adam_and_its_kin_is_the_rate(g):
    zero = np.zeros(1)
    numbers = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 0.0, "step": 1.0}
    for rule, count in ((rules.adam, 2), (rules.amsgrad, 3), (rules.adamax, 2)):
        p = rule(zero, np.array([g]), *[zero] * count, **numbers)[0]
        assert p.item() == pytest.approx(-math.copysign(0.1, g), rel=1e-9)


@given(st.lists(GRADIENTS, min_size=1, max_size=8))
def test_amsgrads_divisor_never_shrinks(gradients):
    p = m = v = v_max = np.zeros(1)
    largest = 0.0
    for step, g in enumerate(gradients, 1):
        p, m, v, v_max = rules.amsgrad(p, np.array([g]), m, v, v_max, lr=0.1, beta1=0.9, beta2=0.5, eps=1e-8, step=step)
        assert v_max.item() >= max(largest, v.item())
        largest = v_max.item()


@given(st.floats(-10, 10), st.floats(0, 1), st.floats(0, 1))
def test_decoupled_decay_shrinks_without_a_gradient(p, lr, weight_decay):
    zero = np.zeros(1)
    out, m, v = rules.adamw(np.array([p]), zero, zero, zero, lr=lr, weight_decay=weight_decay, beta1=0.9, beta2=0.999,
                            eps=1e-8, step=1.0)  # fmt: skip
    assert out.item() == pytest.approx(p * (1 - lr * weight_decay))
    assert m.item() == v.item() == 0.0


@given(GRADIENTS, st.floats(-10, 10), st.floats(0, 1))
def test_the_penalty_is_the_gradient_of_half_the_square(g, p, weight_decay):
    assert rules.penalised(p, g, weight_decay=weight_decay) == pytest.approx(g + weight_decay * p)
    assert rules.penalised(p, g, maximize=True) == -g
