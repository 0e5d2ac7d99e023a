"""Training: the loop, its events, its history, and the run of a table from file to folder."""

from backlit.train.events import Callback as Callback
from backlit.train.events import Run as Run
from backlit.train.find_lr import LRFinding as LRFinding
from backlit.train.find_lr import find_lr as find_lr
from backlit.train.history import History as History
from backlit.train.loop import evaluate as evaluate
from backlit.train.loop import fit as fit
from backlit.train.penalty import L1 as L1
