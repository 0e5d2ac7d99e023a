"""Why deep sigmoid networks did not learn: gradients by layer, beside ReLU.

On its way back a gradient is multiplied, layer after layer, by a weight matrix and by the activation's slope. A
sigmoid's slope is at most 1/4, and ten such slopes multiply to a millionth at best. ReLU's slope is 1 wherever a unit
is on, and with weights of variance 2/inputs the size stays (He et al., 2015, arXiv:1502.01852, equation 10). The
sigmoid layers get weights that keep the size where slopes are 1 (Glorot and Bengio, 2010, equation 12).
"""

import backlit as torch

DEPTH, WIDTH, EPOCHS, RATE = 10, 32, 300, 0.1


def spirals():
    """Return 200 points of two arms that wind around each other, (200, 2), and the arm of each, (200, 1)."""
    turn = torch.linspace(0.25, 1.0, 100)
    angle = 2 * torch.pi * turn
    arm = torch.stack([turn * torch.cos(angle), turn * torch.sin(angle)], dim=1)
    return torch.cat([arm, -arm]), torch.cat([torch.zeros(100, 1), torch.ones(100, 1)])


def deep_network(activation, initialise):
    """Return `DEPTH` hidden layers of `activation` and one score on top."""
    torch.manual_seed(0)
    layers = []
    for k in range(DEPTH):
        linear = torch.nn.Linear(2 if k == 0 else WIDTH, WIDTH)
        initialise(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1))


def gradient_sizes(model):
    """Return the root mean square of each hidden layer's weight gradient, the first layer first."""
    linears = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    return [linear.weight.grad.square().mean().sqrt().item() for linear in linears[:-1]]


x, y = spirals()
loss_of = torch.nn.BCEWithLogitsLoss()
sizes, accuracies = {}, {}
for name, activation, initialise in (
    ("sigmoid", torch.nn.Sigmoid, torch.nn.init.xavier_normal_),
    ("relu", torch.nn.ReLU, torch.nn.init.kaiming_normal_),
):
    model = deep_network(activation, initialise)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        if epoch == 0:
            sizes[name] = gradient_sizes(model)
        optimizer.step()
    accuracies[name] = ((model(x) > 0) == (y > 0.5)).float().mean().item()

print("size of the weight gradient, first step")
print("layer      sigmoid         relu")
for k, (sigmoid, relu) in enumerate(zip(sizes["sigmoid"], sizes["relu"], strict=True)):
    print(f"{k + 1:5d}    {sigmoid:9.1e}    {relu:9.1e}")

print()
for name, (first, *_, last) in sizes.items():
    print(f"{name:8} first / last layer {first / last:.1e}   accuracy after {EPOCHS} steps {accuracies[name]:.4f}")
