"""Options of a run on a table, and the TOML files that hold them."""

import dataclasses
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlit.data.table import load_table, prepare
from backlit.train.config import BESIDE, merged, read_settings, toml_of
from backlit.train.options import CHOICES, OptionError, Options
from backlit.train.table import train_table

BAD = {
    "no units": (dict(hidden=(4, 0)), "--hidden 0: each hidden layer needs at least one unit"),
    "units that are no numbers": (dict(hidden=("8",)), "it must be whole numbers"),
    "no rows": (dict(batch=0), "--batch 0: it must be at least 1"),
    "no epochs": (dict(epochs=0), "--epochs 0"),
    "half an epoch": (dict(epochs=1.5), "--epochs 1.5: it must be a whole number"),
    "no patience": (dict(patience=0), "--patience 0"),
    "no rate": (dict(lr=0.0), "--lr 0.0: the learning rate must be above 0"),
    "an endless rate": (dict(lr=float("inf")), "--lr inf"),
    "a rate in words": (dict(lr="fast"), "--lr fast: it must be a number"),
    "a negative seed": (dict(seed=-1), "--seed -1"),
    "all units dropped": (dict(dropout=1), "--dropout 1.0: it must be at least 0 and below 1"),
    "a negative penalty": (dict(l1=-1e-3), "--l1 -0.001: it must be 0 (none) or above"),
    "a penalty that is none": (dict(l2=float("nan")), "--l2 nan"),
    "a decay where there is none": (dict(l2=0.1, optimizer="rprop"), "rprop has no weight decay"),
    "a truth value that is none": (dict(batch_norm="yes"), "--batch-norm yes: it must be true or false"),
    "an unknown activation": (dict(activation="rellu"), "--activation rellu: Did you mean 'relu'"),
    "an unknown optimizer": (dict(optimizer="addam"), "--optimizer addam: Did you mean 'adam'"),
    "an unknown schedule": (dict(schedule="cosin"), "--schedule cosin: Did you mean 'cosine'"),
    "missing": (dict(missing="impeach"), "--missing impeach: There are: 'error', 'drop', 'impute'"),
}


@pytest.mark.parametrize("name", BAD)
def test_options_out_of_range_are_refused(name):
    options, words = BAD[name]
    with pytest.raises(OptionError) as refused:
        Options(**options)
    assert words in str(refused.value)


def test_whole_numbers_are_taken_where_numbers_stand():
    assert Options(lr=1, hidden=[3, 4]) == Options(lr=1.0, hidden=(3, 4))


def settings_in(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    return read_settings(path)


def test_a_file_may_hold_every_option(tmp_path):
    text = """
    data = "rows.csv"          # a comment
    target = "kind"
    out = "here"
    quiet = true
    hidden = [8, 4]
    batch-norm = true          # as on the command line
    find_lr = true
    lr = 1
    """
    assert settings_in(tmp_path, text) == {
        "data": "rows.csv", "target": "kind", "out": "here", "quiet": True,
        "hidden": [8, 4], "batch_norm": True, "find_lr": True, "lr": 1,
    }  # fmt: skip


def test_the_command_line_wins_over_the_file():
    assert merged({"lr": 0.1, "epochs": 5}, {"epochs": 7}) == {"lr": 0.1, "epochs": 7}
    assert merged({"find_lr": True}, {"lr": 0.3}) == {"find_lr": False, "lr": 0.3}
    with pytest.raises(OptionError, match="Leave one of them out"):
        merged({}, {"find_lr": True, "lr": 0.3})


FILES = {
    "an unknown setting": ("epoch = 3", "there is no option 'epoch'. Did you mean 'epochs'?"),
    "no toml": ("lr: 0.1", "it is no TOML"),
    "out of range": ("lr = -1", "run.toml: --lr -1.0: the learning rate must be above 0"),
    "of another kind": ('lr = "fast"', "--lr fast: it must be a number"),
    "a path that is none": ("data = 3", "data is 3, and must be a text"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_wrong_in_a_file_is_said(name, tmp_path):
    text, words = FILES[name]
    with pytest.raises(OptionError) as refused:
        settings_in(tmp_path, text)
    assert words in str(refused.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(OptionError, match="there is no such file"):
        read_settings(tmp_path / "gone.toml")
    with pytest.raises(OptionError, match="it is a directory"):
        read_settings(tmp_path)
    (tmp_path / "latin.toml").write_bytes('data = "Größe.csv"'.encode("latin-1"))
    with pytest.raises(OptionError, match="no text in UTF-8"):
        read_settings(tmp_path / "latin.toml")


@pytest.fixture(scope="module")
def plain():
    return train_table(prepare(load_table("xor")), Options(epochs=1))


numbers = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
choices = {name: st.sampled_from(known) for name, known in CHOICES.items() if name != "optimizer"}


@given(
    source=st.text(st.characters(exclude_categories=["Cs"])),
    options=st.builds(
        Options, hidden=st.lists(st.integers(1, 999), max_size=3).map(tuple), lr=numbers, l1=numbers, l2=numbers,
        dropout=st.floats(0, 0.99), batch_norm=st.booleans(), seed=st.integers(0, 9), **choices,
    ),
)  # fmt: skip
def test_what_a_run_writes_is_read_as_it_was(plain, source, options):
    """Python's own TOML reader gets each value back, whatever the path."""
    table = dataclasses.replace(plain.prepared.table, source=source)
    run = dataclasses.replace(plain, options=options, prepared=dataclasses.replace(plain.prepared, table=table))
    read = tomllib.loads(toml_of(run))
    assert (read.pop("data"), read.pop("target")) == (source, table.target)
    assert Options(**read) == options
    assert not read.keys() & BESIDE.keys()


