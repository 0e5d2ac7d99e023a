"""Hooks of modules: when they run, what they see, what they may change."""

import warnings

import pytest

import backlit
from backlit import nn as own

pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")


def layer(library):
    made = library.nn.Linear(2, 1, bias=False)
    with library.no_grad():
        made.weight.copy_(library.tensor([[2.0, 3.0]]))
    return made


def test_forward_hooks_see_and_replace(library):
    module, seen = layer(library), []
    before = module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    after = module.register_forward_hook(lambda m, args, out: seen.append((m is module, args[0].tolist())) or out * 10)
    assert module(library.zeros(1, 2)).tolist() == [[50]]
    assert seen == [(True, [[1, 1]])]
    before.remove()
    after.remove()
    assert module(library.zeros(1, 2)).tolist() == [[0]]


def test_a_single_value_replaces_the_arguments(library):
    module = library.nn.Identity()
    module.register_forward_pre_hook(lambda m, args: library.tensor(7.0))
    assert module(library.tensor(1.0)).item() == 7


def test_hooks_run_in_order_of_registration_unless_prepended(library):
    module, order = library.nn.Identity(), []
    for name, prepend in (("a", False), ("b", False), ("c", True)):
        module.register_forward_hook(lambda *_, name=name: order.append(name), prepend=prepend)
        module.register_forward_pre_hook(lambda *_, name=name: order.append(name.upper()), prepend=prepend)
    module(library.ones(1))
    assert order == ["C", "A", "B", "c", "a", "b"]


def test_hooks_with_keyword_arguments(library):
    class Scaled(library.nn.Module):
        def forward(self, x, factor=1):
            return x * factor

    module, seen = Scaled(), []
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert module(library.tensor(1.0), factor=2).item() == 3
    assert seen == [{"factor": 3}]
    module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        module(library.tensor(1.0), factor=2)


def test_a_hook_may_run_although_forward_raised(library):
    class Broken(library.nn.Module):
        def forward(self, x):
            raise ArithmeticError("no")

    module, seen = Broken(), []
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append("never"))
    with pytest.raises(ArithmeticError):
        module(1)
    assert seen == [None]


def test_handles_are_context_managers(library):
    module = library.nn.Identity()
    with module.register_forward_hook(lambda m, args, out: out + 1):
        assert module(library.tensor(1.0)).item() == 2
    assert module(library.tensor(1.0)).item() == 1


def test_hooks_for_every_module(library):
    seen = []
    register = library.nn.modules.module.register_module_forward_hook
    with register(lambda m, args, out: seen.append(type(m).__name__)):
        library.nn.Sequential(library.nn.ReLU(), library.nn.Tanh())(library.ones(1))
    library.nn.ReLU()(library.ones(1))
    assert seen == ["ReLU", "Tanh", "Sequential"]


def test_backward_hooks_see_the_gradients_of_inputs_and_outputs(library):
    module, seen = layer(library), []
    module.register_full_backward_hook(lambda m, *grads: seen.append([g[0].tolist() for g in grads]))
    x = library.ones(1, 2, requires_grad=True)
    (module(x) * 5).sum().backward()
    assert seen == [[[[10, 15]], [[5]]]]
    assert x.grad.tolist() == [[10, 15]]
    assert module.weight.grad.tolist() == [[5, 5]]


def test_backward_hooks_may_replace_gradients(library):
    module = layer(library)
    module.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 2,))
    module.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] + 1,))
    x = library.ones(1, 2, requires_grad=True)
    module(x).sum().backward()
    assert x.grad.tolist() == [[5, 7]]
    assert module.weight.grad.tolist() == [[2, 2]]


class TwoByTwo:
    """A module of two inputs and two outputs."""

    def __new__(cls, library):
        class Module(library.nn.Module):
            def forward(self, x, y):
                return x * y, x + y

        return Module()


def test_backward_hooks_of_several_inputs_and_outputs(library):
    module, seen = TwoByTwo(library), []

    def note(m, grad_in, grad_out):
        seen.append([None if g is None else g.item() for g in (*grad_in, *grad_out)])

    module.register_full_backward_hook(note)
    x, y = (library.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    product, total = module(x, y)
    (product * 10 + total).backward()
    assert seen == [[31, 21, 10, 1]]
    product, _ = module(x, y)
    product.backward()
    assert seen[1] == [3, 2, 1, None]


def test_backward_hooks_without_an_input_that_needs_gradients(library):
    module, seen = layer(library), []
    module.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out[0].item())))
    module(library.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1)]
    module.register_full_backward_hook(lambda m, grad_in, grad_out: (library.ones(1, 2),))
    with pytest.raises(RuntimeError, match="no input requires gradient"):
        module(library.ones(1, 2)).sum().backward()


def test_backward_hooks_return_one_gradient_for_each(library):
    module = TwoByTwo(library)
    module.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0],))
    x = library.tensor(2.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="got 1, but expected 2"):
        module(x, x)[0].backward()


def test_backward_hooks_keep_second_derivatives(library):
    module = library.nn.Tanh()
    module.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] * 2,))
    x = library.tensor(0.5, requires_grad=True)
    (first,) = library.autograd.grad(module(x), x, create_graph=True)
    (second,) = library.autograd.grad(first, x)
    t = float(backlit.tanh(backlit.tensor(0.5)))
    assert first.item() == pytest.approx(2 * (1 - t * t), rel=1e-5)
    # The second pass reaches the input without passing the output: the hook stays out of it.
    assert second.item() == pytest.approx(2 * -2 * t * (1 - t * t), rel=1e-5)


def test_backward_hooks_stay_away_without_gradients(library):
    module, seen = layer(library), []
    module.register_full_backward_hook(lambda *_: seen.append(1))
    with library.no_grad():
        assert not module(library.ones(1, 2)).requires_grad
    assert seen == []


def test_the_older_backward_hook_sees_the_same():
    module, seen = own.Tanh(), []
    module.register_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in[0].item(), grad_out[0].item())))
    x = backlit.tensor(0.0, requires_grad=True)
    (module(x) * 3).backward()
    assert seen == [(3, 3)]


def test_backward_hooks_need_tensors_as_output(library):
    class Named(library.nn.Module):
        def forward(self, x):
            return {"y": x}

    module = Named()
    module.register_full_backward_hook(lambda *_: None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module(library.ones(1, requires_grad=True))
    assert "should be a Tensor or a tuple of Tensors" in str(caught[0].message)
