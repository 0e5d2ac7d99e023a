"""Learning-rate schedulers."""

from backlit.optim.lr_scheduler.base import LRScheduler, _LRScheduler
from backlit.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from backlit.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from backlit.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from backlit.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from backlit.optim.lr_scheduler.plateau import ReduceLROnPlateau
