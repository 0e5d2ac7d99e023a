"""Three remedies beside plain gradient descent: Adam, batch normalisation, dropout.

All four train a 2-64-64-1 network on the same 60 noisy points of two moons, for the same number of steps at the same
rate, and are then asked about 1,000 points they have not seen. One input is ten times smaller than the other, as
columns of real data are, and plain descent has hardly noticed it when the steps are over. Batch normalisation evens
out what each layer sees (Ioffe and Szegedy, 2015, arXiv:1502.03167), and Adam gives each weight a step of its own
(Kingma and Ba, 2015, arXiv:1412.6980): so well that the network learns the noise by heart, is sure of it, and pays on
new points. Dropout keeps units from leaning on each other (Srivastava et al., 2014), and heals most of that.
"""

from sklearn.datasets import make_moons

import backlit as torch

EPOCHS, RATE, WIDTH = 300, 0.05, 64


def moons(count, seed):
    """Return `count` points, (count, 2), the second axis shrunk tenfold, and the moon of each, (count, 1)."""
    points, moon = make_moons(count, noise=0.3, random_state=seed)
    uneven = torch.tensor(points) * torch.tensor([1.0, 0.1])
    return uneven, torch.tensor(moon, dtype=torch.float64).reshape(-1, 1)


def network(batch_norm=False, dropout=0.0):
    """Return the 2-64-64-1 network with the layers asked for."""
    layers = []
    for inputs in (2, WIDTH):
        layers.append(torch.nn.Linear(inputs, WIDTH))
        if batch_norm:
            layers.append(torch.nn.BatchNorm1d(WIDTH))
        layers.append(torch.nn.ReLU())
        if dropout:
            layers.append(torch.nn.Dropout(dropout))
    # 64 bits: with 32, 300 steps this long magnify a rounding error until it shows in the figures.
    return torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1)).double()


def loss_and_accuracy(model, x, y):
    """Return the loss and the share of right answers, with every layer in the manner it has when used."""
    model.eval()  # dropout lets all through; batch normalisation goes by its running statistics
    with torch.no_grad():
        scores = model(x)
        right = ((scores > 0) == (y > 0.5)).float().mean()
        return torch.nn.BCEWithLogitsLoss()(scores, y).item(), right.item()


def train(model, optimizer, x, y):
    """Take `EPOCHS` steps on all of the points."""
    model.train()  # dropout drops; batch normalisation goes by the batch
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        torch.nn.BCEWithLogitsLoss()(model(x), y).backward()
        optimizer.step()


x, y = moons(60, seed=0)
new_x, new_y = moons(1000, seed=1)
print(f"{'':22} train loss   accuracy   |   new points: loss   accuracy")
for name, make, settings in (
    ("plain descent", torch.optim.SGD, {}),
    ("batch normalisation", torch.optim.SGD, {"batch_norm": True}),
    ("Adam", torch.optim.Adam, {}),
    ("Adam and dropout", torch.optim.Adam, {"dropout": 0.5}),
):
    torch.manual_seed(0)
    model = network(**settings)
    optimizer = make(model.parameters(), lr=RATE)
    train(model, optimizer, x, y)
    (loss, accuracy), (new_loss, new_accuracy) = loss_and_accuracy(model, x, y), loss_and_accuracy(model, new_x, new_y)
    print(f"{name:22} {loss:10.4f} {accuracy:10.4f}   | {new_loss:18.4f} {new_accuracy:10.4f}")
