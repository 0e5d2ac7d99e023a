"""Faults that can be written into programs: each changes a program's text, and marks the lines that may be named."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

from doctor.zoo.run import MARK

Change = Callable[[str], str]


class DoesNotFit(Exception):
    """A fault that cannot be written into a program."""


@dataclass(frozen=True)
class Fault:
    """`change` writes the fault into a text, or raises DoesNotFit; `harms` says that it must show in the score."""

    rule: str
    change: Change
    name: str = ""
    harms: bool = True
    group: str = ""
    also: tuple[str, ...] = ()  # names that are as right


def sub(pattern: str, by: str, count: int = 0) -> Change:
    """Replace lines that match a pattern, of which there must be one."""

    def change(text: str) -> str:
        changed, times = re.subn(pattern, by, text, count=count, flags=re.MULTILINE)
        if not times:
            raise DoesNotFit
        return changed

    return change


def mark(pattern: str) -> Change:
    """Mark every line that matches."""
    return sub(rf"^(.*(?:{pattern}).*?)({MARK})?$", rf"\1  {MARK}")


def both(*changes: Change) -> Change:
    def change(text: str) -> str:
        for each in changes:
            text = each(text)
        return text

    return change


def maybe(change: Change) -> Change:
    """A change that need not fit."""

    def changed(text: str) -> str:
        try:
            return change(text)
        except DoesNotFit:
            return text

    return changed


def only(word: str) -> Change:
    """For programs in which a word stands."""

    def change(text: str) -> str:
        if word not in text:
            raise DoesNotFit
        return text

    return change


def without(word: str) -> Change:
    def change(text: str) -> str:
        if word in text:
            raise DoesNotFit
        return text

    return change


LOSS = r"(?:loss|judged) = (?:criterion|F\.\w+)\("
CLEAR, STEP, BACKWARD = r"^ *optimizer\.zero_grad\(\)\n", r"^( *)optimizer\.step\(\)$", r"^( *)loss\.backward\(\)$"
AT_LOSS, AT_STEP, AT_BACKWARD = mark(LOSS), mark(r"optimizer\.step\("), mark(r"\.backward\(")
PREDICTION = r"^( *)prediction = (.*)$"
TARGET_IS = r"^( *)(target = .*)$"
CALL = r"^( *)loss = (criterion|F\.\w+)\(prediction, target\)$"
SEQUENTIAL = r"^net = nn\.Sequential\((.*)\)$"
OPTIMIZER = r"^(optimizer = torch\.optim\.\w+\()(.*)$"
CROSS, BINARY, SQUARED = only("nn.CrossEntropyLoss()"), only("nn.BCEWithLogitsLoss("), only("nn.MSELoss()")


def at_end(layer: str) -> Change:
    """A layer after the last one of the model."""
    return both(without("judge"), sub(SEQUENTIAL, rf"net = nn.Sequential(\1, {layer})"))


def of_prediction(call: str) -> Change:
    """The prediction goes through a call."""
    return sub(PREDICTION, r"\1prediction = " + call.replace("{}", r"\2"))


def target(expression: str) -> Change:
    """The loss is given another target."""
    return both(sub(CALL, rf"\1loss = \2(prediction, {expression})"), AT_LOSS)


def rate(factor: float) -> Change:
    """The learning rate times a factor."""

    def change(text: str) -> str:
        if "optimizer = " not in text or " lr=" not in text:
            raise DoesNotFit
        return re.sub(r"\blr=([0-9.]+)", lambda found: f"lr={float(found.group(1)) * factor:g}", text)

    return change


#: What a step by hand with the wrong sign does after each step of the optimizer.
GROW = r"\1with torch.no_grad():\n\1    for p in net.parameters(): p += 0.05 * p"


def epochs(share: float) -> Change:
    """A share of the epochs, six at least."""

    def change(text: str) -> str:
        found = re.search(r"^for epoch in range\((\d+)\)", text, flags=re.MULTILINE)
        if found is None:
            raise DoesNotFit
        fewer = max(6, round(int(found.group(1)) * share))
        return text.replace(found.group(0), f"for epoch in range({fewer})", 1)

    return change


ORDER = [
    Fault("missing-zero-grad", both(sub(CLEAR, ""), AT_STEP)),
    Fault(
        "missing-zero-grad",
        both(sub(r"^( *)optimizer\.zero_grad\(\)\n", r"\1loss = None\n"), AT_STEP),
        "another line there",
    ),
    Fault(
        "missing-zero-grad",
        both(
            without("for rows, target"),
            sub(CLEAR, ""),
            sub(r"^for (epoch|step) in", r"optimizer.zero_grad()\nfor \1 in"),
            AT_STEP,
        ),
        "cleared before the loop",
    ),
    Fault("missing-step", both(sub(STEP + r"\n", ""), AT_BACKWARD)),
    Fault("missing-step", both(sub(STEP, r"\1optimizer.step"), AT_BACKWARD), "not called"),
    Fault("missing-backward", both(sub(BACKWARD + r"\n", ""), AT_STEP)),
    Fault("missing-backward", both(sub(BACKWARD, r"\1loss.backward"), AT_STEP), "not called"),
    Fault(
        "zeroed-before-step",
        both(sub(CLEAR, ""), sub(BACKWARD, rf"\1loss.backward()\n\1optimizer.zero_grad()  {MARK}"), AT_STEP),
    ),
    Fault(
        "zeroed-before-step",
        both(
            sub(CLEAR, ""), only("net = nn.S"), sub(BACKWARD, rf"\1loss.backward()\n\1net.zero_grad()  {MARK}"), AT_STEP
        ),
        "by the model",
    ),
    Fault("step-repeated", both(sub(STEP, rf"\1for _ in range(30):\n\1    optimizer.step()  {MARK}"))),
    Fault(
        "step-repeated",
        both(
            only("for epoch"),
            sub(
                BACKWARD + r"\n" + STEP,
                r"\1if epoch % 40 == 0:\n\1    loss.backward()\n"
                r"\1else:\n\1    for p, g in zip(net.parameters(), kept): p.grad = g\n"
                r"\1kept = [p.grad for p in net.parameters()]\n"
                rf"\1optimizer.step()  {MARK}",
            ),
        ),
        "the gradient kept",
    ),
    Fault("backward-twice", sub(BACKWARD, rf"\1loss.backward()\n\1loss.backward()  {MARK}")),
    Fault("stale-optimizer", both(sub(OPTIMIZER, r"\1\2\nnet = copy.deepcopy(net)"), AT_STEP)),
    Fault(
        "stale-optimizer",
        both(
            sub(SEQUENTIAL, r"make = lambda: nn.Sequential(\1)\nnet = make()"),
            sub(OPTIMIZER, r"\1\2\nnet = make()"),
            AT_STEP,
        ),
        "made anew",
    ),
    Fault(
        "nothing-to-train",
        both(
            sub(OPTIMIZER, r"for p in net.parameters():\n    p.requires_grad_(False)\n\1\2"),
            AT_BACKWARD,
            maybe(AT_STEP),
        ),
        "all frozen",
    ),
    Fault(
        "nothing-to-train",
        both(only("head = nn.Linear"), sub(r"^(optimizer = .*\()head\.parameters", r"\1body.parameters"), AT_STEP),
        "holds the frozen ones",
    ),
    Fault(
        "disconnected-parameter",
        both(
            sub(r"^        x = self\.middle\(x\)\n        x = torch.tanh\(x\)\n", ""),
            sub(r"^        for layer in self\.hidden:\n.*\n.*$", "        x = self.hidden[0](x)"),
            AT_STEP,
        ),
    ),
    Fault(
        "unregistered-parameter",
        both(sub(r"nn\.ModuleList\((.*)\)$", r"\1"), AT_LOSS, AT_BACKWARD, mark("layer\\(x\\)")),
    ),
    Fault("graph-cut", both(of_prediction("{}.detach()"), mark("prediction = "))),
    Fault("graph-cut", sub(PREDICTION, rf"\1with torch.no_grad():\n\1    prediction = \2  {MARK}"), "no_grad"),
    Fault("graph-cut", sub(PREDICTION, rf"\1prediction = torch.tensor(\2.tolist())  {MARK}"), "tolist"),
    Fault("graph-cut", sub(PREDICTION, rf"\1prediction = torch.from_numpy(\2.detach().numpy())  {MARK}"), "numpy"),
    Fault("graph-cut", both(sub(CALL, rf"\1loss = torch.tensor(\2(prediction, target).item())  {MARK}")), "item"),
    Fault(
        "rebound-parameter",
        sub(
            r"^    with torch.no_grad\(\):\n        w -= 0\.1 \* w\.grad\n        b -= 0\.1 \* b\.grad\n"
            r"    w\.grad = None\n    b\.grad = None\n",
            f"    w = w - 0.1 * w.grad  {MARK}\n    b = b - 0.1 * b.grad  {MARK}\n",
        ),
    ),
    Fault("in-place-overwrite", sub(r"^( *)x = torch\.tanh\(x\)$", rf"\1x = torch.tanh(x)\n\1x += 1  {MARK}")),
    Fault(
        "in-place-overwrite",
        both(only("nn.Sigmoid())"), sub(PREDICTION, rf"\1prediction = \2\n\1prediction *= 0.9  {MARK}")),
    ),
    Fault("non-scalar-loss", both(sub(r"(nn\.\w+Loss\()\)", r'\1reduction="none")'), AT_BACKWARD)),
    Fault("non-scalar-loss", both(SQUARED, sub(CALL, r"\1loss = (prediction - target) ** 2"), AT_BACKWARD), "by hand"),
    Fault(
        "graph-grows",
        both(
            without("valid"),
            without("closure"),
            sub(r"^for epoch in", "total = 0\nfor epoch in"),
            sub(BACKWARD, rf"\1total = total + loss\n\1total.backward()  {MARK}"),
        ),
        "total",
    ),
    Fault(
        "graph-grows",
        both(
            without("valid"),
            without("closure"),
            sub(r"^for epoch in", "total = 0\nfor epoch in"),
            sub(BACKWARD, rf"\1total = total + loss\n\1total.backward(retain_graph=True)  {MARK}"),
        ),
        "total retained",
    ),
    Fault(
        "graph-grows",
        both(
            sub(r"^for epoch in", "hidden = torch.zeros(64, 16)\nfor epoch in"),
            sub(r"^    hidden = torch\.zeros\(64, 16\)\n", ""),
            AT_BACKWARD,
        ),
        "hidden state",
    ),
    Fault("train-forgotten", both(sub(r"^( *)net\.train\(\)$", r"\1net.eval()"), AT_STEP)),
    Fault("eval-forgotten", both(sub(r"^    net\.eval\(\)\n    with", "    with"), mark("valid = "))),
    Fault(
        "scheduler-first",
        both(
            sub(r"^    scheduler\.step\(\)\n", ""),
            sub(r"^(    )optimizer\.zero_grad\(\)$", rf"\1scheduler.step()  {MARK}\n\1optimizer.zero_grad()"),
        ),
    ),
    Fault("loss-arguments-swapped", both(sub(CALL, r"\1loss = \2(target, prediction)"), AT_LOSS)),
]
LOSSES = [
    Fault("softmax-twice", both(CROSS, at_end("nn.Softmax(dim=1)"), AT_LOSS)),
    Fault("softmax-twice", both(CROSS, of_prediction("{}.softmax(1)"), AT_LOSS), "of the prediction"),
    Fault("sigmoid-twice", both(BINARY, at_end("nn.Sigmoid()"), AT_LOSS)),
    Fault("sigmoid-twice", both(BINARY, of_prediction("torch.sigmoid({})"), AT_LOSS), "of the prediction"),
    Fault("bce-on-logits", both(sub(r"nn\.BCEWithLogitsLoss\(.*\)$", "nn.BCELoss()"), AT_LOSS)),
    Fault("bce-on-logits", both(sub(r", nn\.Sigmoid\(\)\)", ")"), only("BCELoss()"), AT_LOSS), "sigmoid left out"),
    Fault("nll-without-log", both(sub(r"nn\.CrossEntropyLoss\(\)", "nn.NLLLoss()"), AT_LOSS)),
    Fault("nll-without-log", both(sub(r"nn\.LogSoftmax", "nn.Softmax"), AT_LOSS), "probabilities"),
    Fault("loss-broadcast", both(SQUARED, target("target.squeeze(1)"))),
    Fault("loss-broadcast", both(SQUARED, of_prediction("{}.squeeze(1)"), AT_LOSS), "of the prediction"),
    Fault("labels-out-of-range", both(CROSS, target("target + 1"))),
    Fault(
        "labels-out-of-range",
        both(sub(r"nn\.Linear\((\d+), (3|10)\)", r"nn.Linear(\1, 2)"), CROSS, AT_LOSS),
        "few outputs",
    ),
    Fault("labels-one-hot", both(CROSS, target("F.one_hot(target, prediction.shape[1])"))),
    Fault("labels-one-hot", both(CROSS, target("target.unsqueeze(1)")), "a column"),
    Fault("labels-float", both(CROSS, target("target.float()"))),
    Fault("bce-target-range", both(BINARY, target("target * 2 - 1"))),
    Fault("bce-target-range", both(only("nn.BCELoss("), target("target * 2 - 1")), "after a sigmoid"),
    Fault("one-class-output", both(sub(r"nn\.BCEWithLogitsLoss\(.*\)$", "nn.CrossEntropyLoss()"), AT_LOSS)),
    Fault(
        "one-class-output",
        both(only("nn.BCELoss("), sub(r", nn\.Sigmoid\(\)\)", ", nn.Softmax(dim=1))"), mark("prediction = ")),
        "softmax of one",
    ),
    Fault("softmax-wrong-axis", both(sub(r"LogSoftmax\(dim=1\)", "LogSoftmax(dim=0)"), mark("prediction = "))),
    Fault(
        "softmax-wrong-axis",
        both(
            CROSS,
            sub(r"nn\.CrossEntropyLoss\(\)", "nn.NLLLoss()"),
            of_prediction("{}.log_softmax(0)"),
            mark("prediction = "),
        ),
        "of the prediction",
    ),
    Fault("output-cannot-reach-target", both(SQUARED, at_end("nn.ReLU()"), AT_LOSS)),
    Fault("output-cannot-reach-target", both(SQUARED, at_end("nn.Sigmoid()"), AT_LOSS), "sigmoid"),
    Fault("output-cannot-reach-target", both(SQUARED, without("torch.sin("), at_end("nn.Tanh()"), AT_LOSS), "tanh"),
    Fault("relu-before-loss", both(CROSS, at_end("nn.ReLU()"), AT_LOSS)),
    Fault("relu-before-loss", both(BINARY, at_end("nn.ReLU()"), AT_LOSS), "binary"),
    Fault("no-nonlinearity", both(sub(r"nn\.(ReLU|Tanh|Sigmoid)\(\), ", ""), mark("prediction = "))),
    Fault(
        "no-nonlinearity",
        both(sub(r"^ *x = torch\.tanh\(x\)\n", ""), mark(r"self\.middle\(x\)|layer\(x\)|self\.out\(x\)")),
        "own module",
    ),
]


BEFORE_NET = r"^(?=net = )"
KEPT = "keep = torch.cat([(y != 1).nonzero().reshape(-1), (y == 1).nonzero().reshape(-1)[:3]])\n"
LABELLED = both(sub(r"^(criterion = nn\.(?:CrossEntropyLoss|NLLLoss)\()", r"\1"), without("frozen"))


def data(line: str) -> Change:
    """The data are changed before the model is made."""
    return both(without("judge"), sub(BEFORE_NET, line + "\\n", count=1))


def after_net(line: str) -> Change:
    return both(without("body"), without("judge"), sub(SEQUENTIAL, rf"net = nn.Sequential(\1)\n{line}", count=1))


DATA = [
    Fault("nan-in-data", data('X[3] = float("nan")')),
    Fault("unscaled-inputs", data("X = X * 1000"), also=("lr-too-high",)),
    Fault("unscaled-target", both(SQUARED, data("y = y * 500 + 300"))),
    Fault(
        "not-shuffled",
        both(
            LABELLED,
            sub(
                r"^loader = .*$", "X, y = X[y.argsort()], y[y.argsort()]\nloader = DataLoader(TensorDataset(X, y), 32)"
            ),
        ),
    ),
    Fault(
        "class-imbalance",
        both(LABELLED, sub(r"^loader = .*\(X, y\)", KEPT + "loader = DataLoader(TensorDataset(X[keep], y[keep])")),
        "batches",
    ),
    Fault(
        "class-imbalance",
        both(
            LABELLED,
            sub(r"net\(X\)", "net(X[keep])"),
            sub("target = y", "target = y[keep]"),
            sub(r"^for epoch", KEPT + "for epoch"),
        ),
        "whole",
    ),
    Fault("validation-leak", both(sub(r"X\[150:\]", "X[100:]"), sub(r"y\[150:\]", "y[100:]")), harms=False),
    Fault("batchnorm-single-row", both(only("BatchNorm"), sub("batch_size=32", "batch_size=1"))),
]
NUMBERS = [
    Fault("nan-origin", both(without("nn.BCELoss"), of_prediction("torch.log({})"))),
    Fault(
        "nan-origin",
        both(without("nn.BCELoss"), sub(CALL, r"\1loss = torch.sqrt(\2(prediction, target) * 0)")),
        "a root of 0",
    ),
    Fault("lr-too-high", both(without("judge"), rate(300)), also=("divergence",)),
    Fault(
        "exploding-gradient",
        sub(STEP, rf"\1optimizer.step()\n{GROW}"),
        "weight decay of the wrong sign",
        also=("divergence", "lr-too-high"),
    ),
    Fault("lr-too-low", both(without("judge"), rate(1e-6))),
    Fault(
        "vanishing-gradient",
        both(
            without("BatchNorm"),
            sub(
                r"nn\.Linear\((\d+), 24\), nn\.\w+\(\), ",
                r"nn.Linear(\1, 24), nn.Sigmoid(), " + "nn.Linear(24, 24), nn.Sigmoid(), " * 8,
            ),
        ),
    ),
    Fault(
        "dead-relu", both(only("nn.ReLU()"), without("BatchNorm"), after_net("nn.init.constant_(net[0].bias, -50.0)"))
    ),
    Fault(
        "saturated-units",
        both(only("nn.Tanh()"), CROSS, after_net("nn.init.constant_(net[0].bias, 100.0)")),
    ),
    # Where rows are held back, the overfitting that comes of it is said first.
    Fault("bad-initial-loss", both(CROSS, without("valid"), after_net("nn.init.normal_(net[-1].weight, std=20.0)"))),
    Fault("stopped-too-early", epochs(0.2)),
    Fault(
        "symmetric-init",
        both(without("Dropout"), after_net("for p in net.parameters():\n    nn.init.constant_(p, 0.3)")),
    ),
    Fault(
        "stuck-at-baseline", both(sub(r"(range\((?:2[0-9]|[3-9]\d)\d\))", r"\1"), data("X = X * 0")), "nothing to see"
    ),
]
GENERALISATION = [
    Fault(
        "overfit",
        both(
            without("BatchNorm"),
            sub(r", nn\.Dropout\(0\.5\)", ""),
            sub(r"([Xy])\[:150\]", r"\1[:12]"),
            sub(r"range\(150\)", "range(600)"),
        ),
    ),
]


def numbered(faults: list[Fault], group: str) -> list[Fault]:
    return [dataclasses.replace(fault, group=group) for fault in faults]


FAULTS = (
    numbered(ORDER, "A")
    + numbered(LOSSES, "B")
    + numbered(DATA, "C")
    + numbered(NUMBERS, "D")
    + numbered(GENERALISATION, "E")
)
