"""A training step told: its record as a story, as formulas and as pictures, with every number in it."""

from backlit.explain.explanation import Explanation as Explanation
from backlit.explain.path import path as path
from backlit.explain.recorded import explain as explain
from backlit.explain.story import tell as tell
