"""Losses: reductions, odd targets, and what is said about those that do not fit."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import carried, numpy_of

F = nn.functional


def same(mine, theirs, rtol=1e-6):
    np.testing.assert_allclose(numpy_of(mine), numpy_of(theirs), rtol=rtol, atol=1e-7)


def with_gradient(function, *inputs):
    """The loss, and the gradients of all inputs that want one."""
    out = function(*inputs)
    (out * out).sum().backward()
    return [out, *(x.grad for x in inputs if x.requires_grad)]


# One node, one textbook line.


@pytest.mark.parametrize(
    ("loss", "node"),
    [(nn.MSELoss(), "MseLossBackward0"), (nn.BCELoss(), "BinaryCrossEntropyBackward0"),
     (nn.BCEWithLogitsLoss(), "BinaryCrossEntropyWithLogitsBackward0"), (nn.HuberLoss(), "HuberLossBackward0")],
)  # fmt: skip
def test_a_loss_is_one_node_by_pytorchs_name(loss, node):
    out = loss(backlit.full((3, 2), 0.4, requires_grad=True), backlit.full((3, 2), 0.7))
    assert out.grad_fn.name() == node
    assert len(out.grad_fn.next_functions) == 1


def test_cross_entropy_is_one_node_by_pytorchs_name():
    scores = backlit.randn(3, 4, requires_grad=True)
    out = F.cross_entropy(scores, backlit.tensor([0, 3, 1]))
    assert out.grad_fn.name() == "NllLossBackward0"
    out.backward()
    p = backlit.softmax(scores.detach(), 1).numpy()
    np.testing.assert_allclose(scores.grad.numpy(), (p - np.eye(4)[[0, 3, 1]]) / 3, rtol=1e-5, atol=1e-7)


def test_cross_entropy_of_scores_that_would_overflow(library):
    scores = library.tensor([[1e4, 0.0], [-1e4, 0.0]])
    loss = library.nn.functional.cross_entropy(scores, library.tensor([1, 1]), reduction="none")
    assert loss.tolist() == [1e4, 0]


def test_a_worked_example_of_binary_cross_entropy(library):
    p = library.tensor([0.5, 0.25, 1.0, 0.0], requires_grad=True)
    loss = library.nn.functional.binary_cross_entropy(p, library.tensor([1.0, 0.0, 0.0, 0.0]), reduction="none")
    assert loss.tolist() == pytest.approx([math.log(2), math.log(4 / 3), 100, 0])
    loss.sum().backward()
    assert p.grad.tolist() == pytest.approx([-2, 4 / 3, 1e12, 0])


# Beside PyTorch, over shapes and settings.


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 5), classes=st.integers(1, 4), tail=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    reduction=st.sampled_from(["mean", "sum", "none"]), weighted=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.2, 1.0]), ignore=st.sampled_from([-100, 0]), number=st.integers(0, 9),
)  # fmt: skip
def test_cross_entropy_is_pytorchs(rows, classes, tail, reduction, weighted, smoothing, ignore, number):
    rng = np.random.default_rng(number)
    scores = torch.tensor(rng.normal(size=(rows, classes, *tail)) * 3, requires_grad=True)
    target = torch.tensor(rng.integers(0, classes, (rows, *tail)))
    weight = torch.tensor(rng.uniform(0.1, 2, classes)) if weighted else None
    kwargs = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": ignore}
    expected = with_gradient(lambda x: torch.nn.functional.cross_entropy(x, target, weight, **kwargs), scores)
    copy = carried(scores.detach()).requires_grad_()
    mine = with_gradient(lambda x: F.cross_entropy(x, carried(target), carried(weight), **kwargs), copy)
    for a, b in zip(mine, expected, strict=True):
        same(a, b)


@settings(deadline=None, max_examples=30)
@given(
    rows=st.integers(1, 4), classes=st.integers(1, 4), reduction=st.sampled_from(["mean", "sum", "none"]),
    weighted=st.booleans(), smoothing=st.sampled_from([0.0, 0.3]), number=st.integers(0, 9),
)  # fmt: skip
def test_cross_entropy_of_probabilities_is_pytorchs(rows, classes, reduction, weighted, smoothing, number):
    rng = np.random.default_rng(number)
    scores = torch.tensor(rng.normal(size=(rows, classes)), requires_grad=True)
    target = torch.tensor(rng.uniform(size=(rows, classes)), requires_grad=True)
    weight = torch.tensor(rng.uniform(0.1, 2, classes)) if weighted else None
    kwargs = {"reduction": reduction, "label_smoothing": smoothing}
    mine_inputs = [carried(x.detach()).requires_grad_() for x in (scores, target)]
    expected = with_gradient(lambda x, y: torch.nn.functional.cross_entropy(x, y, weight, **kwargs), scores, target)
    mine = with_gradient(lambda x, y: F.cross_entropy(x, y, carried(weight), **kwargs), *mine_inputs)
    for a, b in zip(mine, expected, strict=True):
        same(a, b)


ELEMENTWISE = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits", "kl_div",
               "poisson_nll_loss", "soft_margin_loss", "hinge_embedding_loss"]  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_losses_of_one_precision_stay_in_it(name, reduction, library):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # kl_div advises "batchmean"
        loss = getattr(library.nn.functional, name)
        x = library.tensor([0.5, -1.0, 2.0], requires_grad=True)
        out = loss(x, library.tensor([1.0, 1.0, 1.0]), reduction=reduction)
    assert out.dtype == library.float32
    assert tuple(out.shape) == ((3,) if reduction == "none" else ())
    out.sum().backward()
    assert x.grad.dtype == library.float32


def test_two_dtypes_are_promoted_and_the_gradient_comes_back(library):
    x = library.ones(3, requires_grad=True)
    loss = library.nn.functional.mse_loss(x, library.zeros(3, dtype=library.float64))
    assert loss.dtype == library.float64
    loss.backward()
    assert x.grad.dtype == library.float32
    assert library.nn.functional.mse_loss(library.ones(3), library.tensor([1, 2, 3])).dtype == library.float32


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_weighted_regression_losses_are_pytorchs(name):
    x, y, w = torch.randn(4, 3), torch.randn(4, 3), torch.rand(4, 3)
    for reduction in ("mean", "sum", "none"):
        expected = getattr(torch.nn.functional, name)(x, y, reduction=reduction, weight=w)
        same(getattr(F, name)(*carried([x, y]), reduction=reduction, weight=carried(w)), expected)


def test_batchmean_divides_by_the_batch(library):
    x, y = library.zeros(4, 2), library.full((4, 2), 0.5)
    loss = library.nn.functional.kl_div(x, y, reduction="batchmean")
    assert loss.item() == pytest.approx(math.log(0.5))


# Reductions and their older names.


@pytest.mark.parametrize(
    ("old", "new"), [({"size_average": False}, "sum"), ({"reduce": False}, "none"), ({"size_average": True}, "mean")]
)
def test_older_reductions_warn_and_work(library, old, new):
    x, y = library.tensor([1.0, 2.0]), library.tensor([3.0, 3.0])
    for make in (library.nn.MSELoss, library.nn.L1Loss, library.nn.SmoothL1Loss):
        with pytest.warns(UserWarning, match=f"please use reduction='{new}' instead"):
            made = make(**old)
        assert made.reduction == new
        assert made(x, y).tolist() == make(reduction=new)(x, y).tolist()
    with pytest.warns(UserWarning, match=f"please use reduction='{new}' instead"):
        library.nn.functional.cross_entropy(library.ones(2, 2), library.tensor([0, 1]), **old)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "binary_cross_entropy_with_logits", "huber_loss"])
def test_an_unknown_reduction_is_named(library, name):
    with pytest.raises(ValueError, match="avg is not a valid value for reduction"):
        getattr(library.nn.functional, name)(library.ones(2), library.ones(2), reduction="avg")


def test_known_reductions_are_offered():
    with pytest.raises(ValueError, match='write "mean", "sum" or "none"'):
        F.cross_entropy(backlit.ones(2, 2), backlit.tensor([0, 1]), reduction="avg")


# Shapes and values that do not fit.


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_broadcasting_in_a_loss_warns(library, name):
    with pytest.warns(UserWarning, match=r"target size \(torch.Size\(\[3\]\)\) that is different to the input size"):
        loss = getattr(library.nn.functional, name)(library.ones(3, 1), library.zeros(3), reduction="none")
    assert tuple(loss.shape) == (3, 3)


def test_the_warning_shows_the_line_to_write():
    with pytest.warns(UserWarning, match=r"Give both the same shape: target.unsqueeze\(-1\)"):
        F.mse_loss(backlit.ones(3, 1), backlit.zeros(3))
    with pytest.warns(UserWarning, match=r"Give both the same shape: target.reshape\(3\)"):
        F.mse_loss(backlit.ones(3), backlit.zeros(3, 1))


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_shapes_that_cannot_meet(library):
    with pytest.raises(RuntimeError, match=r"size of tensor a \(3\) must match the size of tensor b \(4\)"):
        library.nn.functional.mse_loss(library.ones(3), library.ones(4))


def test_binary_cross_entropy_needs_probabilities_of_one_shape(library):
    bce = library.nn.functional.binary_cross_entropy
    with pytest.raises(ValueError, match="is different to the input size"):
        bce(library.full((3, 1), 0.5), library.ones(3))
    for bad in (1.5, -0.5, float("nan")):
        for reduction in ("mean", "none"):
            with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
                bce(library.tensor([0.5, bad]), library.ones(2), reduction=reduction)
        with pytest.raises(RuntimeError, match="all elements of target should be between 0 and 1"):
            bce(library.tensor([0.5, 0.5]), library.tensor([0.5, bad]))
    with pytest.raises(RuntimeError, match="Found dtype Long but expected Float"):
        bce(library.full((2,), 0.5), library.tensor([0, 1]))
    with pytest.raises(ValueError, match="must be the same as input size"):
        library.nn.functional.binary_cross_entropy_with_logits(library.ones(3, 1), library.ones(3))
    with pytest.raises(RuntimeError, match="result type Float can't be cast"):
        library.nn.functional.binary_cross_entropy_with_logits(library.ones(3), library.tensor([0, 1, 1]))


def test_the_missing_sigmoid_is_named():
    with pytest.raises(RuntimeError, match=r"from 0.5 to 3.0. Put a sigmoid before the loss"):
        F.binary_cross_entropy(backlit.tensor([0.5, 3.0]), backlit.ones(2))


def test_classes_that_do_not_exist(library):
    x = library.zeros(3, 4)
    for loss in (library.nn.functional.cross_entropy, library.nn.functional.nll_loss):
        for bad in (10, 4, -1):
            with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
                loss(x, library.tensor([0, bad, 1]))
    loss = library.nn.functional.cross_entropy(x, library.tensor([0, -100, 1]), reduction="none")
    assert loss.tolist() == pytest.approx([math.log(4), 0, math.log(4)])
    small = library.tensor([0, 1, 2], dtype=library.uint8)
    assert library.nn.functional.cross_entropy(x, small).item() == pytest.approx(math.log(4))


def test_a_batch_that_is_ignored_altogether(library):
    x = library.zeros(2, 4, requires_grad=True)
    loss = library.nn.functional.cross_entropy(x, library.tensor([-100, -100]))
    loss.backward()
    assert math.isnan(loss.item())
    assert x.grad.tolist() == [[0] * 4] * 2


def test_targets_of_the_wrong_kind(library):
    loss, x = library.nn.functional.cross_entropy, library.zeros(3, 4)
    for wrong in (library.int32, library.float32, library.bool):
        with pytest.raises(RuntimeError, match="expected target dtype to be Long or Byte, but got"):
            loss(x, library.tensor([0, 1, 1]).to(wrong))
    with pytest.raises(RuntimeError, match="0D or 1D target tensor expected, multi-target not supported"):
        loss(x, library.tensor([[0], [1], [1]]))
    with pytest.raises(ValueError, match=r"Expected input batch_size \(3\) to match target batch_size \(2\)"):
        loss(x, library.tensor([0, 1]))
    with pytest.raises(RuntimeError, match=r"Expected target size \[2, 5\], got \[2, 4\]"):
        loss(library.zeros(2, 3, 5), library.zeros(2, 4, dtype=library.int64))
    with pytest.raises(RuntimeError, match="weight tensor should be defined either for all 4 classes or no classes"):
        loss(x, library.tensor([0, 1, 2]), weight=library.ones(3))
    with pytest.raises(RuntimeError, match="expected scalar type Float but found Double"):
        loss(x, library.tensor([0, 1, 2]), weight=library.ones(4, dtype=library.float64))
    with pytest.raises(RuntimeError, match="label_smoothing must be between 0.0 and 1.0"):
        loss(x, library.tensor([0, 1, 2]), label_smoothing=1.5)
    with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
        loss(x, library.full((3, 4), 0.25), ignore_index=1)


def test_the_fix_for_a_target_is_shown():
    with pytest.raises(RuntimeError, match=r"Write target.squeeze\(1\)"):
        F.cross_entropy(backlit.zeros(3, 4), backlit.tensor([[0], [1], [1]]))
    with pytest.raises(RuntimeError, match=r"Write target.argmax\(1\), if each row is one-hot"):
        F.cross_entropy(backlit.zeros(3, 4), backlit.zeros(3, 4, dtype=backlit.int64))
    with pytest.raises(RuntimeError, match=r"Write target.long\(\)"):
        F.cross_entropy(backlit.zeros(3, 4), backlit.tensor([0.0, 1.0, 1.0]))
    with pytest.raises(IndexError, match="there are 4 classes, 0 to 3"):
        F.cross_entropy(backlit.zeros(3, 4), backlit.tensor([0, 1, 4]))


def test_settings_out_of_range(library):
    functional, x = library.nn.functional, library.zeros(2)
    with pytest.raises(RuntimeError, match="does not support negative values for beta"):
        functional.smooth_l1_loss(x, x, beta=-1.0)
    with pytest.raises(RuntimeError, match="does not support non-positive values for delta"):
        functional.huber_loss(x, x, delta=0.0)
    with pytest.raises(ValueError, match="only p == 1 and p == 2 supported"):
        library.nn.MultiMarginLoss(p=3)
    with pytest.raises(ValueError, match="margin"):
        library.nn.TripletMarginLoss(margin=0.0)
    with pytest.raises(ValueError, match="var has negative entry"):
        functional.gaussian_nll_loss(x, x, library.tensor([1.0, -1.0]))
    with pytest.raises(ValueError, match="var is of incorrect size"):
        functional.gaussian_nll_loss(x, x, library.ones(5))
    with pytest.raises(RuntimeError, match="should have same dimension"):
        functional.margin_ranking_loss(x, library.zeros(2, 1), x)


def test_a_distance_of_ones_own(library):
    def manhattan(a, b):
        return (a - b).abs().sum(-1)

    anchor, positive, negative = library.zeros(2, 3), library.ones(2, 3), library.full((2, 3), 2.0)
    for swap in (False, True):
        loss = library.nn.TripletMarginWithDistanceLoss(distance_function=manhattan, margin=5.0, swap=swap)
        assert loss(anchor, positive, negative).item() == (5 if swap else 2)


def test_smooth_l1_with_a_beta_of_zero_is_l1(library):
    x, y = library.tensor([1.0, -2.0]), library.tensor([3.0, 3.0])
    assert library.nn.functional.smooth_l1_loss(x, y, beta=0.0).item() == 3.5
