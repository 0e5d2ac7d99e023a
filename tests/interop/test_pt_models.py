"""Whole training states through `.pt` files: begun in one library, continued in the other."""

import io

import numpy as np
import pytest
import torch

import backlit

OTHER = {torch: backlit, backlit: torch}


def build(library):
    nn = library.nn
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    adam = library.optim.AdamW(net.parameters(), lr=0.05, amsgrad=True)
    return net, adam, library.optim.lr_scheduler.MultiStepLR(adam, milestones=[2, 4], gamma=0.5)


def train(library, net, optimizer, scheduler, steps):
    x = library.from_numpy(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3))
    y = library.tensor([0, 1, 1, 0])
    losses = []
    for _ in range(steps):
        loss = library.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


def checkpoint(library, *parts):
    file = io.BytesIO()
    library.save({name: part.state_dict() for name, part in zip("nos", parts, strict=True)}, file)
    file.seek(0)
    return file


@pytest.mark.parametrize("library", [torch, backlit], ids=["from PyTorch", "from Backlit"])
def test_a_run_goes_on_in_the_other_library(library):
    other = OTHER[library]
    parts = build(library)
    train(library, *parts, steps=3)
    loaded = other.load(checkpoint(library, *parts))
    continued = build(other)
    for part, state in zip(continued, loaded.values(), strict=True):
        part.load_state_dict(state)
    np.testing.assert_allclose(train(other, *continued, steps=5), train(library, *parts, steps=5), rtol=1e-5)


def test_a_run_goes_on_to_the_bit_here():
    parts, continued = build(backlit), build(backlit)
    train(backlit, *parts, steps=3)
    for part, state in zip(continued, backlit.load(checkpoint(backlit, *parts)).values(), strict=True):
        part.load_state_dict(state)
    assert train(backlit, *continued, steps=5) == train(backlit, *parts, steps=5)


def test_a_generators_state_goes_through_a_file():
    backlit.manual_seed(7)
    file = io.BytesIO()
    backlit.save(backlit.get_rng_state(), file)
    first = backlit.rand(3).tolist()
    file.seek(0)
    backlit.set_rng_state(backlit.load(file))
    assert backlit.rand(3).tolist() == first


def test_tied_weights_stay_tied():
    net = backlit.nn.Sequential(backlit.nn.Linear(2, 2), backlit.nn.Linear(2, 2))
    net[1].weight = net[0].weight
    file = io.BytesIO()
    backlit.save(net.state_dict(), file)
    for load in (backlit.load, torch.load):
        file.seek(0)
        state = load(file)
        state["0.weight"].numpy()[0, 0] = 99
        assert state["1.weight"].tolist()[0][0] == 99


def test_a_module_is_refused_with_the_lines_to_write_instead():
    with pytest.raises(Exception, match=r"torch.save\(model.state_dict\(\), path\)"):
        backlit.save(backlit.nn.Linear(2, 1), io.BytesIO())
