"""Reading handwritten digits: 1,797 pictures of 8 x 8 pixels, a 64-64-10 network, mini-batches and Adam.

The shape of every classifier since: pixels in, one score a class out, cross-entropy between them, rows shuffled into
small batches, and a part of the rows never shown in training to say what was learnt.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import backlit as torch

EPOCHS = 20

pictures, digits = load_digits(return_X_y=True)
parts = train_test_split(pictures / 16, digits, test_size=0.25, random_state=0, stratify=digits)  # ink: 0 to 16
train_x, test_x = (torch.tensor(part, dtype=torch.float32) for part in parts[:2])  # (1347, 64), (450, 64)
train_y, test_y = (torch.tensor(part) for part in parts[2:])

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
loss_of = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
rows = torch.utils.data.TensorDataset(train_x, train_y)
batches = torch.utils.data.DataLoader(rows, batch_size=32, shuffle=True)


def accuracy(x, y):
    """Return the share of rows whose highest score is at the right digit."""
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


for epoch in range(1, EPOCHS + 1):
    total = 0.0
    for x, y in batches:  # (32, 64), (32)
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    if epoch % 5 == 0:
        print(f"epoch {epoch:2d}   loss {total / len(rows):.4f}   train accuracy {accuracy(train_x, train_y):.4f}")

print(f"test accuracy {accuracy(test_x, test_y):.4f} on {len(test_y)} pictures that it has not seen")

with torch.no_grad():
    probabilities = torch.softmax(model(test_x), dim=1)
sure, said = probabilities.max(dim=1)
wrong = (said != test_y).nonzero().flatten()
if len(wrong):
    worst = wrong[sure[wrong].argmax()].item()
    print(f"surest mistake: a {test_y[worst].item()} read as {said[worst].item()}, {sure[worst].item():.0%} sure")
    for line in test_x[worst].reshape(8, 8).tolist():
        print("   ", "".join(" .:+#"[round(4 * ink)] * 2 for ink in line))
