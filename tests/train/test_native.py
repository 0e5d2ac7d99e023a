"""The native engine gives the eager one's numbers, and says so where it cannot run."""

import os
import platform
import signal
import sys
import threading
import warnings

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.compiler.native import jit
from backlit.train import L1, native
from backlit.train.batches import Batches
from backlit.train.engines import Eager, engine_from
from backlit.train.native import Native
from backlit.train.state import Capture, Resume

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5)).astype(np.float32)
NUMBERS = (X[:, :1] - X[:, 1:2] * X[:, 2:3]).astype(np.float32)
TRUTHS = (NUMBERS > 0).astype(np.float32)
CLASSES = (X[:, 0] * 2).astype(int) % 3

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.005, momentum=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05, lr_decay=1e-3),
    "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.5),
    "adamax": lambda p: torch.optim.Adamax(p, lr=0.01),
    "rprop": lambda p: torch.optim.Rprop(p, lr=0.001),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.005),
    "nadam that shrinks": lambda p: torch.optim.NAdam(p, lr=0.005, weight_decay=0.1, decoupled_weight_decay=True),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.005),
    "radam of few gradients": lambda p: torch.optim.RAdam(p, lr=0.005, betas=(0.9, 0.6)),
    "asgd": lambda p: torch.optim.ASGD(p, lr=0.02),
    "asgd that averages": lambda p: torch.optim.ASGD(p, lr=0.02, lambd=0.01, t0=20),
}
#: It looks at losses as it goes.
EAGER_OPTIMIZERS = {
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1),
}
LOSSES = {
    "mse": ("mse", NUMBERS, 1),
    "l1": ("l1", NUMBERS, 1),
    "huber": (nn.HuberLoss(delta=0.5), NUMBERS, 1),
    "smooth l1": (nn.SmoothL1Loss(), NUMBERS, 1),
    "bce with logits": ("bce_with_logits", TRUTHS, 1),
    "cross entropy": ("cross_entropy", CLASSES, 3),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES, 3),
    "weighted": (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5])), CLASSES, 3),
    "ignoring": (nn.CrossEntropyLoss(ignore_index=1), CLASSES, 3),
}


def net(out=1, middle=None):
    return nn.Sequential(nn.Linear(5, 7), *(middle or [nn.Tanh()]), nn.Linear(7, out))


def run(engine, x=X, y=NUMBERS, make=net, loss="mse", optimizer=OPTIMIZERS["sgd"], epochs=30, batch_size=8, **settings):
    """A fresh model trained by an engine: the model, and its losses."""
    torch.manual_seed(1)
    model = make()
    chosen = {"loss": loss, "optimizer": optimizer, "epochs": epochs, "batch_size": batch_size, **settings}
    history = torch.fit(model, x, y, seed=3, engine=engine, **chosen)
    return model, np.array(history.losses)


def check_same(tolerance=1e-4, **settings):
    """Both engines give the same losses, weights, buffers and gradients; the native one without excuse."""
    model, losses = run("eager", **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained, found = run("native", **settings)
    assert len(found) == len(losses)
    np.testing.assert_allclose(found, losses, rtol=tolerance, atol=1e-7 if tolerance > 1e-6 else 0)
    for (name, a), b in zip(trained.state_dict().items(), model.state_dict().values(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=100 * tolerance, atol=tolerance, err_msg=name)
    for a, b in zip(trained.parameters(), model.parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=100 * tolerance, atol=10 * tolerance)
    return found


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, y, out = LOSSES[name]
    check_same(loss=loss, y=y, make=lambda: net(out))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    check_same(optimizer=OPTIMIZERS[name], epochs=10)


@pytest.mark.parametrize("name", EAGER_OPTIMIZERS)
def test_optimizers_that_run_eagerly_say_so(name):
    with pytest.warns(UserWarning, match="fit: runs eagerly, since"):
        _, found = run("native", optimizer=EAGER_OPTIMIZERS[name], epochs=3)
    np.testing.assert_array_equal(found, run("eager", optimizer=EAGER_OPTIMIZERS[name], epochs=3)[1])


@pytest.mark.parametrize("name", ["sgd", "adam", "nadam", "radam", "asgd that averages"])
def test_double_precision_stays_equal_for_a_thousand_steps(name):
    check_same(
        1e-10, x=X.astype(np.float64), y=NUMBERS.astype(np.float64), make=lambda: net().double(), epochs=200,
        optimizer=OPTIMIZERS[name],
    )  # fmt: skip


ACTIVATIONS = [
    nn.ReLU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.Softsign, nn.LeakyReLU,
    nn.Hardtanh, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid, nn.Mish, nn.Tanhshrink, nn.Softshrink,
    nn.Hardshrink, nn.PReLU, nn.Identity,
]  # fmt: skip


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda kind: kind.__name__)
def test_activations(kind):
    check_same(make=lambda: net(middle=[kind()]), epochs=4)


LAYERS = {
    "batch norm": lambda: [nn.BatchNorm1d(7), nn.ReLU()],
    "batch norm without a momentum": lambda: [nn.BatchNorm1d(7, momentum=None)],
    "layer norm": lambda: [nn.LayerNorm(7), nn.ReLU()],
    "group norm": lambda: [nn.GroupNorm(7, 7)],
    "softmax": lambda: [nn.Softmax(dim=1)],
    "log softmax": lambda: [nn.LogSoftmax(dim=1)],
    "dropout": lambda: [nn.ReLU(), nn.Dropout(0.3)],
    "two dropouts": lambda: [nn.Dropout(0.2), nn.Tanh(), nn.Dropout(0.5)],
    "deep": lambda: [layer for _ in range(4) for layer in (nn.Linear(7, 7), nn.ReLU())],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    if name == "batch norm without a momentum":
        with pytest.warns(UserWarning, match="runs eagerly"):
            run("native", make=lambda: net(middle=LAYERS[name]()))
    else:
        check_same(make=lambda: net(middle=LAYERS[name]()), epochs=8)


class Listed(nn.Module):
    """A module of the user's own: a list of layers, a residual, one weight used twice, a part of the input."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 5) for _ in range(3)])
        self.last = nn.Linear(10, 1)

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = out + torch.relu(layer(out))
        out = out @ self.layers[0].weight.T
        return self.last(torch.cat([out[:, 1:], x[:, :2], x.mean(dim=1, keepdim=True), out[:, :3]], dim=1))


def test_a_module_of_the_users_own():
    check_same(make=Listed)


class Remembering(nn.Module):
    """Keeps what it gave last, which no line of a step reads."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(5, 1)
        self.register_buffer("last", torch.zeros(8, 1))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        out = self.inner(x)
        with torch.no_grad():
            self.last.copy_(out)
            self.count += 1
        return out


def test_buffers_are_left_as_the_eager_engine_leaves_them():
    check_same(make=Remembering)


class Drawing(nn.Module):
    """Draws in each step, and keeps the last numbers, to the bit: `draw(x)` gives an array like x."""

    def __init__(self, draw):
        super().__init__()
        self.inner, self.draw = nn.Linear(5, 1), draw
        self.register_buffer("last", torch.zeros(8, 5))

    def forward(self, x):
        drawn = self.draw(x)
        with torch.no_grad():
            self.last.copy_(drawn)
        return self.inner(x * drawn)


def draws(p):
    return lambda x: nn.functional.dropout(torch.ones_like(x), p)


def unread(x):
    """What is drawn first, nothing reads."""
    nn.functional.dropout(x, 0.4)
    return draws(0.5)(x)


def counted(x):
    """Zeros and ones of several dtypes, and of an odd number."""
    whole = torch.empty(3, 5, dtype=torch.int64).bernoulli_(0.3)
    wide = torch.empty(7, dtype=torch.float64).bernoulli_(0.2).sum()
    return x * 0 + whole.sum(dim=0) + wide + nn.functional.alpha_dropout(torch.ones_like(x), 0.5, training=True)


DRAWN_INSIDE = {
    "none": draws(0.0), "few": draws(0.3), "half": draws(0.5), "nearly all": draws(0.99), "all": draws(1.0),
    "channels": lambda x: nn.functional.dropout1d(torch.ones(8, 5, 3), 0.5)[:, :, 0], "dtypes": counted,
    "twice": lambda x: draws(0.3)(x) * draws(0.6)(x),
}  # fmt: skip
DRAWN_AHEAD = {
    "noise": lambda x: torch.rand_like(x), "noise and masks": lambda x: torch.rand_like(x) * draws(0.3)(x),
    "masks and noise": lambda x: draws(0.3)(x) * torch.rand_like(x), "unread": unread,
}  # fmt: skip


def check_drawn(draw, dtype=np.float32, **settings):
    """Both engines' last step drew the same numbers, and left the generator at the same place."""
    left = []
    for engine in ("eager", "native"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            chosen = {"x": X.astype(dtype), "y": NUMBERS.astype(dtype), "epochs": 31, **settings}
            model, losses = run(engine, make=lambda: Drawing(draw).to(torch.tensor(X.astype(dtype)).dtype), **chosen)
        left.append((model.last.numpy(), torch.get_rng_state().numpy(), losses))
    (drawn, state, losses), (found, found_state, found_losses) = left
    np.testing.assert_array_equal(found, drawn)
    np.testing.assert_array_equal(found_state, state)
    np.testing.assert_allclose(found_losses, losses, rtol=1e-4)


@pytest.mark.parametrize("name", DRAWN_INSIDE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_are_drawn_by_the_compiled_step_from_the_same_stream(name, dtype, monkeypatch):
    def none_left(draws, steps):
        assert not draws
        return {}

    monkeypatch.setattr("backlit.compiler.native.drawn_ahead", none_left)
    check_drawn(DRAWN_INSIDE[name], dtype)


@pytest.mark.parametrize("name", DRAWN_AHEAD)
def test_other_numbers_are_drawn_from_the_same_stream(name):
    check_drawn(DRAWN_AHEAD[name])


@pytest.mark.parametrize("draw", [draws(0.5), DRAWN_AHEAD["noise and masks"]], ids=["inside", "ahead"])
def test_a_run_that_is_stopped_has_drawn_for_its_own_steps_only(draw):
    check_drawn(draw, validation=(X[:8], NUMBERS[:8] + 1), patience=2, epochs=200)
    states, y = [], CLASSES.copy()
    y[37] = 3
    broken = {"y": y, "loss": "cross_entropy", "shuffle": False}
    for engine in ("eager", "native"):
        with pytest.raises(IndexError):
            run(engine, make=lambda: nn.Sequential(Drawing(draw), nn.Linear(1, 3)), **broken)
        states.append(torch.get_rng_state().numpy())
    np.testing.assert_array_equal(*states)


def test_odds_that_change_from_step_to_step_are_not_compiled():
    class Rising:
        def __init__(self):
            self.steps = 0

        def __call__(self, x):
            self.steps += 1
            return torch.empty(8, 5).bernoulli_(min(self.steps / 99, 1.0))

    with pytest.warns(UserWarning, match="odds, range or shape change from step to step"):
        model, _ = run("native", make=lambda: Drawing(Rising()))
    expected, _ = run("eager", make=lambda: Drawing(Rising()))
    assert model.last.sum() == expected.last.sum() == 40


class Embedded(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(6, 4), nn.Linear(12, 1)

    def forward(self, x):
        return self.out(self.table(x).flatten(1))


def test_embeddings():
    words = np.random.default_rng(0).integers(0, 6, (40, 3))
    check_same(make=Embedded, x=words)


def test_attention():
    class Attentive(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.out = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 1)

        def forward(self, x):
            return self.out(self.attention(x, x, x)[0].mean(1))

    x = np.random.default_rng(0).normal(size=(40, 3, 4)).astype(np.float32)
    check_same(make=Attentive, x=x, epochs=5)


@pytest.mark.parametrize("batch_size", [None, 1, 7, 39, 40, 100])
def test_batches_of_every_size(batch_size):
    check_same(batch_size=batch_size, epochs=6)


@pytest.mark.parametrize("batch_size", [7, 39])
def test_in_a_long_run_short_batches_are_native_too(batch_size, monkeypatch):
    monkeypatch.setattr(native, "SHORT_FROM", 5)
    check_same(
        batch_size=batch_size, epochs=12, make=lambda: net(middle=[nn.Dropout(0.2)]), optimizer=OPTIMIZERS["adam"]
    )
    check_same(batch_size=batch_size, epochs=12, shuffle=False, schedule="step")


@pytest.mark.parametrize("schedule", ["cosine", "step", "plateau", "onecycle", "warmup"])
def test_schedules(schedule):
    check_same(schedule=schedule, optimizer=OPTIMIZERS["adam"])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_schedule_changes_whatever_an_optimizer_computes_from_its_rate(name):
    _, losses = run("eager", schedule="cosine", optimizer=OPTIMIZERS[name], epochs=8)
    _, found = run("auto", schedule="cosine", optimizer=OPTIMIZERS[name], epochs=8)
    np.testing.assert_allclose(found, losses, rtol=1e-4)


def test_early_stopping_stops_at_the_same_step_and_restores_the_same_weights():
    validation = (X[:10], NUMBERS[:10] + 1)
    found = check_same(validation=validation, patience=3, optimizer=OPTIMIZERS["adam"], epochs=200)
    assert len(found) < 1000


def test_penalties():
    check_same(penalty=L1(1e-3))


def test_frozen_layers_stay_as_they_are():
    def frozen():
        model = net()
        model[0].requires_grad_(False)
        return model

    check_same(make=frozen)
    model, _ = run("native", make=frozen)
    torch.manual_seed(1)
    np.testing.assert_array_equal(model[0].weight.numpy(), frozen()[0].weight.numpy())


def test_a_layer_that_thaws_in_the_middle():
    class Thaw:
        def on_epoch(self, run):
            run.model[0].requires_grad_(run.epoch >= 4)

    check_same(callbacks=[Thaw()], epochs=8)


def test_groups_with_rates_of_their_own():
    def two_rates(parameters):
        weight, bias, *rest = parameters
        return torch.optim.Adam([{"params": [weight, bias], "lr": 0.02}, {"params": rest}], lr=0.005)

    check_same(optimizer=two_rates, schedule="cosine")


def test_rows_that_may_not_be_written_and_rows_in_a_file(tmp_path):
    x = X.copy()
    x.flags.writeable = False
    expected = check_same(x=x)
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(run("native", x=np.load(tmp_path / "x.npy", mmap_mode="r"))[1], expected)


def test_nan_in_the_data_is_carried_as_numpy_carries_it():
    x = X.copy()
    x[3, 2] = np.nan
    losses = run("eager", x=x, shuffle=False)[1]
    found = run("native", x=x, shuffle=False)[1]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(losses))
    assert np.isnan(found).any()


def test_a_row_that_cannot_be_computed_with_is_refused_at_the_first_step_of_an_epoch_too():
    y = CLASSES.copy()
    model = net(3)
    batches = Batches(torch.tensor(X), torch.tensor(y), 20, True)
    engine = engine_from("native", model, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1), batches)
    while not engine.versions or batches.start:
        engine.advance(1)
    batches.y.array[:] = 7
    torch.manual_seed(5)
    with pytest.raises(IndexError):
        engine.advance(1)
    found = batches.order
    torch.manual_seed(5)
    batches.start = 0
    batches.take(1)
    np.testing.assert_array_equal(batches.order, found)


def test_a_class_that_does_not_exist_raises_what_the_eager_engine_raises():
    y = CLASSES.copy()
    y[37] = 3
    messages = []
    for engine in ("eager", "native"):
        with pytest.raises(IndexError) as caught:
            run(engine, y=y, loss="cross_entropy", make=lambda: net(3), shuffle=False)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_two_threads_fit_two_models():
    def fitted(name):
        settings = {"loss": "mse", "optimizer": OPTIMIZERS[name], "epochs": 300, "engine": "native"}
        losses[name] = torch.fit(models[name], X, NUMBERS, **settings).losses

    def fresh():
        torch.manual_seed(1)
        return {name: net() for name in ("adam", "sgd")}

    models, losses = fresh(), {}
    for name in models:
        fitted(name)
    alone, models, losses = losses, fresh(), {}
    threads = [threading.Thread(target=fitted, args=(name,)) for name in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, expected in alone.items():
        np.testing.assert_array_equal(losses[name], expected)


class Looking(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(5, 1)

    def forward(self, x):
        return self.inner(x) * (2 if x.sum().item() > 0 else 1)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.rng = nn.Linear(5, 1), np.random.default_rng(0)

    def forward(self, x):
        return self.inner(x + torch.from_numpy(self.rng.normal(size=x.shape).astype(np.float32)))


@pytest.mark.parametrize(
    ("make", "words"),
    [(Looking, "Python looks at a value of the step"), (Noisy, "numbers that change from step to step")],
)
def test_what_cannot_be_compiled_runs_eagerly_and_says_why(make, words):
    losses = run("eager", make=make)[1]
    with pytest.warns(UserWarning, match=words):
        found = run("native", make=make)[1]
    if make is Looking:
        np.testing.assert_array_equal(found, losses)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run("auto", make=make, epochs=60)


def test_hooks_are_called():
    calls = []

    def hooked():
        model = net()
        model[0].register_forward_hook(lambda *args: calls.append(1))
        return model

    with pytest.warns(UserWarning, match="hook on the module '0'"):
        _, losses = run("native", make=hooked)
    assert len(calls) == len(losses)


def test_without_llvm_a_run_is_eager_and_says_so_once(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("llvmlite", "backlit.compiler.native"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    with pytest.warns(UserWarning, match="LLVM cannot be used") as caught:
        found = run("native")[1]
    assert len(caught) == 1
    np.testing.assert_array_equal(found, run("eager")[1])


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("width", [7, 40])
def test_rows_that_do_not_lie_in_order(batch_size, width):
    def wide():
        return nn.Sequential(nn.Linear(5, width), nn.Tanh(), nn.Linear(width, 1))

    wider = np.random.default_rng(2).normal(size=(80, 10)).astype(np.float32)
    for x in (np.asfortranarray(X), wider[::2, 1::2], X[::-1, ::-1]):
        check_same(x=x, batch_size=batch_size, make=wide, epochs=5)


def test_rows_of_many_axes_that_do_not_lie_in_order():
    x = np.random.default_rng(2).normal(size=(40, 2, 5)).astype(np.float32)

    def flat():
        return nn.Sequential(nn.Flatten(), nn.Linear(10, 1))

    for rows in (x, np.moveaxis(np.moveaxis(x, 0, 2).copy(), 2, 0), x[:, ::-1]):
        check_same(x=rows, make=flat, epochs=5)


def test_a_cpu_without_vector_units_computes_the_same(monkeypatch):
    is_intel = platform.machine() in ("x86_64", "AMD64")
    machine = jit.machine_for("x86-64" if is_intel else "generic", "")
    monkeypatch.setattr(jit, "machine_for", lambda: machine)
    monkeypatch.setenv("BACKLIT_CACHE", "off")
    check_same(loss="cross_entropy", y=CLASSES, make=lambda: net(3), optimizer=OPTIMIZERS["adam"])


class Heard:
    """Counts the steps, and presses Ctrl-C after some of them."""

    def __init__(self, interrupt_at=None):
        self.chunks, self.at = [], interrupt_at

    def on_step(self, run):
        self.chunks.append(run.step)
        if self.at is not None and run.step > self.at:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_leaves_the_weights_of_a_whole_step():
    heard, (model, same) = Heard(interrupt_at=50), twins()
    settings = {"loss": "mse", "optimizer": OPTIMIZERS["sgd"]}
    with pytest.raises(KeyboardInterrupt):
        torch.fit(model, X, NUMBERS, epochs=10**9, engine="native", callbacks=[heard], **settings)
    steps = heard.chunks[-1]
    torch.fit(same, X, NUMBERS, epochs=steps, engine="native", **settings)
    for a, b in zip(model.parameters(), same.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def twins():
    """Two models with the same weights."""
    torch.manual_seed(1)
    first, second = net(), net()
    second.load_state_dict(first.state_dict())
    return first, second


def test_listeners_hear_of_many_steps_at_a_time_and_of_every_epoch_if_they_ask():
    heard = Heard()
    run("native", epochs=400, batch_size=None, callbacks=[heard])
    assert heard.chunks[-1] == 400
    assert len(heard.chunks) < 200

    class Epochs:
        def __init__(self):
            self.losses = []

        def on_epoch(self, run):
            self.losses.append(run.model(torch.tensor(X)).sum().item())

    found, expected = Epochs(), Epochs()
    run("native", callbacks=[found])
    run("eager", callbacks=[expected])
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_a_process_that_forks_after_compiling_trains_on():
    expected = run("native")[1]
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking while there are threads
        child = os.fork()
    if child == 0:
        os.write(writer, run("native")[1].tobytes())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        found = np.frombuffer(file.read())
    os.waitpid(child, 0)
    np.testing.assert_array_equal(found, expected)


def test_a_change_of_memory_between_steps_is_seen():
    class Replace:
        def on_epoch(self, run):
            if run.epoch == 3:
                run.model[0].weight.data = run.model[0].weight.detach() * 2

    check_same(callbacks=[Replace()], epochs=8)


def test_a_parameter_that_may_not_be_written_raises_what_the_eager_engine_raises():
    def locked():
        model = net()
        model[0].weight.array.flags.writeable = False
        return model

    with pytest.raises(ValueError, match="read-only"):
        run("eager", make=locked)
    with pytest.warns(UserWarning, match="runs eagerly"), pytest.raises(ValueError, match="read-only"):
        run("native", make=locked)


def test_most_steps_of_a_run_are_native():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = Batches(torch.tensor(X), torch.tensor(NUMBERS), None, True)
    engine = engine_from("native", model, nn.MSELoss(), optimizer, batches)
    assert isinstance(engine, Native)
    assert len(engine.advance(1000)) > 1
    assert isinstance(engine_from("eager", model, nn.MSELoss(), optimizer, batches), Eager)


@pytest.mark.parametrize("begin", range(7))
@pytest.mark.parametrize("middle", [nn.Tanh, lambda: nn.Dropout(0.3)], ids=["plain", "drawing"])
def test_a_branch_on_the_count_of_steps_is_followed_in_the_middle_of_an_epoch(begin, middle):
    """RAdam's sixth step is the first that divides: before, between or behind the two that are recorded."""

    def losses(engine_of):
        torch.manual_seed(1)
        model = net(middle=[middle()])
        batches = Batches(torch.tensor(X), torch.tensor(NUMBERS), 8, True)
        engine = engine_of(model, nn.MSELoss(), torch.optim.RAdam(model.parameters(), lr=0.01), batches)
        found = []
        while len(found) < 40:
            found += engine.advance(40 - len(found), len(found)).tolist()
        return engine, found

    def say(reason):
        pytest.fail(reason)

    engine, found = losses(lambda *parts: Native(*parts, begin, say))
    _, expected = losses(Eager)
    assert engine.versions
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_run_in_two_parts_is_the_run_in_one():
    torch.manual_seed(1)
    start, settings = net().state_dict(), {"loss": "mse", "optimizer": "adam", "batch_size": 8, "engine": "native"}
    (model := net()).load_state_dict(start)
    whole = torch.fit(model, X, NUMBERS, epochs=50, seed=5, **settings)
    (first := net()).load_state_dict(start)
    torch.fit(first, X, NUMBERS, epochs=20, seed=5, callbacks=[capture := Capture()], **settings)
    again = torch.fit(resumed := net(), X, NUMBERS, epochs=50, callbacks=[Resume(capture.state)], **settings)
    np.testing.assert_array_equal(again.losses, whole.losses)
    for a, b in zip(resumed.parameters(), model.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="engine must be one of 'auto', 'eager', 'native'"):
        run("fast")


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_chunk_runs_on_through_epochs_of_whole_batches(shuffle):
    """Eight rows in twos: the orders of all epochs, and what the generator gives afterwards, are the eager ones."""
    results = []
    for engine in ("eager", "native"):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
        x = torch.randn(8, 3, dtype=torch.float64)
        history = torch.fit(
            model, x, x.sum(1, keepdim=True), loss="mse", optimizer="adam", epochs=60, batch_size=2, shuffle=shuffle,
            engine=engine,
        )  # fmt: skip
        results.append((history.losses, torch.rand(4).numpy()))
    (losses, drawn), (compiled_losses, compiled_drawn) = results
    np.testing.assert_allclose(compiled_losses, losses, rtol=1e-10)
    assert np.array_equal(drawn, compiled_drawn)


@pytest.mark.parametrize("comes", ["as a group", "unfrozen"])
def test_parameters_that_come_later_are_remembered_from_their_first_step_on(comes):
    ages, weights = {}, {}
    for engine in ("eager", "native"):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
        last = list(model[2].parameters())
        optimizer = torch.optim.Adam(model[0].parameters() if comes == "as a group" else model.parameters(), lr=0.01)
        model[2].requires_grad_(False)
        torch.fit(model, X, NUMBERS, loss="mse", optimizer=optimizer, epochs=3, batch_size=10, engine=engine, seed=1)
        model[2].requires_grad_(True)
        if comes == "as a group":
            optimizer.add_param_group({"params": last})
        torch.fit(model, X, NUMBERS, loss="mse", optimizer=optimizer, epochs=3, batch_size=10, engine=engine, seed=2)
        ages[engine] = [optimizer.state[p]["step"].item() for p in model.parameters()]
        weights[engine] = model[2].weight.detach().numpy()
    assert ages["native"] == ages["eager"] == [24, 24, 12, 12]
    np.testing.assert_allclose(weights["native"], weights["eager"], rtol=1e-5)

