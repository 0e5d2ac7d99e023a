"""A small network in training, as the tests of the live trainer's parts take it."""

import backlit as torch
from backlit import nn
from backlit.train.batches import Batches
from backlit.train.engines import Eager

LOSSES = {"binary": nn.BCEWithLogitsLoss, "classes": nn.CrossEntropyLoss, "regression": nn.MSELoss}


def network_in_training(kind="binary", optimizer="Adam", batch=8, rows=30, inputs=2, steps=2, between=(nn.Tanh,)):
    """An eager engine that has taken a few steps: inputs-4-out, so many rows of two or three classes."""
    torch.manual_seed(4)
    outputs = 3 if kind == "classes" else 1
    model = nn.Sequential(nn.Linear(inputs, 4), *(make() for make in between), nn.Linear(4, outputs))
    x = torch.randn(rows, inputs)
    classes = (2 * x[:, 0].abs()).long().clamp(max=2)
    y = {"binary": (x[:, :1] > 0).float(), "classes": classes, "regression": x[:, :1]}[kind]
    chosen = getattr(torch.optim, optimizer)(model.parameters(), lr=0.1)
    eager = Eager(model, LOSSES[kind](), chosen, Batches(x, y, batch, shuffle=True))
    for _ in range(steps):
        eager.advance(1)
    return eager
