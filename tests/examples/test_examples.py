"""The examples run as a reader runs them, and what they print and say is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?(?!\w)")


def output_of(script, folder):
    """What a script prints, run by the real interpreter in `folder`; nothing may go to its errors."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run an example once, in a folder of its own; give the folder and what was printed."""
    done = {}

    def run_once(name):
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            done[name] = folder, output_of(EXAMPLES / f"{name}.py", folder)
        return done[name]

    return run_once


def numbers(text):
    """All the numbers of a text, in order."""
    return [float(number) for number in NUMBER.findall(text)]


def line(text, beginning):
    """The numbers behind `beginning`, which one line begins with."""
    (found,) = [row.strip() for row in text.splitlines() if row.strip().startswith(beginning)]
    return numbers(found.removeprefix(beginning))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_fits_on_a_page(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    assert text.startswith('"""')


# Left out: 20,000 steps of four rows take PyTorch ten seconds and more, and the same network is in xor_by_hand.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "xor_sigmoid"])
def test_pytorch_prints_the_same_numbers(name, run, tmp_path):
    script = tmp_path / f"{name}.py"
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    script.write_text(text.replace("import backlit as torch", "import torch"), encoding="utf-8")
    ours, theirs = run(name)[1], output_of(script, tmp_path)
    assert NUMBER.sub("#", ours).split() == NUMBER.sub("#", theirs).split()
    # The last digit may differ; a rounding error (…e-15) is the processor's own; small sets move by whole rows.
    assert numbers(ours) == pytest.approx(numbers(theirs), rel=0.02, abs=2e-3)


def test_xor_by_hand_is_the_same_in_numpy_and_in_backlit(run):
    _, text = run("xor_by_hand")
    losses = [line(text, f"{epoch}   ") for epoch in (1, 10, 100, 1000)]
    assert all(by_hand == by_autograd for by_hand, by_autograd in losses)
    assert losses[-1][0] < 0.01 < losses[0][0]
    assert line(text, "weights, furthest apart:")[0] < 1e-12
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert line(text, f"{a} xor {b} =") == [pytest.approx(a ^ b, abs=0.02)]


def test_xor_sigmoid_is_learnt_by_both_losses_and_sooner_by_cross_entropy(run):
    _, text = run("xor_sigmoid")
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert line(text, f"{a} xor {b} =") == pytest.approx([a ^ b] * 2, abs=0.05)
    by_entropy, by_squares = line(text, "below 0.1 at")
    assert by_entropy < by_squares


def test_xor_sigmoid_prints_the_gradients_of_the_two_formulas(run):
    _, text = run("xor_sigmoid")
    rows = [numbers(row) for row in text.split("2(p - y)p(1 - p)\n")[1].splitlines()]
    assert [z for z, *_ in rows] == [-8, -4, 0, 4]
    for _, p, entropy, squared in rows:
        assert entropy == pytest.approx(p - 1, abs=1e-4)
        assert squared == pytest.approx(2 * (p - 1) * p * (1 - p), abs=1e-4)


def test_two_moons_are_parted_and_drawn(run):
    folder, text = run("two_moons")
    assert line(text, "train accuracy")[0] > 0.95
    assert line(text, "test accuracy")[0] > 0.95
    assert re.findall(r": (upper|lower)$", text, re.MULTILINE) == ["upper", "lower", "lower", "upper"]
    for picture in ("two_moons_loss.png", "two_moons_boundary.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def test_softmax_gradient_is_p_minus_y(run):
    _, text = run("softmax_gradient")
    p, y = line(text, "probabilities  p"), line(text, "answer         y")
    assert sum(p) == pytest.approx(1, abs=1e-4)
    assert line(text, "p - y") == pytest.approx([a - b for a, b in zip(p, y, strict=True)], abs=1e-4)
    loss, minus_log_p = numbers(text.split("loss ")[1].splitlines()[0])
    assert loss == minus_log_p
    rows = text.split("furthest apart\n")[1].splitlines()
    assert len(rows) == 6
    assert all(numbers(row)[-1] < 1e-6 for row in rows)


@pytest.fixture(scope="module")
def experiments(run):
    """The laboratory's experiments: the rows of numbers below each title."""
    blocks = [block.splitlines() for block in run("one_step")[1].strip().split("\n\n")]
    return {title: [numbers(row) for row in rows] for title, *rows in blocks}


def experiment(experiments, beginning):
    (found,) = [rows for title, rows in experiments.items() if title.startswith(beginning)]
    return found


def test_one_step_is_the_one_reckoned_on_paper(experiments):
    # x = (1, 2), y = 1, p = 1/2: loss log 2, gradient (p - y) x, weights moved by a tenth of it.
    first = experiment(experiments, "The whole step")[0]
    assert first == pytest.approx([1, 0.693147, -0.5, -1.0, 0.55, -0.2, 0.15])


def test_one_step_without_zero_grad_goes_by_the_sum(experiments):
    whole, summed = experiment(experiments, "The whole step"), experiment(experiments, "Without zero_grad")
    assert summed[0] == whole[0]
    assert summed[1][2:4] == pytest.approx([a + b for a, b in zip(whole[0][2:4], whole[1][2:4], strict=True)], abs=2e-4)


def test_one_step_without_step_stays(experiments):
    first, second, after = experiment(experiments, "Without step")
    assert first[1:] == second[1:]
    assert after == [first[1]]


@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_one_step_is_as_long_as_its_rate(experiments, rate):
    (_, _, *gradient, w1, w2, b), _ = experiment(experiments, f"Rate {rate}")
    assert [w1, w2] == pytest.approx([0.5 - rate * gradient[0], -0.3 - rate * gradient[1]], abs=1e-4)
    assert b == pytest.approx(0.1 + rate * 0.5, abs=1e-4)


def test_one_step_by_logits_is_the_same_and_survives_a_sure_mistake(experiments):
    assert experiment(experiments, "BCEWithLogitsLoss")[0] == experiment(experiments, "The whole step")[0]
    by_sigmoid, by_logits = experiment(experiments, "Why the sigmoid belongs")
    assert by_sigmoid == [100, 0]
    assert by_logits == [200, 1]


def test_one_step_of_two_samples_goes_by_the_mean(experiments):
    # The second sample, (-1, 1) with answer 0, has z = -0.7 and p = sigmoid(-0.7) = 0.331812.
    row = experiment(experiments, "A second sample")[0]
    assert row[2:4] == pytest.approx([(-0.5 - 0.331812) / 2, (-1.0 + 0.331812) / 2], abs=1e-4)


def test_deep_sigmoid_loses_its_gradient_and_relu_keeps_it(run):
    _, text = run("deep_sigmoid")
    (sigmoid, _, sigmoid_accuracy), (relu, _, relu_accuracy) = line(text, "sigmoid"), line(text, "relu  ")
    assert sigmoid < 1e-4
    assert relu > 0.1
    assert sigmoid_accuracy < 0.6
    assert relu_accuracy > 0.95
    sizes = [numbers(row)[1] for row in text.split("relu\n")[1].split("\n\n")[0].splitlines()]
    assert len(sizes) == 10
    assert sizes == sorted(sizes)


def test_better_training_is_better_by_each_remedy_as_told(run):
    _, text = run("better_training")
    plain, norm, adam = (line(text, name) for name in ("plain descent", "batch normalisation", "Adam  "))
    dropout = line(text, "Adam and dropout")
    loss, accuracy, new_loss, new_accuracy = range(4)
    assert norm[loss] < plain[loss] / 2
    assert adam[loss] < plain[loss] / 2
    assert min(norm[new_accuracy], adam[new_accuracy]) > plain[new_accuracy] + 0.1
    assert adam[accuracy] == 1
    assert adam[new_loss] > plain[new_loss]
    assert dropout[new_loss] < adam[new_loss] / 2


def test_handwritten_digits_are_read(run):
    _, text = run("handwritten_digits")
    accuracy, pictures = line(text, "test accuracy")
    assert accuracy > 0.96
    assert pictures == 450
