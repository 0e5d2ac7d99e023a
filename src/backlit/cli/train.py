"""backlit train: a network from a table, with its run folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backlit.data.table import Prepared
    from backlit.train.interrupted import Making
    from backlit.train.options import Options
    from backlit.train.table import Trained

# A flag that is not given is None: the file of --config, or the default, then says.
Text = str | None
Whole = int | None
Number = float | None
Flag = bool | None


def option(help: str, default: str = "") -> Any:
    """An option with its default in the help; the value None says that it was not given."""
    return typer.Option(help=f"{help} Default: {default}." if default else help, show_default=False)


def train(
    data: Annotated[Text, typer.Argument(help="A table's file, or a problem: xor, moons, iris, digits, ...")] = None,
    target: Annotated[Text, option("The column to predict.", "the last column")] = None,
    hidden: Annotated[Text, option("Units of each hidden layer, as in 32,16; 0 for none.", "32")] = None,
    activation: Annotated[Text, option("Of the hidden layers: relu, tanh, sigmoid, ...", "relu")] = None,
    dropout: Annotated[Number, option("Share of hidden units left out in a step.", "0")] = None,
    batch_norm: Annotated[Flag, option("Normalise what enters the activations.")] = None,
    optimizer: Annotated[Text, option("adam, sgd, adamw, rmsprop, ...", "adam")] = None,
    lr: Annotated[Number, option("Learning rate.", "0.01")] = None,
    find_lr: Annotated[Flag, option("Find the learning rate first, by a sweep.")] = None,
    schedule: Annotated[Text, option("none, cosine, step, plateau, onecycle, warmup.", "none")] = None,
    l1: Annotated[Number, option("Adds L1 times the sum of all |weight| to the loss.", "0")] = None,
    l2: Annotated[Number, option("Weight decay of the weights, as the optimizer has it.", "the optimizer's")] = None,
    batch: Annotated[Whole, option("Rows in a step.", "32")] = None,
    epochs: Annotated[Whole, option("Passes over the training rows, at most.", "200")] = None,
    patience: Annotated[Whole, option("Epochs without a better validation loss before stopping.", "30")] = None,
    missing: Annotated[Text, option("What to do about missing values: error, drop, impute.", "error")] = None,
    balance: Annotated[Flag, option("Let classes count alike, however rare.")] = None,
    seed: Annotated[Whole, option("Decides the split, the initial weights and the order of rows.", "0")] = None,
    out: Annotated[Text, option("The run folder.", "runs/NAME")] = None,
    config: Annotated[Text, option("A TOML file with any of these; options given here win over it.")] = None,
    resume: Annotated[Text, option("A run folder that goes on, to --epochs in all.")] = None,
    doctor: Annotated[Flag, option("Watch the run for mistakes.", "yes")] = None,
    quiet: Annotated[Flag, option("Print nothing but errors.")] = None,
) -> None:
    """Train a network on a table, and keep it with its history and metrics in a run folder.

    The task is found from the target: two values, several classes, or a quantity.

    Numbers are standardised. Some rows are held out for early stopping, others for the final figures.

    The weights with the best validation loss are kept. `config.toml` in the run folder repeats the run.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    from backlit.data.errors import DataError
    from backlit.train.folder import RunFolderError
    from backlit.train.options import OptionError
    from backlit.train.table import TrainingError

    try:
        _resume(given) if "resume" in given else _begin(given)
    except (DataError, OptionError, TrainingError, RunFolderError) as error:
        print(f"backlit train: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except MemoryError as error:
        print(f"backlit train: memory is too small: {error}. Fewer --hidden units need less.", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        is_old = "the run folder is as it was" if "resume" in given else "no run folder was written"
        print(f"backlit train: stopped by Ctrl-C; {is_old}.", file=sys.stderr)
        raise typer.Exit(130) from None


def _begin(given: dict[str, Any]) -> None:
    """A new run."""
    from backlit.data.table import load_table, prepare
    from backlit.train.config import OPTIONS, merged, read_settings
    from backlit.train.folder import choose_folder
    from backlit.train.interrupted import Making
    from backlit.train.options import OptionError, Options

    if "hidden" in given:
        given["hidden"] = _widths(given["hidden"])
    settings = merged(read_settings(given.pop("config")) if "config" in given else {}, given)
    options = Options(**{name: settings[name] for name in OPTIONS if name in settings})
    if "data" not in settings:
        raise OptionError("no data are named. Write: backlit train FILE, or a problem's name, such as iris.")
    table = load_table(settings["data"], settings.get("target"))
    prepared = prepare(table, options.seed, options.missing, options.balance)
    folder = choose_folder(table.name, settings.get("out"))
    making = Making(folder, prepared, options, settings.get("doctor", True))
    making.begin()
    _make(making, settings.get("quiet"))


def _make(making: Making, is_quiet: bool | None) -> None:
    """Run what will become a folder. Only a process that is killed leaves the making of it behind."""
    try:
        _run(making.prepared, making.options, making.train, making.folder, is_quiet)
    finally:
        making.end()


def _resume(given: dict[str, Any]) -> None:
    """A run that goes on, in its own folder."""
    from backlit.train.interrupted import load_interrupted
    from backlit.train.options import OptionError, flag
    from backlit.train.resume import load_unfinished

    other = [name for name in given if name not in ("resume", "epochs", "patience", "quiet")]
    if other:
        named = "DATA" if other[0] == "data" else flag(other[0])
        raise OptionError(f"--resume goes on with the run's own options: leave out {named}, or train anew without it.")
    making = load_interrupted(given["resume"])
    if making is not None:
        _make(making, given.get("quiet"))
        return
    run = load_unfinished(given["resume"], given.get("epochs"), given.get("patience"))
    _run(run.prepared, run.options, run.train, run.folder, given.get("quiet"), done=run.state.tree["step"])


def _run(
    prepared: Prepared,
    options: Options,
    train: Callable[[list[Any]], Trained],
    folder: Path,
    is_quiet: bool | None,
    done: int | None = None,
) -> None:
    """Train, write the folder, and say so. `done`: the steps that a resumed run has behind it."""
    from backlit.cli.saying import say
    from backlit.cli.train_text import plan, progress, summary
    from backlit.train.folder import write_run
    from backlit.train.interrupt import StopOnCtrlC, WholeSteps

    if not is_quiet:
        say(plan(prepared, options, done))
    started = time.perf_counter()
    with WholeSteps() as interrupt, nullcontext() if is_quiet else progress() as listener:
        trained = train([StopOnCtrlC(interrupt), *([listener] if listener else [])])
        was_stopped = interrupt.take()
    seconds = time.perf_counter() - started
    write_run(trained, folder, replaces=done is not None)
    if not is_quiet:
        say(summary(trained, seconds, folder, done or 0))
        for finding in trained.history.findings:
            if finding.severity != "note":
                say(f"\n{finding.severity.upper()}  {finding.rule}\n  {finding.message}")
    if was_stopped:
        print(
            f"backlit train: stopped by Ctrl-C; the run up to epoch {len(trained.history.epochs)} is kept in {folder}. "
            f"To go on: backlit train --resume {folder}",
            file=sys.stderr,
        )
        raise typer.Exit(130)


def _widths(hidden: str) -> tuple[int, ...]:
    from backlit.train.options import OptionError

    if hidden.strip() in ("", "0"):
        return ()
    try:
        return tuple(int(width) for width in hidden.split(","))
    except ValueError:
        raise OptionError(f"--hidden {hidden}: write whole numbers with commas between, as in 32,16") from None
