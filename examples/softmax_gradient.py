"""Where p - y comes from: the gradient of a 3-4-2 softmax classifier, by hand and by autograd.

Softmax turns scores z into probabilities, p_i = exp(z_i) / sum_j exp(z_j), and cross-entropy asks for the logarithm of
the right one, L = -log p_c. Since log p_c = z_c - log sum_j exp(z_j), the derivative is that of a number minus that of
a log-sum-exp, whose derivative is softmax again:

    dL/dz_i = p_i - [i = c] = p - y        with y the one-hot answer

The rest is the chain rule, layer by layer; every line below is checked against what `loss.backward()` left behind.
"""

import backlit as torch

torch.manual_seed(0)
x = torch.tensor([[0.5, -1.2, 0.3]])  # one row, (1, 3)
answer = torch.tensor([1])
one_hot = torch.tensor([[0.0, 1.0]])  # y, (1, 2)

hidden, outer = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
z1 = hidden(x)  # (1, 4)
h = torch.tanh(z1)
z2 = outer(h)  # (1, 2): the scores
h.retain_grad()  # only leaves keep their gradient unless they are asked to
z2.retain_grad()

loss = torch.nn.CrossEntropyLoss()(z2, answer)  # takes scores: the softmax is inside
loss.backward()

p = torch.softmax(z2, dim=1).detach()
for name, row in (
    ("scores         z", z2),
    ("probabilities  p", p),
    ("answer         y", one_hot),
    ("p - y", p - one_hot),
):
    print(f"{name:16} =  {row[0, 0].item():7.4f}  {row[0, 1].item():7.4f}")
print(f"loss             =  {loss.item():.4f}, and -log p_c = {-p[0, 1].log().item():.4f}")
print()

with torch.no_grad():
    dz2 = p - one_hot
    dh = dz2 @ outer.weight  # (1, 2) @ (2, 4): each hidden unit gathers blame along its own weights
    dz1 = dh * (1 - h * h)  # tanh' = 1 - tanh²
    by_hand = {
        "z2": (dz2, z2.grad),
        "outer.weight": (dz2.T @ h, outer.weight.grad),
        "outer.bias": (dz2[0], outer.bias.grad),
        "h": (dh, h.grad),
        "hidden.weight": (dz1.T @ x, hidden.weight.grad),
        "hidden.bias": (dz1[0], hidden.bias.grad),
    }

print("dL/d...          by hand, first   autograd, first   furthest apart")
for name, (mine, theirs) in by_hand.items():
    apart = (mine - theirs).abs().max().item()
    print(f"{name:16} {mine.flatten()[0].item():14.6f}   {theirs.flatten()[0].item():15.6f}   {apart:14.1e}")
