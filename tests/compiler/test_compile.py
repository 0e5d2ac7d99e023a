"""backlit.compile: a user's own step gives its own results, natively; what cannot be compiled says so and runs."""

import copy
import functools
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.compiler.native import NotCompilable, account, cache


def made(optimizer=torch.optim.Adam, **settings):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
    return net, optimizer(net.parameters(), **{"lr": 0.01, **settings})


X = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32))
Y = (X[:, :1] * X[:, 1:] > 0).float()


def trained(is_compiled, calls=60, change=lambda k, optimizer: None, rows=lambda k: slice(None), **made_with):
    """The losses, outputs, weights and gradients of a step of one's own."""
    net, optimizer = made(**made_with)

    def step(x, y):
        out = net(x)
        loss = nn.functional.binary_cross_entropy_with_logits(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "out": out, "kind": "step"}

    run = torch.compile(step, strict=True) if is_compiled else step
    losses, out = [], None
    for k in range(calls):
        change(k, optimizer)
        result = run(X[rows(k)], Y[rows(k)])
        losses.append(result["loss"].item())
        out = result["out"].detach().numpy()
    assert result["kind"] == "step"
    return run, [np.array(losses), out, *(p.array for p in net.parameters()), *(p.grad.array for p in net.parameters())]


def assert_same(**how):
    _, plain = trained(False, **how)
    run, fast = trained(True, **how)
    for a, b in zip(plain, fast, strict=True):
        np.testing.assert_allclose(b, a, rtol=2e-4, atol=1e-5)
    return run


OPTIMIZERS = [
    torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop, torch.optim.NAdam, torch.optim.RAdam, torch.optim.ASGD,
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_compiled_step_gives_the_steps_own_results(optimizer):
    run = assert_same(optimizer=optimizer)
    assert "1 of 1 versions native" in repr(run)


@pytest.mark.parametrize("earlier", range(1, 6))
def test_a_step_that_branches_on_its_count_is_recorded_anew_when_it_goes_another_way(earlier):
    """RAdam's sixth step is the first that divides: before, between or behind the two that are recorded."""

    def run(wrap):
        net, optimizer = made(torch.optim.RAdam, lr=0.05)

        def step(x, y):
            loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        for _ in range(earlier):
            step(X, Y)
        stepper = wrap(step)
        return stepper, [stepper(X, Y).item() for _ in range(20)]

    (compiled, found), (_, expected) = run(lambda step: torch.compile(step, strict=True)), run(lambda step: step)
    assert "1 of 1 versions native" in repr(compiled)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_rate_that_changes_is_followed():
    def change(k, optimizer):
        optimizer.param_groups[0]["lr"] = 0.02 if k >= 30 else 0.01

    assert_same(change=change)


def test_another_setting_is_recorded_anew():
    def change(k, optimizer):
        optimizer.param_groups[0]["weight_decay"] = 0.1 if k >= 30 else 0.0

    assert_same(change=change)


def swapped_data(net, optimizer):
    for p in net.parameters():
        p.data = p.data * 0.5


def loaded(net, optimizer):
    net.load_state_dict({name: value * 0.5 for name, value in net.state_dict().items()})


def loaded_optimizer(net, optimizer):
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for state in optimizer.state.values():
        state["exp_avg"].mul_(0.5)


def to_double_and_back(net, optimizer):
    net.double().float()


def forgotten_state(net, optimizer):
    optimizer.state.clear()


def another_activation(net, optimizer):
    net[1] = nn.ReLU()


def frozen(net, optimizer):
    net[0].weight.requires_grad_(False)


def replaced_buffer(net, optimizer):
    net.scale = torch.tensor(3.0)


def fewer_parameters(net, optimizer):
    optimizer.param_groups[0]["params"] = optimizer.param_groups[0]["params"][:2]


def no_gradients(net, optimizer):
    for p in net.parameters():
        p.grad = None


class Scaled(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
        self.register_buffer("scale", torch.tensor(1.0))

    def forward(self, x):
        return super().forward(x) * self.scale


@pytest.mark.parametrize(
    "change",
    [
        swapped_data, loaded, loaded_optimizer, to_double_and_back, forgotten_state, another_activation, frozen,
        replaced_buffer, fewer_parameters, no_gradients,
    ],
)  # fmt: skip
@pytest.mark.parametrize("clears", ["before", "outside", "never"])
def test_what_changes_around_a_step_is_not_missed(change, clears):
    def losses(compiled):
        torch.manual_seed(0)
        net = Scaled()
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)

        def step(x, y):
            loss = ((net(x) - y) ** 2).mean()
            if clears == "before":
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        run = torch.compile(step, strict=True) if compiled else step
        found = []
        for k in range(24):
            if k == 8:
                assert not compiled or "1 of 1" in repr(run)
                change(net, optimizer)
            if clears == "outside":
                optimizer.zero_grad()
            found.append(run(X, Y).item())
        assert not compiled or "1 of 1" in repr(run)
        return found

    np.testing.assert_allclose(losses(True), losses(False), rtol=1e-3)


def test_a_step_that_counts_or_appends_in_python_is_eager():
    net, optimizer = made(torch.optim.SGD)
    kept = []

    def step(x, y):
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        kept.append(1)

    run = torch.compile(step)
    run(X, Y)
    with pytest.warns(UserWarning, match="the step changes 'kept', and not only numbers in its tensors"):
        run(X, Y)
    for _ in range(8):
        run(X, Y)
    assert len(kept) == 10


def test_gradients_are_summed_and_cleared_as_the_loop_around_the_step_says():
    def weights(compiled, every, to_none):
        net, optimizer = made(torch.optim.SGD)

        def step(x, y):
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            return loss

        run = torch.compile(step) if compiled else step
        for k in range(25):
            run(X, Y)
            if k % every == every - 1:
                optimizer.step()
                optimizer.zero_grad(set_to_none=to_none)
        return [p.array for p in net.parameters()]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for every in (1, 2, 4):
            for to_none in (True, False):
                for a, b in zip(weights(False, every, to_none), weights(True, every, to_none), strict=True):
                    np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, 1)[:, ::2]])
def test_arguments_may_lie_in_memory_in_any_way_and_be_read_only(layout):
    def losses(compiled):
        net, optimizer = made(torch.optim.SGD)

        def step(x, *, target):
            loss = ((net(x["rows"]) - target) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        run = torch.compile(step, strict=True) if compiled else step
        given = [torch.from_numpy(each(X.numpy())) for each in (layout, np.ascontiguousarray)]
        for tensor in given:
            tensor.array.flags.writeable = False
        return [run({"rows": given[k // 6 % 2]}, target=Y).item() for k in range(18)]

    np.testing.assert_allclose(losses(True), losses(False), rtol=1e-4)


def test_models_given_as_arguments_are_told_apart():
    pairs = [made(torch.optim.SGD) for _ in range(2)]

    @torch.compile
    def step(net, optimizer, x):
        loss = net(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(6):
        first = step(*pairs[0], X)
    assert "1 of 1" in repr(step)
    second = [step(*pairs[1], X).item() for _ in range(6)]
    np.testing.assert_allclose(second[-1], first.item(), rtol=1e-4)


def test_one_tensor_as_two_arguments_is_not_two():
    net, optimizer = made(torch.optim.SGD)

    @functools.partial(torch.compile, strict=True)
    def step(a, b):
        loss = (net(a) - net(b) + 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(5):
        assert step(X, X).item() == pytest.approx(1)
    assert step(X, -X).item() != pytest.approx(1, abs=1e-3)


def test_a_record_that_fails_leaves_the_step_to_be_taken_once():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def step(x):
        out = net(x)
        loss = (out + torch.from_numpy(np.sqrt(np.abs(out.detach().numpy())))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    run = torch.compile(step)
    run(X)
    with pytest.warns(UserWarning, match=r"runs eagerly, since A value of this step was taken out with numpy\(\)"):
        run(X)
    assert net[1].num_batches_tracked.item() == 2


def test_without_llvm_a_step_is_eager(monkeypatch):
    net, optimizer = made(torch.optim.SGD)

    def step():
        net(X).mean().backward()
        optimizer.step()

    monkeypatch.setitem(sys.modules, "backlit.compiler.native", None)
    run = torch.compile(step)
    run()
    with pytest.warns(UserWarning, match="step runs eagerly, since LLVM cannot be used"):
        run()
    run()


def test_threads_take_turns():
    net, optimizer = made(torch.optim.SGD, lr=1e-4)

    def step(x):
        loss = net(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    run = torch.compile(step, strict=True)
    for _ in range(4):
        run(X)
    with ThreadPoolExecutor(4) as pool:
        losses = [loss.item() for loss in pool.map(run, [X] * 40)]
    np.testing.assert_array_less(np.sort(losses)[::-1][1:], np.sort(losses)[::-1][:-1] + 1e-9)
    assert len(set(losses)) > 30


def test_each_shape_has_its_version_and_adam_counts_the_steps_of_all():
    run = assert_same(rows=lambda k: slice(0, 8) if k % 3 == 2 else slice(8, 40))
    assert "2 of 2 versions native" in repr(run)


def test_a_step_that_reads_a_value_runs_eagerly_and_says_where():
    net, optimizer = made(torch.optim.SGD)

    @torch.compile
    def step(x, y):
        loss = ((net(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        if loss.item() > 0:
            optimizer.step()
        return loss

    first = step(X, Y).item()
    with pytest.warns(
        UserWarning, match=r"step runs eagerly, since the step reads a value, by \.item\(\).*test_compile"
    ):
        step(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert step(X, Y).item() < first


def test_strict_raises_instead():
    w = torch.ones(2, requires_grad=True)
    step = torch.compile(lambda: torch.linalg.inv(torch.eye(2) * w).sum().backward(), strict=True)
    step()
    with pytest.raises(NotCompilable, match="inv"):
        [step() for _ in range(2)]


def test_what_is_compiled_can_be_looked_at_from_the_cache_too():
    for _ in range(2):
        run, _ = trained(True, calls=4)
        assert "z1 = x @ W1.T + b1" in run.source()
        assert "define" in run.ir()
        assert "run:" in run.assembly()


def test_a_report_counts_the_arithmetic_and_changes_nothing():
    run, (_, *before) = trained(True, calls=5)
    products = [account.cost_of(line).flops for line in run.version.native.plan.lines if line.expression.text == "@"]
    # Of 40 rows through 2-6-1: x W1.T, a1 W2.T, d_z2 W2, d_z2.T a1, d_z1.T x; two operations for each term.
    assert sorted(products) == [2 * 40 * 6] * 3 + [2 * 40 * 2 * 6] * 2
    text = run.report()
    assert "µs a step" in text
    assert "GFLOP/s" in text
    net_before = before[1:5]
    _, (_, *again) = trained(True, calls=5)
    for a, b in zip(net_before, again[1:5], strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_compiled_is_said():
    with pytest.raises(RuntimeError, match="nothing is compiled yet. Call the step three times"):
        torch.compile(lambda: None).ir()


def test_models_are_accepted_as_in_pytorch():
    net, _ = made()
    assert torch.compile(net) is net
    assert torch.compile(mode="default")(net) is net


# The cache.

PROGRAM = """
import backlit as torch
from backlit import nn
from backlit.compiler.native import jit
compiled = []
plain = jit.optimise
jit.optimise = lambda *a, **k: (compiled.append(1), plain(*a, **k))[1]
torch.manual_seed(0)
x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
history = torch.fit(net, x, x[:, :1].clone(), loss="mse", optimizer="sgd", epochs=300, engine="native")
print(len(compiled), repr(history.losses[-1]))
"""


def run_with(folder):
    environment = {**os.environ, cache.VARIABLE: str(folder)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_second_process_compiles_nothing_and_gets_the_same_numbers(tmp_path):
    first, second = run_with(tmp_path), run_with(tmp_path)
    assert int(first[0]) > 0
    assert second == ["0", first[1]]


def test_a_damaged_file_is_built_again(tmp_path):
    first = run_with(tmp_path)
    (file,) = tmp_path.glob("*.o")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    assert run_with(tmp_path) == first
    assert run_with(tmp_path) == ["0", first[1]]


def test_off_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run_with("off") == run_with("off")
    assert list(tmp_path.rglob("*.o")) == []


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    tmp_path.chmod(0o777)
    assert cache.folder() is None
    tmp_path.chmod(0o700)
    assert cache.folder() == tmp_path


def test_old_files_make_room_for_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 250)
    for k in range(5):
        cache.keep(tmp_path / f"{k}.o", bytes(50))
        os.utime(tmp_path / f"{k}.o", (k, k))
    cache.make_room(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.o", "4.o"]


def test_a_file_of_something_else_is_taken_away(tmp_path):
    (tmp_path / "x.o").write_bytes(b"something else")
    assert cache.read(tmp_path / "x.o") is None
    assert not (tmp_path / "x.o").exists()


def test_a_step_of_a_script_is_compiled_though_its_name_is_also_a_methods():
    script = """
import backlit as torch
net = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
@torch.compile
def step(x, y):
    loss = ((net(x) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss
x = torch.linspace(-1, 1, 8).unsqueeze(1)
for _ in range(20):
    loss = step(x, 3 * x)
print(step)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert done.stdout == "<compiled step: 1 of 1 versions native>\n", done.stderr
