"""What a session says of itself: hello, state, data, and the arrays of a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.live import looking, walking
from backlit.live.controls import CONTROLS
from backlit.live.frames import STATS
from backlit.live.messages import Message
from backlit.live.mistakes import MISTAKES
from backlit.live.phases import CODE
from backlit.live.problems import PROBLEMS, TABLE
from backlit.live.rows import Rows
from backlit.train.loop import outputs_of

if TYPE_CHECKING:
    from backlit.live.session import Session

#: Points that are drawn at most.
MOST_SHOWN = 2000
#: How far the plane reaches beyond the points, as a share of their range.
MARGIN = 0.1


def hello() -> Message:
    """What there is to choose from."""
    import backlit

    problems = [
        {"name": name, "title": problem.title, "about": problem.about, "kind": problem.kind}
        for name, problem in PROBLEMS.items()
    ]
    return {
        "is": "hello",
        "version": backlit.__version__,
        "controls": [control.to_json() for control in CONTROLS.values()],
        "problems": problems,
        "mistakes": [{"name": name, "title": mistake.title} for name, mistake in MISTAKES.items()],
        "lessons": looking.lessons_listed(),
        "stats": list(STATS),
        "code": list(CODE),
    }


def state(session: Session) -> Message:
    """How a session stands."""
    training = session.training
    return {
        "is": "state",
        "version": session.version,
        "status": session.status,
        "settings": values(session),
        "idle": idle(session),
        "address": session.settings.address(),
        "network": network(session),
        "engine": engine(session),
        "layout": session.layout.to_json(),
        "phase": None if session.walk is None else session.walk.told(),
        "step": training.step,
        "epoch": training.epoch,
        "timeline": {
            "first": 0,
            "last": training.step if session.present is None else session.present.step,
            "shown": training.step,
            "moments": session.timeline.steps,
        },
        "findings": findings(session),
        "mistake": mistake(session),
        "rival": rival(session),
        "rescue": session.rescue,
        "notes": session.notes,
        "confusion": confusion(session),
        "kind": session.rows.kind,
        "batch_rows": walking.rows_on_screen(session),
    }


def values(session: Session) -> dict[str, Any]:
    """Each control's value as it is in force: loss by name, an activation a layer, no batch beyond the rows."""
    settings, rows = session.settings, session.rows
    plain = {control.name: getattr(settings, control.field) for control in CONTROLS.values()}
    in_force = {
        "loss": settings.loss_for(rows.kind),
        "activations": list(settings.layer_activations),
        "hidden": list(settings.hidden),
        "batch": min(settings.batch, int(np.count_nonzero(~rows.is_test))),
    }
    return plain | in_force


def idle(session: Session) -> list[str]:
    """The controls that change nothing as things stand, so that nobody looks for what they do."""
    settings, problem = session.settings, PROBLEMS.get(session.settings.problem)
    optimizer = session.training.regime.optimizer
    names = [] if problem is not None and problem.is_drawn else ["points", "noise"]
    names += ["test-share"] if problem is not None and problem.is_whole else []
    names += [] if "momentum" in optimizer.defaults else ["momentum"]
    return names if settings.hidden else [*names, "activation", "batch-norm", "dropout"]


def findings(session: Session) -> list[Message]:
    """What the doctor makes of the run; nothing while a mistake is to be guessed, unless he was asked."""
    watching = session.training.watching
    if watching is None or (session.is_guess and not session.is_diagnosed):
        return []
    return watching.findings()


def mistake(session: Session) -> dict[str, Any]:
    """The mistake of the run, as far as it may be known."""
    made = session.mistake
    if made is None:
        return {"name": None, "title": "", "symptom": "", "is_guess": False}
    if session.is_guess:
        return {"name": None, "title": "A hidden mistake", "symptom": "", "is_guess": True}
    return {"name": made.name, "title": made.title, "symptom": made.symptom, "is_guess": False}


def confusion(session: Session) -> dict[str, Any] | None:
    """How often rows of each class are taken for each class: test rows, or training rows where there are none.

    Shape: table (classes, classes), by the true class and the one said.
    """
    rows = session.rows
    if rows.kind == "regression":
        return None
    part, (x, y) = ("test", rows.test) if rows.has_test else ("train", rows.train)
    with np.errstate(all="ignore"):
        scores = np.asarray(outputs_of(session.training.model, x).array)
    said = (scores[:, 0] > 0).astype(int) if rows.kind == "binary" else scores.argmax(axis=1)
    table = np.zeros((len(rows.classes), len(rows.classes)), int)
    np.add.at(table, (y.array.reshape(-1).astype(int), said), 1)
    return {"of": part, "table": table.tolist()}


def rival(session: Session) -> dict[str, Any] | None:
    """In what the second run differs."""
    if session.knob is None:
        return None
    control, value = CONTROLS[session.knob[0]], session.knob[1]
    labels = {choice.value: choice.label for choice in control.choices}
    said = labels.get(value, value) if isinstance(value, str) else control.written(value)
    return {"control": control.name, "value": value, "label": f"{control.label}: {said}"}


def network(session: Session) -> dict[str, Any]:
    rows = session.rows
    outputs = {"binary": [f"P({rows.classes[1]})"] if rows.classes else [], "classes": rows.classes}
    return {
        "sizes": session.sizes,
        "activations": [*session.training.regime.settings.layer_activations, "linear"],
        "outputs": outputs.get(rows.kind, [rows.target]),
        "parameters": sum(p.array.size for p in session.training.model.parameters()),
    }


def engine(session: Session) -> dict[str, str]:
    """Who computes the steps, and why it is not machine code where it is not."""
    running = session.training.regime.engine
    if running.is_compiled:
        return {"name": "native", "why": ""}
    return {"name": "eager", "why": running.reason or "the first 200 steps are taken one by one"}


def data(session: Session) -> Message:
    """The points in the axes that are shown, and how far the plane reaches."""
    rows, plane, shown = session.rows, session.plane, session.shown_rows
    x = rows.inputs[shown, plane.axes[0]]
    y = rows.targets[shown] if plane.is_line else rows.inputs[shown, plane.axes[1]]
    return {
        "is": "data",
        "version": session.data_version,
        "names": list(rows.names),
        "target": rows.target,
        "axes": list(plane.axes),
        "ranges": list(plane.ranges),
        "points": np.stack([x, y], axis=1).tolist(),
        "labels": rows.targets[shown].tolist(),
        "is_test": rows.is_test[shown].astype(int).tolist(),
        "classes": rows.classes,
        "rows": {
            "train": int(np.count_nonzero(~rows.is_test)),
            "test": int(np.count_nonzero(rows.is_test)),
            "shown": len(shown),
        },
        "columns": session.columns if session.settings.problem == TABLE else [],
        "note": note(rows, plane.axes),
    }


def note(rows: Rows, axes: tuple[int, int]) -> str:
    """What the plane leaves out."""
    others = len(rows.names) - len(set(axes))
    if not others:
        return ""
    return f"{others} other {'input is at its mean' if others == 1 else 'inputs are at their means'}"


def arrays(session: Session, maps: bool) -> dict[str, np.ndarray]:
    """What a frame shows."""
    training, layout = session.training, session.layout
    measures, phase = training.measures, -1 if session.walk is None else session.walk.phase
    stats = {
        "layout": layout.id, "version": session.version, "step": training.step, "epoch": training.epoch,
        "samples": training.samples, "steps_per_second": session.steps_per_second, "loss": measures.loss,
        "test_loss": measures.test_loss, "accuracy": measures.accuracy, "test_accuracy": measures.test_accuracy,
        "grad_norm": measures.grad_norm, "phase": phase, "is_playing": session.is_playing, "has_maps": maps,
        "shown_step": training.step,
        "rival_loss": np.nan if session.rival is None else session.rival.measures.loss,
    }  # fmt: skip
    out = {
        "stats": np.array([float(stats[name]) for name in STATS]),
        "weights": flat(training.layers, lambda p: p.array),
        "gradients": flat(training.layers, gradient_in(session)),
        "layers": measures.layers,
        "curves": training.curves.buckets(),
        "layer_curves": training.curves.layer_buckets(),
    }
    if session.rival is not None:
        out["rival_curves"] = session.rival.curves.buckets()
    if maps:
        out |= drawings(session)
    return out


def drawings(session: Session) -> dict[str, np.ndarray]:
    """The maps of a frame."""
    plane, model = session.plane, session.training.model
    with np.errstate(all="ignore"):
        out = {"pictures": plane.neurons(model), "output": plane.output(model)}
        if session.rival is not None:
            out["rival_output"] = plane.output(session.rival.model)
    return out


def gradient_in(session: Session) -> Callable[[Any], np.ndarray]:
    """Which gradient of a parameter is shown: the present one, or that of the phase; NaN where there is none."""
    known = None if session.walk is None else session.walk.gradients

    def gradient(p: Any) -> np.ndarray:
        own = None if p.grad is None else p.grad.array
        shown = own if known is None else known[id(p)]
        return np.full_like(p.array, np.nan) if shown is None else shown

    return gradient


def flat(layers: list[Any], values_of: Any) -> np.ndarray:
    """Layer by layer the weights by rows, and then the biases.  Shape: out (P,)."""
    return np.concatenate([values_of(p).reshape(-1) for layer in layers for p in (layer.weight, layer.bias)])


def rows_shown(rows: Rows) -> np.ndarray:
    """The numbers of the rows that are drawn: all, or evenly many of a large table; those added last among them.

    Shape: out (n,).
    """
    count = len(rows)
    return np.arange(count) if count <= MOST_SHOWN else np.unique(np.linspace(0, count - 1, MOST_SHOWN).astype(int))


def ranges_of(rows: Rows, axes: tuple[int, int]) -> tuple[float, float, float, float]:
    """How far the plane reaches along each axis: the points, and a margin."""
    x = rows.inputs[:, axes[0]]
    y = rows.targets if len(rows.names) == 1 else rows.inputs[:, axes[1]]
    return (*reach(x), *reach(y))


def reach(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def telling_axes(rows: Rows) -> tuple[int, int]:
    """The two inputs that tell the targets apart best: by their share of variance between targets, or correlation."""
    count = len(rows.names)
    if count <= 2:
        return 0, count - 1
    if rows.kind == "regression":
        z = (rows.inputs - rows.inputs.mean(axis=0)) * (rows.targets - rows.targets.mean())[:, None]
        strength = np.abs(z.mean(axis=0)) / np.maximum(rows.inputs.std(axis=0), 1e-300)
    else:
        classes = np.unique(rows.targets)
        means = np.stack([rows.inputs[rows.targets == k].mean(axis=0) for k in classes])
        strength = means.std(axis=0) / np.maximum(rows.inputs.std(axis=0), 1e-300)
    first, second = sorted(np.argsort(-strength, kind="stable")[:2].tolist())
    return first, second


def said(rows: Rows, outputs: np.ndarray) -> str:
    """A prediction in words."""
    if rows.kind == "regression":
        return f"{rows.target} = {outputs[0]:.4g}"
    shares = [1 - outputs[0], outputs[0]] if rows.kind == "binary" else outputs
    best = int(np.argmax(shares))
    return f"{rows.classes[best]}, {float(shares[best]):.1%} sure"
