"""Training programs that are in order, as source text: whatever a doctor says of them aloud is a false alarm.

A program's text keeps to one wording (`prediction = net(...)`, `loss = criterion(prediction, target)`,
`loss.backward()`, `optimizer.step()`), so that a fault can be written into many of them by changing a line.
`{opt}` stands for the optimizer's call but its parameters, `{seed}` for the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = """\
import copy
import numpy as np
import backlit as torch
import backlit.nn.functional as F
from backlit import nn
from backlit.utils.data import DataLoader, TensorDataset
torch.manual_seed({seed})
"""
MOONS = """\
from sklearn.datasets import make_moons
X, y = make_moons(200, noise=0.15, random_state={seed})
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
"""
CIRCLES = """\
from sklearn.datasets import make_circles
X, y = make_circles(160, noise=0.05, factor=0.4, random_state={seed})
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
"""
BLOBS = """\
from sklearn.datasets import make_blobs
X, y = make_blobs(240, centers=[[-2, 0], [2, 0], [0, 3]], cluster_std=0.6, random_state={seed})
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
"""
IRIS = """\
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
order = np.random.default_rng({seed}).permutation(150)
X, y = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)[order], torch.tensor(y)[order]
"""
DIGITS = """\
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
order = np.random.default_rng({seed}).permutation(len(X))[:600]
X, y = torch.tensor(X / 16, dtype=torch.float32)[order], torch.tensor(y)[order]
"""
LINE = """\
X = torch.randn(100, 3)
y = X @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3
"""
SINE = """\
X = torch.rand(128, 1) * 6 - 3
y = torch.sin(X)
"""
WHOLE = """\
for epoch in range({epochs}):
    optimizer.zero_grad()
    prediction = net(X)
    target = y
    loss = criterion(prediction, target)
    loss.backward()
    optimizer.step()
"""
BATCHES = """\
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
for epoch in range({epochs}):
    for rows, target in loader:
        optimizer.zero_grad()
        prediction = net(rows)
        loss = criterion(prediction, target)
        loss.backward()
        optimizer.step()
"""
#: With a validation after each epoch.
VALIDATED = """\
rows, held, target, held_target = X[:150], X[150:], y[:150], y[150:]
for epoch in range({epochs}):
    net.train()
    optimizer.zero_grad()
    prediction = net(rows)
    loss = criterion(prediction, target)
    loss.backward()
    optimizer.step()
    net.eval()
    with torch.no_grad():
        valid = criterion(net(held), held_target).item()
"""
SEVERAL = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear({inputs}, 16), nn.Linear(16, 16)])
        self.middle = nn.Linear(16, 16)
        self.out = nn.Linear(16, {outputs})

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x)
            x = torch.tanh(x)
        x = self.middle(x)
        x = torch.tanh(x)
        return self.out(x)

net = Net()
"""
SGD, ADAM = "SGD", "Adam"


@dataclass(frozen=True)
class Program:
    """`source` trains; `score` is then computed, less is better. `optimizers` are the calls for "SGD" and "Adam"."""

    name: str
    source: str
    score: str
    sgd: str = "torch.optim.SGD({of}, lr=0.1, momentum=0.9)"
    adam: str = "torch.optim.Adam({of}, lr=0.02)"

    def text(self, seed: int, kind: str) -> str:
        """The program with its seed and its optimizer, {of} being the parameters that its text names."""
        text = HEAD + self.source
        while "{opt(" in text:
            before, _, rest = text.partition("{opt(")
            of, _, after = rest.partition(")}")
            text = before + (self.sgd if kind == SGD else self.adam).replace("{of}", of) + after
        return text.replace("{seed}", str(seed))


CROSS = "F.cross_entropy(net(X), y).item()"
LOGISTIC = "F.binary_cross_entropy_with_logits(net(X).reshape(-1), y.reshape(-1)).item()"
SQUARED = "(F.mse_loss(net(X).reshape(-1), y.reshape(-1)) / y.var()).item()"


def program(name: str, *parts: str, score: str, epochs: int = 0, inputs: int = 2, outputs: int = 2, **calls: str):
    text = "".join(parts)
    for key, value in (("epochs", epochs), ("inputs", inputs), ("outputs", outputs)):
        text = text.replace(f"{{{key}}}", str(value))
    return Program(name, text, score, **calls)


def net(layers: str, criterion: str) -> str:
    return f"net = nn.Sequential({layers})\ncriterion = {criterion}\noptimizer = {{opt(net.parameters())}}\n"


XOR = (
    "X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])\n"
    "y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])\n"
)

PROGRAMS = [
    program(
        "xor", XOR, net("nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()", "nn.BCELoss()"), WHOLE,
        score="F.binary_cross_entropy(net(X), y).item()", epochs=400, sgd="torch.optim.SGD({of}, lr=0.5, momentum=0.9)",
    ),
    program(
        "moons", MOONS, net("nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 2)", "nn.CrossEntropyLoss()"), WHOLE,
        score=CROSS, epochs=250,
    ),
    program(
        "circles", CIRCLES, net("nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 1)", "nn.BCEWithLogitsLoss()"),
        WHOLE.replace("target = y", "target = y.unsqueeze(1)"), score=LOGISTIC, epochs=200,
    ),
    program(
        "blobs", BLOBS, net("nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3), nn.LogSoftmax(dim=1)", "nn.NLLLoss()"),
        BATCHES, score=CROSS, epochs=20,
    ),
    program(
        "iris", IRIS, net("nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)", "nn.CrossEntropyLoss()"), BATCHES,
        score=CROSS, epochs=30,
    ),
    program("linear", LINE, net("nn.Linear(3, 1)", "nn.MSELoss()"), WHOLE, score=SQUARED, epochs=120),
    program(
        "sine", SINE, net("nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1)", "nn.MSELoss()"), WHOLE, score=SQUARED,
        epochs=300,
    ),
    program(
        "digits", DIGITS, net("nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)", "nn.CrossEntropyLoss()"), BATCHES,
        score=CROSS, epochs=12, adam="torch.optim.Adam({of}, lr=0.005)",
    ),
    program(
        "imbalanced", "y = (torch.arange(400) % 20 == 0).float()\nX = torch.randn(400, 2) + 4 * y.unsqueeze(1)\n",
        net("nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)", "nn.BCEWithLogitsLoss(pos_weight=torch.tensor([19.0]))"),
        BATCHES.replace("target in", "labels in").replace("        prediction", "        target = labels.unsqueeze(1)\n"
        "        prediction"), score=LOGISTIC, epochs=15, sgd="torch.optim.SGD({of}, lr=0.02, momentum=0.9)",
    ),
    program(
        "deep sigmoid", MOONS,
        "net = nn.Sequential(nn.Linear(2, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(), nn.Linear(16, 16), "
        "nn.Sigmoid(), nn.Linear(16, 2))\n"
        "for layer in net[::2]:\n    nn.init.xavier_normal_(layer.weight, gain=4.0)\n"
        "criterion = nn.CrossEntropyLoss()\noptimizer = {opt(net.parameters())}\n", WHOLE, score=CROSS, epochs=300,
    ),
    program(
        "gan",
        "net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))\n"
        "judge = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))\n"
        "criterion = nn.BCEWithLogitsLoss()\n"
        "optimizer = {opt(net.parameters())}\njudging = {opt(judge.parameters())}\n"
        "for step in range(300):\n"
        "    real = 3 + 0.5 * torch.randn(64, 1)\n"
        "    judging.zero_grad()\n"
        "    fake = net(torch.randn(64, 2))\n"
        "    judged = criterion(judge(real), torch.ones(64, 1)) + criterion(judge(fake.detach()), torch.zeros(64, 1))\n"
        "    judged.backward()\n"
        "    judging.step()\n"
        "    optimizer.zero_grad()\n"
        "    prediction = judge(net(torch.randn(64, 2)))\n"
        "    target = torch.ones(64, 1)\n"
        "    loss = criterion(prediction, target)\n"
        "    loss.backward()\n"
        "    optimizer.step()\n",
        score="(net(torch.randn(500, 2)).mean() - 3).abs().item()",
        sgd="torch.optim.SGD({of}, lr=0.03)", adam="torch.optim.Adam({of}, lr=0.01, betas=(0.5, 0.9))",
    ),
    program(
        "accumulation", MOONS, net("nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2)", "nn.CrossEntropyLoss()"),
        "for epoch in range(80):\n"
        "    for k, rows in enumerate(torch.randperm(200).split(50)):\n"
        "        prediction = net(X[rows])\n"
        "        target = y[rows]\n"
        "        loss = criterion(prediction, target)\n"
        "        loss.backward()\n"
        "        if k % 2 == 1:\n"
        "            optimizer.step()\n"
        "            optimizer.zero_grad()\n", score=CROSS, adam="torch.optim.Adam({of}, lr=0.01)",
    ),
    program(
        "frozen batchnorm", MOONS,
        net("nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2)", "nn.CrossEntropyLoss()"),
        BATCHES.replace("{epochs}", "6"),
        "for p in net[1].parameters():\n    p.requires_grad_(False)\n"
        "for epoch in range(10):\n"
        "    net.train()\n"
        "    net[1].eval()\n"
        "    for rows, target in loader:\n"
        "        optimizer.zero_grad()\n"
        "        prediction = net(rows)\n"
        "        loss = criterion(prediction, target)\n"
        "        loss.backward()\n"
        "        optimizer.step()\n"
        "net.eval()\n", score=CROSS,
    ),
    program(
        "transfer", DIGITS,
        "body = nn.Sequential(nn.Linear(64, 48), nn.Tanh())\nhead = nn.Linear(48, 10)\n"
        "net = nn.Sequential(body, head)\n"
        "for p in body.parameters():\n    p.requires_grad_(False)\n"
        "criterion = nn.CrossEntropyLoss()\noptimizer = {opt(head.parameters())}\n", BATCHES, score=CROSS, epochs=12,
    ),
    program(
        "transfer, all held", DIGITS,
        "body = nn.Sequential(nn.Linear(64, 48), nn.Tanh())\nhead = nn.Linear(48, 10)\n"
        "net = nn.Sequential(body, head)\n"
        "for p in body.parameters():\n    p.requires_grad = False\n"
        "criterion = nn.CrossEntropyLoss()\noptimizer = {opt(net.parameters())}\n", BATCHES, score=CROSS, epochs=12,
    ),
    program(
        "lbfgs", SINE,
        "net = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1))\ncriterion = nn.MSELoss()\n"
        "optimizer = {opt(net.parameters())}\n"
        "def closure():\n"
        "    optimizer.zero_grad()\n"
        "    loss = criterion(net(X), y)\n"
        "    loss.backward()\n"
        "    return loss\n"
        "for epoch in range(12):\n    optimizer.step(closure)\n", score=SQUARED,
        sgd="torch.optim.LBFGS({of}, lr=0.1)", adam='torch.optim.LBFGS({of}, line_search_fn="strong_wolfe")',
    ),
    program(
        "converged", LINE, net("nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)", "nn.MSELoss()"), WHOLE, score=SQUARED,
        epochs=900, sgd="torch.optim.SGD({of}, lr=0.05, momentum=0.9)",
    ),
    program(
        "dropout", MOONS,
        net("nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 2)", "nn.CrossEntropyLoss()"),
        VALIDATED, score="valid", epochs=150,
    ),
    program(
        "mc dropout", SINE, net("nn.Linear(1, 48), nn.Tanh(), nn.Dropout(0.05), nn.Linear(48, 1)", "nn.MSELoss()"),
        WHOLE,
        "net.eval()\n"
        "for layer in net:\n    if isinstance(layer, nn.Dropout):\n        layer.train()\n"
        "with torch.no_grad():\n    samples = torch.stack([net(X) for _ in range(20)])\n"
        "spread = samples.std(0)\nnet.eval()\n", score=SQUARED, epochs=250,
    ),
    program(
        "mc dropout in training mode", SINE,
        net("nn.Linear(1, 48), nn.Tanh(), nn.Dropout(0.05), nn.Linear(48, 1)", "nn.MSELoss()"), WHOLE,
        "net.train()\nwith torch.no_grad():\n    samples = torch.stack([net(X) for _ in range(20)])\n"
        "spread = samples.std(0)\nnet.eval()\n", score=SQUARED, epochs=250,
    ),
    program(
        "two optimizers", MOONS,
        "body = nn.Sequential(nn.Linear(2, 16), nn.ReLU())\nhead = nn.Linear(16, 2)\nnet = nn.Sequential(body, head)\n"
        "criterion = nn.CrossEntropyLoss()\n"
        "first = {opt(body.parameters())}\nsecond = torch.optim.AdamW(head.parameters(), lr=0.01)\n"
        "for epoch in range(150):\n"
        "    first.zero_grad()\n    second.zero_grad()\n"
        "    prediction = net(X)\n    target = y\n    loss = criterion(prediction, target)\n    loss.backward()\n"
        "    first.step()\n    second.step()\n", score=CROSS,
    ),
    program(
        "shared weights", "X = torch.rand(200, 6)\ny = X\n",
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.code = nn.Linear(6, 4)\n"
        "        self.shift = nn.Parameter(torch.zeros(6))\n"
        "    def forward(self, x):\n"
        "        h = torch.tanh(self.code(x))\n"
        "        return h @ self.code.weight + self.shift\n"
        "net = Net()\ncriterion = nn.MSELoss()\noptimizer = {opt(net.parameters())}\n", BATCHES,
        score=SQUARED, epochs=20,
    ),
    program(
        "fine-tuning", BLOBS,
        net("nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3)", "nn.CrossEntropyLoss()"), BATCHES.replace("{epochs}", "6"),
        "net[2] = nn.Linear(16, 3)\ny = 2 - y\n"
        "loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)\n"
        "optimizer = {opt(net.parameters())}\n"
        "for group in optimizer.param_groups:\n    group['lr'] *= 0.3\n"
        "for epoch in range(10):\n"
        "    for rows, target in loader:\n"
        "        optimizer.zero_grad()\n"
        "        prediction = net(rows)\n"
        "        loss = criterion(prediction, target)\n"
        "        loss.backward()\n"
        "        optimizer.step()\n", score=CROSS,
    ),
    program(
        "own module", MOONS, SEVERAL, "criterion = nn.CrossEntropyLoss()\noptimizer = {opt(net.parameters())}\n", WHOLE,
        score=CROSS, epochs=150, sgd="torch.optim.SGD({of}, lr=0.05, momentum=0.9)",
        adam="torch.optim.Adam({of}, lr=0.01)",
    ),
    program(
        "own module, sine", SINE, SEVERAL, "criterion = nn.MSELoss()\noptimizer = {opt(net.parameters())}\n", WHOLE,
        score=SQUARED, epochs=250, inputs=1, outputs=1, sgd="torch.optim.SGD({of}, lr=0.03, momentum=0.9)",
        adam="torch.optim.Adam({of}, lr=0.01)",
    ),
    program(
        "batch norm", IRIS.replace("(X - X.mean(0)) / X.std(0)", "X"),
        net("nn.BatchNorm1d(4), nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)", "nn.CrossEntropyLoss()"),
        VALIDATED.replace("150", "120"), score="valid", epochs=50,
    ),
    program(
        "schedule", LINE, net("nn.Linear(3, 1)", "nn.MSELoss()"),
        "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.8)\n",
        WHOLE, "    scheduler.step()\n", score=SQUARED, epochs=25, sgd="torch.optim.SGD({of}, lr=0.2)",
        adam="torch.optim.Adam({of}, lr=0.5)",
    ),
    program(
        "by hand", "X = torch.linspace(-2, 2, 50)\ny = 2 * X - 1\n"
        "w = torch.randn((), requires_grad=True)\nb = torch.randn((), requires_grad=True)\n"
        "net = lambda x: w * x + b\n"
        "for epoch in range(200):\n"
        "    prediction = net(X)\n"
        "    target = y\n"
        "    loss = F.mse_loss(prediction, target)\n"
        "    loss.backward()\n"
        "    with torch.no_grad():\n"
        "        w -= 0.1 * w.grad\n"
        "        b -= 0.1 * b.grad\n"
        "    w.grad = None\n"
        "    b.grad = None\n", score=SQUARED,
    ),
    program(
        "recurrent", "X = torch.randn(64, 8, 1)\ny = X.sum(1)\n",
        "cell, out = nn.Linear(17, 16), nn.Linear(16, 1)\nnet = nn.ModuleList([cell, out])\n"
        "criterion = nn.MSELoss()\noptimizer = {opt(net.parameters())}\n"
        "for epoch in range(80):\n"
        "    hidden = torch.zeros(64, 16)\n"
        "    for t in range(8):\n"
        "        hidden = torch.tanh(cell(torch.cat([X[:, t], hidden], dim=1)))\n"
        "    optimizer.zero_grad()\n"
        "    prediction = out(hidden)\n"
        "    target = y\n"
        "    loss = criterion(prediction, target)\n"
        "    loss.backward()\n"
        "    optimizer.step()\n", score="(F.mse_loss(out(hidden), y) / y.var()).item()",
        sgd="torch.optim.SGD({of}, lr=0.01)", adam="torch.optim.Adam({of}, lr=0.005)",
    ),
]  # fmt: skip
