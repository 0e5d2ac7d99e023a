"""backlit train: a network from a table, with its run folder."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backlit.train.options import Options


def train(
    data: Annotated[str, typer.Argument(help="A CSV file, or a built-in problem: xor, moons, iris, digits.")],
    target: Annotated[str | None, typer.Option(help="The column to predict.", show_default="the last column")] = None,
    hidden: Annotated[str, typer.Option(help="Units of each hidden layer, as in 32,16; 0 for none.")] = "32",
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers: relu, tanh, sigmoid, ...")] = "relu",
    optimizer: Annotated[str, typer.Option(help="adam, sgd, adamw, rmsprop, ...")] = "adam",
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 0.01,
    batch: Annotated[int, typer.Option(help="Rows in a step.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the training rows, at most.")] = 200,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation loss before stopping.")] = 30,
    seed: Annotated[int, typer.Option(help="Decides the split, the initial weights and the order of rows.")] = 0,
    out: Annotated[str | None, typer.Option(help="The run folder.", show_default="runs/NAME")] = None,
) -> None:
    """Train a network on a table, and keep it with its history and metrics in a run folder.

    The task is found from the target: two values, several classes, or a quantity.

    Numbers are standardised. Some rows are held out for early stopping, others for the final figures.

    The weights with the best validation loss are kept.
    """
    from backlit.data.errors import DataError
    from backlit.train.folder import RunFolderError
    from backlit.train.options import OptionError, Options
    from backlit.train.table import TrainingError

    try:
        options = Options(
            hidden=_widths(hidden), activation=activation, optimizer=optimizer, lr=lr, batch=batch, epochs=epochs,
            patience=patience, seed=seed,
        )  # fmt: skip
        _train(data, target, options, out)
    except (DataError, OptionError, TrainingError, RunFolderError) as error:
        print(f"backlit train: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print("backlit train: stopped by Ctrl-C; no run folder was written.", file=sys.stderr)
        raise typer.Exit(130) from None


def _train(data: str, target: str | None, options: Options, out: str | None) -> None:
    from backlit.cli.train_text import plan, progress, summary
    from backlit.data.table import load_table, prepare
    from backlit.train.folder import choose_folder, write_run
    from backlit.train.table import train_table

    prepared = prepare(load_table(data, target), options.seed)
    folder = choose_folder(prepared.table.name, out)
    print(plan(prepared, options))
    started = time.perf_counter()
    with progress(options.epochs) as listener:
        trained = train_table(prepared, options, [listener])
    seconds = time.perf_counter() - started
    write_run(trained, folder)
    print(summary(trained, seconds, folder))


def _widths(hidden: str) -> tuple[int, ...]:
    from backlit.train.options import OptionError

    if hidden.strip() in ("", "0"):
        return ()
    try:
        return tuple(int(width) for width in hidden.split(","))
    except ValueError:
        raise OptionError(f"--hidden {hidden}: write whole numbers with commas between, as in 32,16") from None
