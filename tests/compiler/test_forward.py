"""A network alone as a function of NumPy's."""

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.compiler.forward import forward_function


def run(made, x):
    names = dict(made.arrays)
    exec(f"import numpy as np\n{made.needs}\n\n{made.source}", names)
    return names["forward"](x)


@pytest.mark.parametrize("rows", [0, 1, 4])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.GELU(), nn.SiLU(), nn.Softplus(), nn.ELU()], ids=str)
def test_the_function_predicts_as_the_model_does(activation, rows):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), activation, nn.Dropout(0.5), nn.Linear(4, 2)).eval()
    x = np.random.default_rng(1).normal(size=(rows, 3)).astype(np.float32)
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(run(forward_function(model, 3), x), expected, rtol=1e-5, atol=1e-6)


def test_it_is_a_line_a_layer_with_the_models_names_beside_the_programs():
    made = forward_function(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), 3)
    assert made.source == (
        "def forward(x):\n"
        '    """The network.  Shape: x (rows, 3), out (rows, 2)."""\n'
        "    z1 = x @ W1.T + b1   # (rows, 4)\n"
        "    a1 = np.tanh(z1)     # (rows, 4)\n"
        "    z2 = a1 @ W2.T + b2  # (rows, 2)\n"
        "    return z2\n"
    )
    assert made.paths == {"W1": "0.weight", "b1": "0.bias", "W2": "2.weight", "b2": "2.bias"}


def test_a_model_that_draws_is_refused():
    with pytest.raises(TypeError, match="draws at random"):
        forward_function(nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)).train(), 3)


def test_a_program_for_one_number_of_rows_only_is_refused():
    class Centred(nn.Module):
        def forward(self, x):
            return x * x.shape[0]

    with pytest.raises(TypeError, match="number of rows"):
        forward_function(Centred(), 3)
