"""Exclusive or, twice: a 2-3-1 network written by hand in NumPy, and the same network in Backlit.

A single layer draws one straight line, and no line parts the 1s of exclusive or from its 0s. Three hidden ReLU units
fold the plane first. Both networks start from the same weights and take the same 1,000 steps, so their numbers agree.
"""

import numpy as np

import backlit as torch

EPOCHS, RATE = 1000, 0.5

x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])  # (4, 2)
y = np.array([[0.0], [1.0], [1.0], [0.0]])  # (4, 1)

rng = np.random.default_rng(0)
W1, b1 = rng.normal(size=(2, 3)), np.zeros(3)
W2, b2 = rng.normal(size=(3, 1)), np.zeros(1)


def network_of_the_same_weights():
    """Return the 2-3-1 network of PyTorch's modules; a Linear keeps its weight as (outputs, inputs)."""
    layers = [torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers).double()
    with torch.no_grad():
        for parameter, start in zip(model.parameters(), (W1.T, b1, W2.T, b2), strict=True):
            parameter.copy_(torch.tensor(start))
    return model


model = network_of_the_same_weights()

by_hand = []
for _ in range(EPOCHS):
    # Forward: what the network says, and how wrong it is.
    z1 = x @ W1 + b1  # (4, 3)
    h = np.maximum(z1, 0)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))  # (4, 1)
    by_hand.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))

    # Backward: the chain rule, from the loss to the first weight. Cross-entropy after a sigmoid leaves only p - y.
    dz2 = (p - y) / len(x)
    dW2, db2 = h.T @ dz2, dz2.sum(axis=0)
    dz1 = (dz2 @ W2.T) * (z1 > 0)  # ReLU lets a gradient through where it let the number through
    dW1, db1 = x.T @ dz1, dz1.sum(axis=0)

    # Downhill.
    W1, b1, W2, b2 = W1 - RATE * dW1, b1 - RATE * db1, W2 - RATE * dW2, b2 - RATE * db2

inputs, targets = torch.tensor(x), torch.tensor(y)
loss_of = torch.nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

by_backlit = []
for _ in range(EPOCHS):
    optimizer.zero_grad()
    loss = loss_of(model(inputs), targets)
    loss.backward()  # the four lines of the chain rule above
    optimizer.step()
    by_backlit.append(loss.item())

print("epoch   loss by hand   loss by autograd")
for epoch in (1, 10, 100, 1000):
    print(f"{epoch:5d}   {by_hand[epoch - 1]:12.8f}   {by_backlit[epoch - 1]:16.8f}")

pairs = zip((W1.T, b1, W2.T, b2), model.parameters(), strict=True)
apart = max(np.abs(mine - theirs.detach().numpy()).max() for mine, theirs in pairs)
print(f"weights, furthest apart: {apart:.1e}")
for bits, said in zip(x, model(inputs).flatten().tolist(), strict=True):
    print(f"{bits[0]:.0f} xor {bits[1]:.0f} = {said:.4f}")
