"""Two moons: 1,000 noisy points on two half circles, and a 2-10-1 network that bends a line between them.

Writes `two_moons_loss.png` and `two_moons_boundary.png` into the working directory.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

import backlit as torch

EPOCHS, RATE = 1000, 0.1

points, moon = make_moons(1000, noise=0.2, random_state=0)
parts = train_test_split(points, moon.reshape(-1, 1), test_size=0.2, random_state=0)
train_x, test_x, train_y, test_y = (torch.tensor(part, dtype=torch.float32) for part in parts)  # (800, 2), (200, 2) …

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 10), torch.nn.ReLU(), torch.nn.Linear(10, 1))
loss_of = torch.nn.BCEWithLogitsLoss()
# Plain descent at this rate has got little further than a straight line after 1,000 epochs.
optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

losses, test_losses = [], []
for epoch in range(1, EPOCHS + 1):
    optimizer.zero_grad()
    loss = loss_of(model(train_x), train_y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    with torch.no_grad():
        test_losses.append(loss_of(model(test_x), test_y).item())
    if epoch in (1, 10, 100, 1000):
        print(f"epoch {epoch:4d}   loss {losses[-1]:.4f}   test loss {test_losses[-1]:.4f}")


def probability(x):
    """Return how sure the network is that each point, (points, 2), is on the lower moon: (points, 1)."""
    with torch.no_grad():
        return torch.sigmoid(model(x))


def accuracy(x, y):
    """Return the share of points put on the right moon."""
    return ((probability(x) > 0.5) == (y > 0.5)).float().mean().item()


print(f"train accuracy {accuracy(train_x, train_y):.4f}")
print(f"test accuracy  {accuracy(test_x, test_y):.4f}")

# The crown of the upper moon, the floor of the lower one, and the tip of each, which lies inside the other's bow.
for a, b in ((0.0, 1.0), (1.0, -0.5), (0.0, 0.4), (1.0, 0.1)):
    p = probability(torch.tensor([[a, b]])).item()
    print(f"({a:4.1f}, {b:4.1f})   probability of the lower moon {p:.4f}: {'lower' if p > 0.5 else 'upper'}")

figure, axes = plt.subplots()
axes.plot(losses, label="training")
axes.plot(test_losses, label="test")
axes.set(xlabel="epoch", ylabel="loss (nats)", yscale="log", title="Two moons: the loss")
axes.legend()
figure.savefig("two_moons_loss.png")

across, up = torch.linspace(-1.75, 2.75, 200), torch.linspace(-1.25, 1.75, 200)
grid_x, grid_y = torch.meshgrid(across, up, indexing="xy")
grid = torch.stack([grid_x.flatten(), grid_y.flatten()], dim=1)  # (40000, 2)
sure = probability(grid).reshape(200, 200)

figure, axes = plt.subplots()
axes.contourf(across.numpy(), up.numpy(), sure.numpy(), levels=20, cmap="RdBu", alpha=0.7)
axes.contour(across.numpy(), up.numpy(), sure.numpy(), levels=[0.5], colors="black")
axes.scatter(*test_x.T.numpy(), c=test_y.flatten().numpy(), cmap="RdBu", edgecolors="black", s=20)
axes.set(xlabel="x", ylabel="y", title="Two moons: the decision boundary, on the test points")
figure.savefig("two_moons_boundary.png")
