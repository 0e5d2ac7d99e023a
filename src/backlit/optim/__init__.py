"""Optimizers: PyTorch's names over the rules in `rules.py`."""

from backlit.optim import lr_scheduler, swa_utils
from backlit.optim.adadelta import Adadelta
from backlit.optim.adagrad import Adagrad
from backlit.optim.adam import Adam
from backlit.optim.adamax import Adamax
from backlit.optim.adamw import AdamW
from backlit.optim.asgd import ASGD
from backlit.optim.lbfgs import LBFGS
from backlit.optim.nadam import NAdam
from backlit.optim.optimizer import Optimizer
from backlit.optim.radam import RAdam
from backlit.optim.rmsprop import RMSprop
from backlit.optim.rprop import Rprop
from backlit.optim.sgd import SGD
