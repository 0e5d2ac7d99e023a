"""Pictures of a training: each function takes numbers or a model, and returns its matplotlib Figure.

Nothing is shown and no global state of matplotlib is touched: `save(figure, path)` writes a picture, the same bytes
for the same numbers, and a notebook draws a figure that a cell returns.
"""

from backlit.plots.boundary import decision_boundary as decision_boundary
from backlit.plots.canvas import save as save
from backlit.plots.layers import activations as activations
from backlit.plots.layers import gradient_sizes as gradient_sizes
from backlit.plots.layers import layer_sizes as layer_sizes
from backlit.plots.losses import loss_curves as loss_curves
from backlit.plots.predictions import confusion_matrix as confusion_matrix
from backlit.plots.predictions import residuals as residuals
