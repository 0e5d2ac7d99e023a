"""Exclusive or with a 2-4-1 sigmoid network, once by cross-entropy and once by mean squared error.

Both start from the same weights and take 10,000 steps at rate 0.5. What they send back differs by a factor. With
p = sigmoid(z), and for one answer,

    cross-entropy          dL/dz =  p - y
    mean squared error     dL/dz = 2(p - y) p (1 - p)

and p (1 - p) is at most 1/4, and nearly 0 where the network is sure of itself: a sure mistake is hardly corrected.
"""

import backlit as torch

EPOCHS, RATE = 10_000, 0.5

x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


def train(loss_of):
    """Train a fresh network by `loss_of`; return it and the mean absolute error at every 100th epoch."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(2, 4), torch.nn.Sigmoid(), torch.nn.Linear(4, 1), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    errors = []
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        p = model(x)
        loss_of(p, y).backward()
        optimizer.step()
        if (epoch + 1) % 100 == 0:
            errors.append((p.detach() - y).abs().mean().item())
    return model, errors


def first_below(errors, bound):
    """Return the first epoch, of every 100th, at which the error is below `bound`, or a dash."""
    return next((str(100 * (k + 1)) for k, error in enumerate(errors) if error < bound), "-")


entropy, entropy_errors = train(torch.nn.BCELoss())
squared, squared_errors = train(torch.nn.MSELoss())

print("mean |p - y|     cross-entropy   mean squared error")
for epoch in (100, 1000, 2000, 5000, 10_000):
    k = epoch // 100 - 1
    print(f"epoch {epoch:6d}     {entropy_errors[k]:12.4f}   {squared_errors[k]:18.4f}")
print(f"below 0.1 at     {first_below(entropy_errors, 0.1):>13}   {first_below(squared_errors, 0.1):>18}")

print()
with torch.no_grad():
    for bits, by_entropy, by_squares in zip(x.tolist(), entropy(x), squared(x), strict=True):
        question = f"{bits[0]:.0f} xor {bits[1]:.0f} ="
        print(f"{question:16} {by_entropy.item():13.4f}   {by_squares.item():18.4f}")

print()
print("the gradient that reaches z when the answer is 1")
print("      z        p        p - y    2(p - y)p(1 - p)")
for z in (-8.0, -4.0, 0.0, 4.0):
    slopes = []
    for loss_of in (torch.nn.BCELoss(), torch.nn.MSELoss()):
        score = torch.tensor(z, requires_grad=True)
        p = torch.sigmoid(score)
        loss_of(p, torch.tensor(1.0)).backward()
        slopes.append(score.grad.item())
    print(f"{z:7.1f}  {p.item():7.4f}   {slopes[0]:10.6f}   {slopes[1]:17.6f}")
