"""What can be set: names, kinds, limits, choices; and the settings, as they are read from JSON or an address."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from backlit.data.task import Kind as Task
from backlit.live.messages import Refusal
from backlit.live.problems import PROBLEMS, TABLE
from backlit.suggest import did_you_mean
from backlit.train.options import ACTIVATIONS, TABLE_OPTIMIZERS

Kind = Literal["choice", "number", "whole", "log", "switch", "layers", "choices"]
Group = Literal["data", "network", "training", "regularisation"]

MOST_LAYERS, MOST_WIDTH = 6, 64


class Choice(NamedTuple):
    """`kinds` are the problems that it suits."""

    value: str
    label: str
    kinds: tuple[Task, ...] = ("binary", "classes", "regression")


@dataclass(frozen=True)
class Control:
    """Something that can be set. What `resets` builds the network anew; the rest changes the run as it goes."""

    name: str
    label: str
    kind: Kind
    group: Group
    help: str
    resets: bool = False
    choices: tuple[Choice, ...] = ()
    least: float | None = None
    most: float | None = None
    step: float | None = None

    @property
    def field(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")

    def to_json(self) -> dict[str, Any]:
        """As `hello` announces it."""
        told = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        told["default"] = getattr(Settings(), self.field)
        told["choices"] = [
            {"value": choice.value, "label": choice.label, "kinds": list(choice.kinds)} for choice in self.choices
        ]
        return told if self.choices else {name: value for name, value in told.items() if name != "choices"}

    def read(self, value: Any) -> Any:
        """The value as settings hold it. Raises Refusal, in words, for one of another kind or beyond the limits."""
        if self.kind in ("layers", "choices"):
            return tuple(self._each(value))
        if self.kind == "choice":
            return self._chosen(value)
        if self.kind == "switch":
            if not isinstance(value, bool):
                raise Refusal(f"{self.label} is on or off, and {value!r} was given.")
            return value
        return self._number(value, self.least, self.most, self.kind == "whole")

    def _each(self, values: Any) -> list[Any]:
        if not isinstance(values, (list, tuple)):
            raise Refusal(f"{self.label} is a list with an entry for each hidden layer, and {values!r} was given.")
        if len(values) > MOST_LAYERS:
            raise Refusal(f"There are at most {MOST_LAYERS} hidden layers, and {len(values)} were given.")
        if self.kind == "choices":
            return [self._chosen(value) for value in values]
        return [self._number(value, 1, MOST_WIDTH, True) for value in values]

    def _chosen(self, value: Any) -> str:
        known = [choice.value for choice in self.choices]
        if value not in known:
            raise Refusal(f"{self.label} has no choice {value!r}. {did_you_mean(str(value), known)}")
        return str(value)

    def _number(self, value: Any, least: float | None, most: float | None, is_whole: bool) -> float:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or (is_whole and value != int(value)):
            raise Refusal(f"{self.label} is a {'whole ' if is_whole else ''}number, and {value!r} was given.")
        if least is not None and value < least:
            raise Refusal(f"{self.label} is at least {least:,.10g}, and {value:,.10g} was given.")
        if most is not None and value > most:
            raise Refusal(f"{self.label} is at most {most:,.10g}, and {value:,.10g} was given.")
        return int(value) if is_whole else float(value)

    def written(self, value: Any) -> str:
        """A value as it stands in an address."""
        if self.kind == "switch":
            return "on" if value else "off"
        if self.kind in ("layers", "choices"):
            return ",".join(map(str, value))
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)

    def parsed(self, text: str) -> Any:
        """The value that an address gives. Raises Refusal."""
        if self.kind == "switch":
            return self.read({"on": True, "off": False}.get(text, text))
        if self.kind in ("layers", "choices"):
            parts = text.split(",") if text else []
            return self.read([_as_number(part) for part in parts] if self.kind == "layers" else parts)
        return self.read(text if self.kind == "choice" else _as_number(text))


def _as_number(text: str) -> Any:
    """The number that a text is; the text itself if it is none, which `read` refuses by it."""
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


ACTIVATION_LABELS = {
    "relu": "ReLU", "tanh": "tanh", "sigmoid": "Sigmoid", "leaky_relu": "Leaky ReLU", "elu": "ELU", "gelu": "GELU",
    "silu": "SiLU", "softplus": "Softplus",
}  # fmt: skip
ACTIVATION_CHOICES = (
    *(Choice(name, ACTIVATION_LABELS[name]) for name in ACTIVATIONS),
    Choice("linear", "Linear (none)"),
)
OPTIMIZER_LABELS = {
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "adadelta": "Adadelta", "adamax": "Adamax", "nadam": "NAdam", "radam": "RAdam", "rprop": "Rprop", "asgd": "ASGD",
}  # fmt: skip
#: The first of a kind is its right one.
LOSS_CHOICES = (
    Choice("bce", "Binary cross-entropy", ("binary",)),
    Choice("brier", "Squared error of the probability", ("binary",)),
    Choice("cross_entropy", "Cross-entropy", ("classes",)),
    Choice("smoothed", "Cross-entropy, labels smoothed by 0.1", ("classes",)),
    Choice("mse", "Squared error", ("regression",)),
    Choice("l1", "Absolute error", ("regression",)),
    Choice("huber", "Huber: squared near 0, absolute beyond", ("regression",)),
)
INIT_CHOICES = (
    Choice("default", "PyTorch's own"),
    Choice("xavier_uniform", "Xavier, uniform"),
    Choice("xavier_normal", "Xavier, normal"),
    Choice("kaiming_uniform", "Kaiming, uniform"),
    Choice("kaiming_normal", "Kaiming, normal"),
    Choice("zeros", "All zero"),
)
SPEED_CHOICES = (
    Choice("1", "1 step/s"),
    Choice("10", "10 steps/s"),
    Choice("100", "100 steps/s"),
    Choice("1000", "1,000 steps/s"),
    Choice("10000", "10,000 steps/s"),
    Choice("max", "Flat out"),
)

CONTROLS = {
    control.name: control
    for control in (
        Control(
            "problem", "Problem", "choice", "data", "What is to be learned", True,
            (*(Choice(name, problem.title, (problem.kind,)) for name, problem in PROBLEMS.items()),
             Choice(TABLE, "Your own table")),
        ),
        Control("points", "Points", "whole", "data", "How many points are drawn", True,
                least=10, most=2000, step=10),
        Control("noise", "Noise", "number", "data", "How far points are moved, in standard deviations", True,
                least=0, most=1, step=0.05),
        Control("test-share", "Test share", "number", "data", "Rows held out, to see what was really learned",
                True, least=0, most=0.9, step=0.05),
        Control("scale", "Scale inputs", "switch", "data", "Each input to mean 0 and standard deviation 1", True),
        Control("batch", "Batch size", "whole", "data", "Rows that a step sees", least=1, most=50_000, step=1),
        Control("hidden", "Hidden layers", "layers", "network", "Units of each hidden layer", True,
                least=1, most=MOST_WIDTH),
        Control("activation", "Activation", "choice", "network", "Of all hidden layers", True,
                ACTIVATION_CHOICES),
        Control("activations", "Activation of each layer", "choices", "network", "One for each hidden layer", True,
                ACTIVATION_CHOICES),
        Control("init", "Initial weights", "choice", "network", "What the weights are before the first step",
                True, INIT_CHOICES),
        Control("seed", "Seed", "whole", "network", "The same seed gives the same weights and order of rows", True,
                least=0, most=2**32 - 1, step=1),
        Control("batch-norm", "Batch norm", "switch", "network",
                "Normalise each layer's sums over the batch", True),
        Control("loss", "Loss", "choice", "training", "What each step makes smaller", False, LOSS_CHOICES),
        Control("optimizer", "Optimizer", "choice", "training", "The rule by which a step changes the weights",
                False, tuple(Choice(name, OPTIMIZER_LABELS[name]) for name in TABLE_OPTIMIZERS)),
        Control("learning-rate", "Learning rate", "log", "training", "How far a step goes", least=1e-6, most=100),
        Control("momentum", "Momentum", "number", "training", "Of SGD and RMSprop: how much of the last step stays",
                least=0, most=0.999, step=0.01),
        Control("speed", "Speed", "choice", "training", "Steps in a second", False, SPEED_CHOICES),
        Control("l1", "L1", "number", "regularisation", "Draws weights of little use to 0", least=0, most=10),
        Control("l2", "L2 (weight decay)", "number", "regularisation", "Keeps weights small", least=0, most=10),
        Control("dropout", "Dropout", "number", "regularisation", "Share of hidden units left out in a step",
                least=0, most=0.9, step=0.05),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """All that decides a run's numbers, one field a control. `loss` is "" for the right one of the problem.

    `activations` has an entry for each hidden layer, or none where all have `activation`.
    """

    problem: str = "xor"
    points: int = 200
    noise: float = 0.1
    test_share: float = 0.3
    scale: bool = True
    batch: int = 32
    hidden: tuple[int, ...] = (4,)
    activation: str = "tanh"
    activations: tuple[str, ...] = ()
    init: str = "default"
    seed: int = 0
    batch_norm: bool = False
    loss: str = ""
    optimizer: str = "adam"
    learning_rate: float = 0.03
    momentum: float = 0.0
    speed: str = "100"
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0

    @property
    def layer_activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        return self.activations or (self.activation,) * len(self.hidden)

    def loss_for(self, kind: Task) -> str:
        """The loss, if it suits the problem, or the right one."""
        suiting = [choice.value for choice in LOSS_CHOICES if kind in choice.kinds]
        return self.loss if self.loss in suiting else suiting[0]

    def with_value(self, name: str, value: Any) -> Settings:
        """With a control set. Raises Refusal for one that there is not, or a value beyond its limits."""
        control = control_of(name)
        value = control.read(value)
        changed = dataclasses.replace(self, **{control.field: value})
        if control.name == "activation":
            changed = dataclasses.replace(changed, activations=())
        if control.name == "hidden" and self.activations:
            names = (*self.activations, *[self.activation] * len(value))[: len(value)]
            changed = dataclasses.replace(changed, activations=names)
        return changed

    def check(self) -> None:
        """Raise Refusal for values that do not go together."""
        if self.activations and len(self.activations) != len(self.hidden):
            raise Refusal(
                f"There are {len(self.hidden)} hidden layers, and {len(self.activations)} activations were given."
            )
        if self.l2 and self.optimizer == "rprop":
            raise Refusal("Rprop has no weight decay. Set L2 to 0, or take another optimizer.")

    @classmethod
    def from_address(cls, texts: Mapping[str, str]) -> Settings:
        """The settings of an address, the rest at its defaults. Raises Refusal."""
        return cls(**{control_of(name).field: control_of(name).parsed(text) for name, text in texts.items()})

    def address(self) -> dict[str, str]:
        """What differs from the defaults, as text."""
        plain = Settings()
        values = {control: getattr(self, control.field) for control in CONTROLS.values()}
        return {c.name: c.written(value) for c, value in values.items() if value != getattr(plain, c.field)}


def control_of(name: str) -> Control:
    """The control of that name. Raises Refusal if there is none."""
    if name not in CONTROLS:
        raise Refusal(f"There is no control {name!r}. {did_you_mean(name, CONTROLS)}")
    return CONTROLS[name]
