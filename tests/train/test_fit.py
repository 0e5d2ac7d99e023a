"""fit: the loop a PyTorch user writes by hand, its history, its events, its words."""

import csv
import os
import signal
import threading

import numpy as np
import pytest
import torch

import backlit
from backlit.train import Callback, History

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3).astype(np.float32)


def network(ns=backlit, dropout=0.0, seed=0):
    ns.manual_seed(seed)
    nn = ns.nn
    dropped = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), *dropped, nn.Linear(8, 1))


def fitted(**changes):
    """A history, and the model that it is of."""
    model = changes.pop("model", None) or network()
    options = dict(loss="mse", optimizer="adam", epochs=3, seed=0) | changes
    return backlit.fit(model, options.pop("x", X), options.pop("y", Y), **options), model


def weights(model):
    return np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])


def by_hand(ns, *, batch_size, epochs, dropout):
    """What a PyTorch user writes."""
    model = network(ns, dropout)
    optimizer = ns.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    rows = ns.utils.data.TensorDataset(ns.from_numpy(X), ns.from_numpy(Y))
    ns.manual_seed(11)
    losses = []
    for _ in range(epochs):
        for x, y in ns.utils.data.DataLoader(rows, batch_size=batch_size, shuffle=True):
            loss = ns.nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_losses_are_those_of_a_loop_written_by_hand_in_pytorch(dropout):
    model = network(dropout=dropout)
    history = backlit.fit(
        model, X, Y, loss="mse", optimizer=lambda p: backlit.optim.SGD(p, lr=0.05, momentum=0.9),
        epochs=4, batch_size=5, seed=11,
    )  # fmt: skip
    np.testing.assert_allclose(history.losses, by_hand(torch, batch_size=5, epochs=4, dropout=dropout), rtol=1e-4)
    np.testing.assert_allclose(history.losses, by_hand(backlit, batch_size=5, epochs=4, dropout=dropout), rtol=1e-6)


def test_the_same_seed_gives_the_same_run():
    first, one = fitted(batch_size=4, model=network(dropout=0.5))
    second, two = fitted(batch_size=4, model=network(dropout=0.5))
    other, three = fitted(batch_size=4, model=network(dropout=0.5), seed=1)
    assert np.array_equal(first.losses, second.losses)
    assert np.array_equal(weights(one), weights(two))
    assert not np.array_equal(weights(one), weights(three))
    assert len(other) == len(first)


def test_rows_are_seen_in_order_without_shuffling():
    seen = []

    class See(backlit.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = backlit.nn.Parameter(backlit.ones(1))

        def forward(self, x):
            seen.append(x[:, 0].tolist())
            return x * self.w

    x = np.arange(5, dtype=np.float32)[:, None]
    fitted(model=See(), x=x, y=x, batch_size=2, shuffle=False, epochs=2)
    assert seen == [[0, 1], [2, 3], [4]] * 2


def test_each_row_is_seen_once_an_epoch():
    seen = []

    class See(backlit.nn.Linear):
        def forward(self, x):
            seen.extend(x[:, 0].tolist())
            return super().forward(x)

    x = np.arange(10, dtype=np.float32)[:, None]
    fitted(model=See(1, 1), x=x, y=x, batch_size=3, epochs=2)
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_history_has_a_row_a_step_and_a_row_an_epoch():
    history, _ = fitted(batch_size=10, epochs=2)
    assert [(step.step, step.epoch) for step in history.steps] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)]
    assert [step.loss for step in history.steps] == history.losses.tolist()
    assert [row["step"] for row in history.epochs] == [3, 6]
    # Batches of 10, 10 and 3 rows count by their rows.
    assert history.epochs[0]["loss"] == pytest.approx(np.dot(history.losses[:3], [10, 10, 3]) / 23)
    assert len(history) == 6
    assert history.stopped == "all 2 epochs are done"
    assert repr(history).startswith("History(2 epochs, 6 steps; loss ")


def test_history_of_many_steps_keeps_every_one():
    history = History()
    for start in range(0, 5000, 7):
        history.add_steps(np.arange(start, start + 7, dtype=float))
    assert np.array_equal(history.losses, np.arange(len(history)))


def test_history_as_csv_reads_back_the_same(tmp_path):
    history, _ = fitted(batch_size=10, epochs=2, validation=(X[:4], Y[:4]))
    history.to_csv(tmp_path / "epochs.csv")
    history.to_csv(tmp_path / "steps.csv", rows="steps")
    with open(tmp_path / "epochs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "step", "loss", "validation_loss"]
    assert [float(row["validation_loss"]) for row in rows] == [row["validation_loss"] for row in history.epochs]
    with open(tmp_path / "steps.csv", newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == history.losses.tolist()
    with pytest.raises(ValueError, match='must be "epochs" or "steps"'):
        history.to_csv(tmp_path / "no.csv", rows="days")


def test_validation_is_evaluated_in_evaluation_mode():
    history, model = fitted(model=network(dropout=0.9), epochs=1, validation=(X, Y))
    model.eval()
    expected = backlit.nn.functional.mse_loss(model(backlit.from_numpy(X)), backlit.from_numpy(Y)).item()
    assert history.epochs[-1]["validation_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("was_training", [True, False])
def test_the_model_comes_back_in_the_mode_in_which_it_came(was_training):
    model = network().train(was_training)
    modes = []

    class Mode(Callback):
        def on_step(self, run):
            modes.append(run.model.training)

    fitted(model=model, callbacks=[Mode()])
    assert model.training is was_training
    assert all(modes)


def test_patience_stops_and_brings_the_best_weights_back():
    best = {}

    class Watch(Callback):
        def on_epoch(self, run):
            loss = run.history.epochs[-1]["validation_loss"]
            if not best or loss < best["loss"]:
                best.update(loss=loss, epoch=run.epoch, weights=weights(run.model))

    # Rate 1.5 overshoots: the validation loss rises after a few epochs.
    history, model = fitted(
        optimizer=lambda p: backlit.optim.Adam(p, lr=1.5),
        epochs=200,
        patience=5,
        validation=(X, Y),
        callbacks=[Watch()],
    )
    assert history.stopped == f"the validation loss has not improved on {best['loss']:.4g} for 5 epochs"
    assert history.best_epoch == best["epoch"] == len(history.epochs) - 5
    assert np.array_equal(weights(model), best["weights"])


def test_without_patience_the_last_weights_stay():
    seen = []

    class Watch(Callback):
        def on_epoch(self, run):
            seen.append(weights(run.model))

    history, model = fitted(epochs=4, validation=(X, Y), callbacks=[Watch()])
    assert np.array_equal(weights(model), seen[-1])
    assert history.best_epoch is None


def test_events_come_in_order_and_know_where_the_run_is():
    events = []

    class Listen:
        def on_start(self, run):
            events.append(("start", run.epoch, run.step))

        def on_step(self, run):
            events.append(("step", run.epoch, run.step))
            assert run.loss == run.history.losses[-1]

        def on_epoch(self, run):
            events.append(("epoch", run.epoch, run.step))
            run.history.epochs[-1]["note"] = run.epoch * 10

        def on_end(self, run):
            events.append(("end", run.epoch, run.step))

    history, _ = fitted(batch_size=12, epochs=2, callbacks=[Listen()])
    assert events == [
        ("start", 0, 0),
        ("step", 0, 1), ("step", 0, 2), ("epoch", 1, 2),
        ("step", 1, 3), ("step", 1, 4), ("epoch", 2, 4),
        ("end", 2, 4),
    ]  # fmt: skip
    assert [row["note"] for row in history.epochs] == [10, 20]


def test_a_callback_can_end_the_run():
    class Enough(Callback):
        def on_step(self, run):
            if run.step == 3:
                run.stop("that is enough")

    history, _ = fitted(batch_size=10, epochs=50, callbacks=[Enough()])
    assert len(history) == 3
    assert history.stopped == "that is enough"


def test_ctrl_c_leaves_whole_steps():
    """The signal arrives between forward and update; the update is still made, and nothing after it."""
    counted = []

    class Interrupted(backlit.nn.Linear):
        def forward(self, x):
            counted.append(1)
            if len(counted) == 4:
                os.kill(os.getpid(), signal.SIGINT)
            return super().forward(x)

    before = signal.getsignal(signal.SIGINT)
    optimizer = backlit.optim.SGD((model := Interrupted(3, 1)).parameters(), lr=0.1)
    updates = []
    optimizer.register_step_post_hook(lambda *_: updates.append(1))
    with pytest.raises(KeyboardInterrupt):
        fitted(model=model, optimizer=optimizer, epochs=100)
    assert len(counted) == len(updates) == 4
    assert signal.getsignal(signal.SIGINT) is before


def test_fit_works_outside_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(fitted(epochs=2)[0]))
    thread.start()
    thread.join()
    assert len(found[0]) == 2


@pytest.mark.parametrize("kind", ["list", "float64", "tensor", "tensor and array"])
def test_rows_may_be_lists_arrays_or_tensors(kind):
    x, y = {
        "list": (X.tolist(), Y.tolist()),
        "float64": (X.astype(np.float64), Y.astype(np.float64)),
        "tensor": (backlit.from_numpy(X), backlit.from_numpy(Y)),
        "tensor and array": (backlit.from_numpy(X), Y),
    }[kind]
    assert np.array_equal(fitted(x=x, y=y)[0].losses, fitted()[0].losses)


def test_floating_arrays_are_taken_in_the_models_dtype():
    history, model = fitted(model=network().double())
    assert weights(model).dtype == np.float64
    assert np.isfinite(history.losses).all()


def test_class_indices_stay_integers():
    model = backlit.nn.Linear(3, 4)
    labels = RNG.integers(0, 4, 23)
    history, _ = fitted(model=model, y=labels, loss="cross_entropy", epochs=20)
    assert history.losses[-1] < history.losses[0]


@pytest.mark.parametrize("name", ["mse", "MSELoss", "mse_loss", "MSE"])
def test_losses_by_any_of_their_names(name):
    assert np.array_equal(fitted(loss=name)[0].losses, fitted(loss=backlit.nn.functional.mse_loss)[0].losses)


@pytest.mark.parametrize("name", ["bce_with_logits", "binary_cross_entropy_with_logits", "BCEWithLogitsLoss"])
def test_pytorchs_two_names_of_binary_cross_entropy(name):
    labels = (Y > 0).astype(np.float32)
    theirs = fitted(y=labels, loss=backlit.nn.BCEWithLogitsLoss())[0]
    assert np.array_equal(fitted(y=labels, loss=name)[0].losses, theirs.losses)


@pytest.mark.parametrize("choice", ["sgd", "SGD", "by class", "by instance"])
def test_optimizers_by_name_by_class_or_made(choice):
    model = network()
    chosen = {"by class": backlit.optim.SGD, "by instance": backlit.optim.SGD(model.parameters())}.get(choice, choice)
    history, _ = fitted(model=model, optimizer=chosen)
    assert np.array_equal(history.losses, fitted(optimizer=lambda p: backlit.optim.SGD(p, lr=1e-3))[0].losses)


def test_lbfgs_which_evaluates_several_times_a_step():
    history, _ = fitted(model=backlit.nn.Linear(3, 1), optimizer="lbfgs", epochs=5)
    assert len(history) == 5
    assert history.losses[-1] < 1e-6


def test_memory_mapped_rows_are_not_copied(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.array_equal(fitted(x=mapped, batch_size=5)[0].losses, fitted(batch_size=5)[0].losses)


BAD = {
    "rows that do not match": (dict(y=Y[:20]), ValueError, "the inputs have 23 .* and the targets 20"),
    "no rows": (dict(x=X[:0], y=Y[:0]), ValueError, "nothing to train on"),
    "ragged rows": (dict(x=[[1.0], [1.0, 2.0]]), ValueError, "of different lengths"),
    "text": (dict(y=["a"] * 23), TypeError, "must be numbers"),
    "one number": (dict(x=3.0), ValueError, "a single number"),
    "no epochs": (dict(epochs=0), ValueError, "epochs must be a whole number of at least 1, and is 0"),
    "half an epoch": (dict(epochs=1.5), ValueError, r"epochs .* is 1\.5"),
    "epochs left out": (dict(epochs=None), ValueError, "epochs .* is None"),
    "empty batches": (dict(batch_size=0), ValueError, "batch_size .* is 0"),
    "no patience": (dict(patience=0, validation=(X, Y)), ValueError, "patience .* is 0"),
    "patience without validation": (dict(patience=3), ValueError, "there is no validation"),
    "validation of one": (dict(validation=X), TypeError, "must be a pair"),
    "validation that does not match": (dict(validation=(X, Y[:3])), ValueError, "validation must have as many rows"),
    "unknown loss": (dict(loss="cross_entrpy"), ValueError, "named 'cross_entrpy'. Did you mean 'cross_entropy'"),
    "a loss class": (dict(loss=backlit.nn.MSELoss), TypeError, r"MSELoss\(\) with its parentheses"),
    "no loss": (dict(loss=None), TypeError, "a name or a callable"),
    "unknown optimizer": (dict(optimizer="adm"), ValueError, r"no optimizer named 'adm'\. Did you mean 'adam'"),
    "no optimizer": (dict(optimizer=lambda parameters: 3), TypeError, "gave 3"),
    "unknown engine": (dict(engine="steam"), ValueError, "engine must be one of 'auto', 'eager'"),
    "no callback": (dict(callbacks=[print]), TypeError, "is no callback"),
    "no model": (dict(model="linear"), TypeError, "must be a torch.nn.Module"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused_before_the_first_step(name):
    changes, kind, words = BAD[name]
    model = changes.get("model", network())
    before = None if isinstance(model, str) else weights(model)
    with pytest.raises(kind, match=words):
        fitted(**{**changes, "model": model})
    if before is not None:
        assert np.array_equal(weights(model), before)
