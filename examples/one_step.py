"""A laboratory for one training step: one neuron, one sample, and what each line of the step is there for.

The neuron has weights (0.5, -0.3) and bias 0.1; the sample is x = (1, 2) with answer 1. So z = 0.5 - 0.6 + 0.1 = 0,
p = sigmoid(0) = 1/2, the loss is log 2, and its gradient is (p - y) x = (-1/2, -1), and -1/2 for the bias.
"""

import backlit as torch

SAMPLE, SECOND = ([[1.0, 2.0]], [[1.0]]), ([[-1.0, 1.0]], [[0.0]])


def neuron():
    """Return the neuron with its starting weights."""
    model = torch.nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.5, -0.3]]))
        model.bias.copy_(torch.tensor([0.1]))
    return model


def laboratory(title, *, steps=1, rate=0.1, zero_grad=True, step=True, logits=False, samples=(SAMPLE,)):
    """Train a fresh neuron for `steps` steps, print each, and the loss that comes after them."""
    print(title)
    model = neuron()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    x = torch.tensor([row for rows, _ in samples for row in rows])  # (samples, 2)
    y = torch.tensor([row for _, rows in samples for row in rows])  # (samples, 1)

    def loss_now():
        if logits:
            return torch.nn.BCEWithLogitsLoss()(model(x), y)
        return torch.nn.BCELoss()(torch.sigmoid(model(x)), y)

    for k in range(steps):
        loss = loss_now()
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        if step:
            optimizer.step()
        gradient, weights = model.weight.grad[0].tolist(), model.weight[0].tolist()
        print(
            f"  step {k + 1}   loss {loss.item():.6f}   gradient ({gradient[0]:+.4f}, {gradient[1]:+.4f})"
            f"   weights ({weights[0]:+.4f}, {weights[1]:+.4f})   bias {model.bias.item():+.4f}"
        )
    print(f"  after    loss {loss_now().item():.6f}\n")


laboratory("The whole step, twice, at rate 0.1", steps=2)
laboratory("Without zero_grad: gradients add up, and the second step goes by the sum of both", steps=2, zero_grad=False)
laboratory("Without step: the gradient is known and nothing moves", steps=2, step=False)
laboratory("Rate 0.05: half the way", rate=0.05)
laboratory("Rate 1.0: ten times the way; the loss falls far, on one sample", rate=1.0)
laboratory("BCEWithLogitsLoss: sigmoid and loss in one, the same numbers", logits=True)
laboratory("A second sample, x = (-1, 1) with answer 0: the gradient is the mean of both", samples=(SAMPLE, SECOND))

print("Why the sigmoid belongs inside the loss: a sure and wrong score, z = 200, answer 0")
for name, loss_of in (
    ("BCELoss after sigmoid", lambda z, y: torch.nn.BCELoss()(torch.sigmoid(z), y)),
    ("BCEWithLogitsLoss", torch.nn.BCEWithLogitsLoss()),
):
    z = torch.tensor([200.0], requires_grad=True)
    loss = loss_of(z, torch.tensor([0.0]))
    loss.backward()
    print(f"  {name:22} loss {loss.item():6.1f}   gradient {z.grad.item():.1f}")
