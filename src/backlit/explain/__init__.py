"""A training step told: its record as a story, as formulas and as pictures, with every number in it."""

from backlit.explain.explanation import Explanation as Explanation
from backlit.explain.recorded import explain as explain
