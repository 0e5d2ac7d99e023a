"""Losses as modules: the formulas stand in `backlit.nn.functional`.

`reduction` is "mean" (the default), "sum" or "none"; `size_average` and `reduce` are PyTorch's older names for it.
"""

from __future__ import annotations

from typing import Any

from backlit.nn import functional as F
from backlit.nn.modules.margin import CosineEmbeddingLoss as CosineEmbeddingLoss
from backlit.nn.modules.margin import HingeEmbeddingLoss as HingeEmbeddingLoss
from backlit.nn.modules.margin import MarginRankingLoss as MarginRankingLoss
from backlit.nn.modules.margin import MultiLabelMarginLoss as MultiLabelMarginLoss
from backlit.nn.modules.margin import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from backlit.nn.modules.margin import MultiMarginLoss as MultiMarginLoss
from backlit.nn.modules.margin import SoftMarginLoss as SoftMarginLoss
from backlit.nn.modules.margin import TripletMarginLoss as TripletMarginLoss
from backlit.nn.modules.margin import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from backlit.nn.modules.reducing import _Loss, _WeightedLoss
from backlit.tensor import Tensor


class MSELoss(_Loss):
    """The mean of (input - target)².  Shapes: both the same.

    >>> import backlit as torch
    >>> torch.nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The mean of |input - target|.  Shapes: both the same.

    >>> import backlit as torch
    >>> torch.nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(_Loss):
    """The mean of d²/2 where d = |input - target| is below delta, and of delta (d - delta/2) above.

    >>> import backlit as torch
    >>> torch.nn.HuberLoss(reduction="none")(torch.tensor([0.5, 3.0]), torch.zeros(2))
    tensor([0.1250, 2.5000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(_Loss):
    """HuberLoss divided by its delta, here called beta.  Girshick 2015, "Fast R-CNN".

    >>> import backlit as torch
    >>> torch.nn.SmoothL1Loss()(torch.tensor([3.0]), torch.tensor([0.0]))
    tensor(2.5000)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class BCELoss(_WeightedLoss):
    """The mean of -(y ln p + (1 - y) ln(1 - p)), for probabilities p and targets y.  Shapes: both the same.

    >>> import backlit as torch
    >>> torch.nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.own("weight"), reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(x), without its overflow; `pos_weight` multiplies what positives cost.

    >>> import backlit as torch
    >>> torch.nn.BCEWithLogitsLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean", pos_weight: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.own("weight"), reduction=self.reduction, pos_weight=self.own("pos_weight")
        )


class CrossEntropyLoss(_WeightedLoss):
    """The mean of -ln softmax(scores)[class].

    Shapes: scores (K), (B, K) or (B, K, d1, ...); class numbers without the K, or class probabilities with it.

    >>> import backlit as torch
    >>> torch.nn.CrossEntropyLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    tensor(0.6931)
    """

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
        reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input, target, self.own("weight"), ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class NLLLoss(_WeightedLoss):
    """The mean of -x[class], for log-probabilities x: CrossEntropyLoss without its softmax.

    >>> import backlit as torch
    >>> torch.nn.NLLLoss()(torch.tensor([[-0.5, -0.9]]), torch.tensor([1]))
    tensor(0.9000)
    """

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
        reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.own("weight"), ignore_index=self.ignore_index, reduction=self.reduction)


class KLDivLoss(_Loss):
    """The mean of y (ln y - x), for log-probabilities x and probabilities y; log_target: for ln y.

    reduction "batchmean" divides the sum by the batch size, as the definition of the divergence has it.

    >>> import backlit as torch
    >>> p = torch.tensor([[0.5, 0.5]])
    >>> torch.nn.KLDivLoss(reduction="batchmean")(p.log(), p)
    tensor(0.)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
        log_target: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """The mean of e^x - y x, for counts y of a Poisson distribution with rate e^x; log_input=False: x is the rate.

    >>> import backlit as torch
    >>> torch.nn.PoissonNLLLoss()(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, size_average: bool | None = None, eps: float = 1e-8,
        reduce: bool | None = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """The mean of (ln var + (x - y)² / var) / 2, for targets y of a normal distribution with mean x and variance var.

    >>> import backlit as torch
    >>> torch.nn.GaussianNLLLoss()(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Any) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


NLLLoss2d = NLLLoss
