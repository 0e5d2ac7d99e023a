"""An exported program's network in PyTorch."""

from __future__ import annotations

import numpy as np

from backlit import nn
from backlit.data.task import Kind
from backlit.interop.program import QUANTITY, Part

IMPORTS = "import torch\nfrom torch import nn"

LOAD = '''\
DTYPES = {{"F32": torch.float32, "I64": torch.int64}}

network = nn.Sequential(
{layers})
weights = read_weights(Path(__file__).with_name("model.safetensors"))
network.load_state_dict(
    {{
        name: torch.frombuffer(numbers, dtype=DTYPES[kind]).reshape(shape)
        for name, (kind, shape, numbers) in weights.items()
    }}
)
network.eval()


def scores(rows: list[dict[str, Any]]) -> torch.Tensor:
    """What the network's last layer gives.  Shape: (rows, {outputs})."""
    inputs = torch.tensor(encode(rows, COLUMNS), dtype=torch.float32).reshape(-1, {inputs})
    with torch.no_grad():
        return network(inputs)
'''

PREDICT: dict[Kind, str] = {
    "binary": '''\
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each row the likelier label, its probability, and that of both."""
    score = scores(rows)
    probabilities = torch.sigmoid(torch.cat([-score, score], dim=1))
    return choose_labels(probabilities.tolist(), LABELS)
''',
    "classes": '''\
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each row the likeliest label, its probability, and that of every label."""
    probabilities = torch.softmax(scores(rows), dim=1)
    return choose_labels(probabilities.tolist(), LABELS)
''',
    "regression": QUANTITY,
}


def torch_part(model: nn.Sequential, kind: Kind, inputs: int, outputs: int) -> Part:
    """The network as PyTorch's modules, which Backlit's own print themselves as."""
    layers = "".join(f"    nn.{layer!r},\n" for layer in model)
    source = LOAD.format(layers=layers, inputs=inputs, outputs=outputs) + "\n\n" + PREDICT[kind]
    weights = {name: np.ascontiguousarray(tensor.array) for name, tensor in model.state_dict().items()}
    return Part("PyTorch", IMPORTS, source, weights)
