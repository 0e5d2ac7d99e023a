"""What `fit` and one step by hand make of a session's rows and settings: what the page's numbers are held to."""

from types import SimpleNamespace

import numpy as np

import backlit
from backlit.live.build import LOSSES, Recipe
from backlit.train.batches import Batches

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}


def built(session):
    """The network, loss and optimizer of a session's settings, from its seed on."""
    settings, rows = session.settings, session.rows
    backlit.manual_seed(settings.seed)
    model = Recipe().model(settings, rows)
    optimizer = getattr(backlit.optim, OPTIMIZERS[settings.optimizer])(model.parameters(), lr=settings.learning_rate)
    return model, LOSSES[settings.loss_for(rows.kind)](), optimizer


def weights_of(model):
    """All weights and biases, layer by layer.  Shape: (P,)."""
    layers = [module for module in model.modules() if isinstance(module, backlit.nn.Linear)]
    return np.concatenate([p.array.ravel() for layer in layers for p in (layer.weight, layer.bias)])


def fitted(session, steps, engine, **extra):
    """The weights and losses of `fit` on the rows of a session, from its seed on."""
    model, loss, optimizer = built(session)
    losses = []

    class UpTo(backlit.train.Callback):
        def on_start(self, run):
            run.one_by_one = True

        def on_step(self, run):
            losses.append(run.loss)
            if run.step == steps:
                run.stop("enough")

    backlit.fit(
        model,
        *session.rows.train,
        loss=loss,
        optimizer=optimizer,
        epochs=10**6,
        batch_size=session.settings.batch,
        callbacks=[UpTo()],
        engine=engine,
        **extra,
    )
    return weights_of(model), losses


def first_step(session):
    """The first step by hand. `layers` has each layer with its `inputs` and `sums`, its gradients in `weight.grad`;
    `after` the weights that the step leaves.
    """
    model, loss, optimizer = built(session)
    x, y = Batches(*session.rows.train, session.settings.batch, shuffle=True).next()
    layers, signal = [], x
    for module in model:
        before, signal = signal, module(signal)
        if isinstance(module, backlit.nn.Linear):
            layers.append(SimpleNamespace(module=module, inputs=before.detach().array, sums=signal.detach().array))
    loss(signal, y).backward()
    for layer in layers:
        layer.weight, layer.bias = layer.module.weight.array.copy(), layer.module.bias.array.copy()
        layer.slopes = {"weight": layer.module.weight.grad.array.copy(), "b": layer.module.bias.grad.array.copy()}
    optimizer.step()
    return SimpleNamespace(layers=layers, scores=signal.detach().array, after=weights_of(model))
