"""From a table to arrays: the task found, the split, the statistics."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlit.data.describe import class_counts, describe_columns
from backlit.data.errors import DataError
from backlit.data.problems import PROBLEMS
from backlit.data.table import Table, load_table, prepare
from backlit.data.task import find_task

ROWS = 40


def table(target="y", **columns):
    return Table("made", "made.csv", pl.DataFrame(columns), target, digest="")


def ramp(n=ROWS):
    return [i / 7 for i in range(n)]


TASKS = {
    "two words": (["yes", "no"] * 20, "binary", ("no", "yes")),
    "truth values": ([True, False] * 20, "binary", (False, True)),
    "zeros and ones": ([0, 1] * 20, "binary", (0, 1)),
    "zeros and ones as floats": ([0.0, 1.0] * 20, "binary", (0, 1)),
    "any two whole numbers": ([-1, 5] * 20, "binary", (-1, 5)),
    "three words": (["a", "c", "b", "a"] * 10, "classes", ("a", "b", "c")),
    "few whole numbers": ([3, 1, 2, 5] * 10, "classes", (1, 2, 3, 5)),
    "many whole numbers": (list(range(40)), "regression", ()),
    "two fractions": ([0.5, 1.5] * 20, "regression", ()),
    "fractions": (ramp(), "regression", ()),
}


@pytest.mark.parametrize("name", TASKS)
def test_task_is_found_from_the_target(name):
    values, kind, labels = TASKS[name]
    task, _ = find_task(pl.Series("y", values))
    assert (task.kind, task.labels) == (kind, labels)


def test_binary_targets_are_a_column_of_zeros_and_ones():
    part = prepare(table(x=ramp(), y=["yes", "no"] * 20)).parts["train"]
    assert part.y.dtype == np.float32
    assert part.y.shape == (len(part), 1)
    assert set(part.y.ravel()) == {0, 1}


def test_class_targets_are_indices_into_the_labels():
    prepared = prepare(table(x=ramp(), y=["b", "a", "c", "c"] * 10))
    train = prepared.parts["train"]
    assert train.y.dtype == np.int64
    assert prepared.task.outputs == 3
    # Row i of the table has x = i / 7: its label can be read back from there.
    rows = np.rint((train.x[:, 0] * prepared.columns[0].std + prepared.columns[0].mean) * 7).astype(int)
    assert [prepared.task.labels[i] for i in train.y] == [["b", "a", "c", "c"][row % 4] for row in rows]


@pytest.mark.parametrize("problem", ["moons", "iris", "digits"])
def test_classes_keep_their_proportion_in_every_part(problem):
    prepared = prepare(load_table(problem), seed=3)
    counts = {name: np.bincount(part.y.astype(int).ravel()) for name, part in prepared.parts.items()}
    whole = sum(counts.values())
    for name, count in counts.items():
        expected = whole * len(prepared.parts[name]) / whole.sum()
        assert np.abs(count - expected).max() <= 2


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(20, 90))
def test_every_row_is_in_one_part(seed, rows):
    prepared = prepare(table(x=[float(i) for i in range(rows)], y=ramp(rows)), seed)
    seen = [part.x[:, 0] * prepared.columns[0].std + prepared.columns[0].mean for part in prepared.parts.values()]
    np.testing.assert_allclose(np.sort(np.concatenate(seen)), np.arange(rows), atol=1e-3)
    assert set(prepared.parts) == {"train", "validation", "test"}


def test_the_seed_decides_the_split():
    frame = table(x=ramp(), y=ramp())
    one, same, other = (prepare(frame, seed).parts["test"].y for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_statistics_are_those_of_the_training_rows():
    """The training rows have mean 0 and deviation 1; the others, standardised alike, need not."""
    prepared = prepare(table(x=[i**2 for i in range(ROWS)], y=ramp()))
    train, test = prepared.parts["train"], prepared.parts["test"]
    for values in (train.x, train.y):
        assert values.mean() == pytest.approx(0, abs=1e-5)
        assert values.std() == pytest.approx(1, abs=1e-5)
    assert abs(test.x.mean()) > 1e-3


def test_truth_values_are_categories():
    prepared = prepare(table(x=[True, False] * 20, y=ramp()))
    assert prepared.features == ["x=false", "x=true"]
    part = prepared.parts["train"]
    assert part.x.tolist() == [[0.0, 1.0] if row % 2 == 0 else [1.0, 0.0] for row in part.rows]


LEFT_OUT = {
    "constant": ([7] * ROWS, "it is 7 in every training row"),
    "one text": (["a"] * ROWS, "it is 'a' in every training row"),
    "dates": ([date(2024, 1, 1 + i % 9) for i in range(ROWS)], "it holds dates or times"),
    "dates as text": ([f"{1 + i % 9}/12/2024" for i in range(ROWS)], "it holds dates or times"),
    "times as text": ([f"2024-01-05 {i % 24:02}:30" for i in range(ROWS)], "it holds dates or times"),
    "days with names": ([f"{1 + i % 9} March 2024" for i in range(ROWS)], "it holds dates or times"),
    "a name for each row": ([f"{i} Jones" for i in range(ROWS)], "40 different texts in 40 rows, like an identifier"),
    "nothing": ([None] * ROWS, "it has no values"),
    "lists": ([[1, 2]] * ROWS, "it holds lists, and neither numbers nor texts"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_columns_that_teach_nothing_are_left_out_with_a_word(name):
    values, reason = LEFT_OUT[name]
    prepared = prepare(table(x=ramp(), other=values, y=ramp()))
    assert prepared.features == ["x"]
    assert reason in prepared.left_out["other"]
    assert len(prepared.notes) == 1
    assert prepared.notes[0].startswith("Left out, since ")
    assert prepared.notes[0].endswith(": 'other'.")


@pytest.mark.parametrize("name", ["id", "row", "customer_id", "customerId", "Patient ID", "uuid"])
def test_whole_numbers_that_number_the_rows_are_left_out_if_named_so(name):
    numbers = [(7 * i) % ROWS + 100 for i in range(ROWS)]
    prepared = prepare(table(**{"x": ramp(), name: numbers, "y": ramp()}))
    assert list(prepared.left_out) == [name]
    assert prepare(table(x=ramp(), year=numbers, y=ramp())).features == ["x", "year"]
    assert prepare(table(**{"x": ramp(), name: [i // 2 for i in range(ROWS)], "y": ramp()})).features == ["x", name]


def test_ten_thousand_texts_are_an_identifier():
    texts = [f"word {i}" for i in range(10_000)]
    prepared = prepare(table(x=ramp(10_000), text=texts, y=ramp(10_000)))
    assert "more than 1,000 different texts in 10,000 rows" in prepared.left_out["text"]
    with pytest.raises(DataError, match="No column is left to predict 'y' from.*'text': it holds more than 1,000"):
        prepare(table(text=texts, y=ramp(10_000)))


def test_categories_are_those_of_the_training_rows_in_alphabetical_order():
    colours = ["red", "blue", "green", "blue"] * 10
    prepared = prepare(table(colour=colours, y=ramp()))
    assert prepared.features == ["colour=blue", "colour=green", "colour=red"]
    for part in prepared.parts.values():
        assert [prepared.columns[0].values[i] for i in part.x.argmax(axis=1)] == [colours[row] for row in part.rows]
        assert part.x.sum(axis=1).tolist() == [1] * len(part)


def test_sizes_with_a_sign_are_categories():
    prepared = prepare(table(rooms=["1", "2", "3", "4+"] * 10, y=ramp()))
    assert prepared.features == ["rooms=1", "rooms=2", "rooms=3", "rooms=4+"]


def gaps(values, every):
    return [None if i % every == 3 else value for i, value in enumerate(values)]


def test_rows_with_missing_values_are_dropped_and_counted():
    prepared = prepare(table(x=gaps(ramp(), 10), day=gaps([date(2024, 1, 1)] * ROWS, 2), y=ramp()), missing="drop")
    rows = np.concatenate([part.rows for part in prepared.parts.values()])
    assert sorted(rows) == [i for i in range(ROWS) if i % 10 != 3]
    assert prepared.notes[-1] == "4 of 40 rows are dropped, since values are missing: 4 in 'x'."


def test_missing_values_are_filled_in_from_the_training_rows():
    colours = gaps(["red", "red", "blue", "red"] * 10, 8)
    prepared = prepare(table(x=gaps(ramp(), 10), colour=colours, y=gaps(ramp(), 20)), missing="impute")
    number, category = prepared.columns
    train = prepared.parts["train"].rows
    known = [gaps(ramp(), 10)[row] for row in train if row % 10 != 3]
    assert number.fill == pytest.approx(np.mean(known))
    assert category.fill == "red"
    for part in prepared.parts.values():
        for x, row in zip(part.x, part.rows, strict=True):
            assert row % 20 != 3
            if row % 10 == 3:
                assert x[0] == 0
            if row % 8 == 3:
                assert x[1:].tolist() == [0, 1]
    assert "2 of 40 rows are dropped, since values are missing: 2 in 'y'." in prepared.notes
    assert any("4 missing values of 'x': filled in with its mean" in note for note in prepared.notes)
    assert any(
        "5 missing values of 'colour': filled in with its most frequent text, 'red'" in n for n in prepared.notes
    )


def test_classes_are_weighed_against_how_often_they_are():
    prepared = prepare(table(x=ramp(), y=["a", "b", "b", "b"] * 10), balance=True)
    counts = np.bincount(prepared.parts["train"].y.ravel().astype(int))
    assert prepared.class_weights == pytest.approx(counts.sum() / (2 * counts))
    assert prepared.notes[-1].startswith("The classes weigh in the loss: a ")
    assert prepare(table(x=ramp(), y=["a", "b"] * 20)).class_weights is None


def test_parts_know_their_rows():
    prepared = prepare(table(x=[float(i) for i in range(ROWS)], y=ramp()), seed=2)
    column = prepared.columns[0]
    for part in prepared.parts.values():
        assert part.rows.dtype == np.int64
        np.testing.assert_allclose(part.x[:, 0] * column.std + column.mean, part.rows, atol=1e-4)
        assert prepared.table.pick(part.rows)["x"].to_list() == part.rows.tolist()


def test_columns_are_described():
    frame = table(x=gaps(ramp(), 10), colour=["red", "blue", "red", "red"] * 10, c=[7] * ROWS, y=["a", "b"] * 20)
    described = {row["name"]: row for row in describe_columns(prepare(frame, missing="drop"))}
    assert list(described) == ["x", "colour", "c", "y"]
    values = [value for value in gaps(ramp(), 10) if value is not None]
    x = described["x"]
    assert (x["role"], x["kind"], x["count"], x["missing"]) == ("input", "number", 36, 4)
    assert (x["min"], x["max"]) == (min(values), max(values))
    assert (x["mean"], x["std"]) == pytest.approx((np.mean(values), np.std(values)))
    colour = described["colour"]
    assert (colour["kind"], colour["distinct"], colour["most_common"], colour["mean"]) == ("category", 2, "red", None)
    assert (described["c"]["role"], described["y"]["role"]) == ("left out", "target")
    assert described["c"]["reason"] == "it is 7 in every training row"


def test_classes_are_counted_in_every_part():
    prepared = prepare(table(x=ramp(), y=["a", "b", "b", "b"] * 10))
    first, second = class_counts(prepared)
    assert (first["label"], second["label"]) == ("a", "b")
    assert sum(first[part] for part in prepared.parts) == 10
    assert {part: first[part] + second[part] for part in prepared.parts} == {"train": 28, "validation": 6, "test": 6}
    assert class_counts(prepare(table(x=ramp(), y=ramp()))) == []


INTEGERS = [i % 7 for i in range(ROWS)]
TYPES = {
    "small integers": pl.Series(INTEGERS, dtype=pl.Int8),
    "integers beyond int64": pl.Series([2**64 - 1 - i for i in INTEGERS], dtype=pl.UInt64),
    "wide integers": pl.Series(range(ROWS), dtype=pl.Int128),
    "single precision": pl.Series(ramp(), dtype=pl.Float32),
    "decimals": pl.Series([f"{i}.5" for i in range(ROWS)]).cast(pl.Decimal(10, 2)),
    "categories": pl.Series(["a", "b", "a", "c"] * 10, dtype=pl.Categorical),
    "an enumeration": pl.Series(["a", "b"] * 20, dtype=pl.Enum(["b", "a"])),
    "truth values": pl.Series([True, False, None, True] * 10),
    "empty texts": pl.Series(["", "a"] * 20),
    "digits as text": pl.Series([f"{i:03}" for i in INTEGERS]),
    "durations": pl.Series([timedelta(i) for i in range(ROWS)]),
    "times with a zone": pl.Series([datetime(2024, 1, 1 + i) for i in INTEGERS]).dt.replace_time_zone("UTC"),
    "records": pl.Series([{"a": i} for i in range(ROWS)]),
    "bytes": pl.Series([b"x"] * ROWS),
    "nothing": pl.Series([None] * ROWS),
    "one value": pl.Series([None] * (ROWS - 1) + [3.0]),
}
# What no target can be, or too few rows have.
NO_TARGETS = {"durations", "times with a zone", "records", "bytes", "nothing", "one value"}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_any_type_is_an_input_or_left_out(name):
    prepared = prepare(table(x=ramp(), other=TYPES[name], y=ramp()), missing="impute")
    assert all(np.isfinite(part.x).all() for part in prepared.parts.values())
    assert ("other" in prepared.left_out) != any(column.name == "other" for column in prepared.columns)


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_any_type_is_a_target_or_refused(name):
    if name in NO_TARGETS:
        with pytest.raises(DataError, match="'y'"):
            prepare(table(x=ramp(), y=TYPES[name]), missing="drop")
    else:
        prepared = prepare(table(x=ramp(), y=TYPES[name]), missing="drop")
        assert all(np.isfinite(part.y).all() for part in prepared.parts.values())


def test_few_rows_are_all_trained_on():
    assert set(prepare(table(x=[1.0, 2.0, 4.0], y=[1.5, 2.5, 4.5])).parts) == {"train"}


def test_xor_is_never_split():
    assert len(prepare(load_table("xor")).parts["train"]) == 4


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_the_same_every_time(name):
    one, two = load_table(name), load_table(name)
    assert one.frame.equals(two.frame)
    assert one.digest == two.digest
    assert one.target in one.frame.columns


def test_digest_is_of_the_files_bytes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n")
    first = load_table(str(path)).digest
    path.write_text("x,y\n1,3\n")
    assert len(first) == 64
    assert load_table(str(path)).digest != first


def test_target_is_the_last_column_unless_given(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n")
    assert load_table(str(path)).target == "y"
    assert load_table(str(path), "x").target == "x"


def test_regression_is_measured_in_the_targets_units():
    prepared = prepare(table(x=ramp(), y=[1000 + 50 * v for v in ramp()]))
    y = prepared.parts["test"].y
    half_a_deviation = prepared.task.measure(y + np.float32(0.5), y)
    assert half_a_deviation["rmse"] == pytest.approx(prepared.task.std / 2, rel=1e-4)
    assert prepared.task.measure(y, y) == {"r2": 1.0, "rmse": 0.0}
    assert prepared.task.measure(np.full_like(y, y.mean()), y)["r2"] == pytest.approx(0, abs=1e-6)


def test_accuracy_of_scores():
    binary, _ = find_task(pl.Series("y", [0, 1] * 9))
    assert binary.measure(np.array([[-2.0], [3.0], [0.1]]), np.array([[0.0], [1.0], [0.0]]))["accuracy"] == 2 / 3
    classes, _ = find_task(pl.Series("y", ["a", "b", "c"]))
    assert classes.measure(np.array([[9.0, 1, 2], [0, 1, 2]]), np.array([0, 1]))["accuracy"] == 0.5


MISSING = [None, *ramp()[1:]]
BAD = {
    "missing inputs": (dict(x=MISSING, z=MISSING, y=ramp()), r"1 in 'x', 1 in 'z' \(first in row 1\)"),
    "missing targets": (dict(x=ramp(), y=MISSING), "1 in 'y'"),
    "text among numbers": (
        dict(x=[*map(str, range(ROWS - 1)), "12 cm"], y=ramp()),
        f"'x' holds the text '12 cm' in row {ROWS}, where numbers are needed: 39 of its 40 values are numbers",
    ),
    "text among the target's numbers": (dict(x=ramp(), y=["n/k", *map(str, range(ROWS - 1))]), "'n/k' in row 1"),
    "only what is left out": (
        dict(id=list(range(ROWS)), c=[7] * ROWS, y=ramp()),
        "No column is left to predict 'y' from. Left out are 'id': it numbers the rows.*'c': it is 7 in every",
    ),
    "two rows": (dict(x=[1.0, 2.0], y=[1.5, 2.5]), "made.csv has 2 rows to learn from, and at least 3 are needed"),
    "dates to predict": (dict(x=ramp(), y=[date(2024, 1, 1 + i % 9) for i in range(ROWS)]), "'y' holds values of type"),
    "numbers beyond bounds": (dict(x=[-1e308, 1e308] * 20, y=ramp()), "whose spread is beyond"),
    "a target beyond bounds": (dict(x=ramp(), y=[-1e308, 1e308] * 20), "The target 'y' holds numbers from"),
    "infinity": (dict(x=[*ramp()[1:], float("inf")], y=ramp()), f"'x' holds inf in row {ROWS}"),
    "not a number": (dict(x=[1.0, float("nan"), *ramp()[2:]], y=ramp()), "'x' holds nan in row 2"),
    "an infinite target": (dict(x=ramp(), y=[*ramp()[1:], float("inf")]), f"'y' holds inf in row {ROWS}"),
    "a constant target": (dict(x=ramp(), y=[3] * ROWS), "is 3 in every row"),
    "only a target": (dict(y=ramp()), "is the only column"),
    "a class with one row": (
        dict(x=ramp(), y=["a", "b"] * 19 + ["b", "c"]),
        "has a class with one row only, such as 'c', which cannot",
    ),
    "an identifier": (dict(x=ramp(), y=[f"id {i}" for i in range(ROWS)]), "40 classes in 40 rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_data_that_cannot_be_trained_on_is_refused_with_its_place(name):
    columns, words = BAD[name]
    with pytest.raises(DataError, match=words):
        prepare(table(**columns))


def test_what_to_do_about_missing_values_is_one_of_three_ways():
    with pytest.raises(ValueError, match="missing must be one of 'error', 'drop', 'impute', not 'fill'"):
        prepare(table(x=ramp(), y=ramp()), missing="fill")


def test_quantities_are_not_balanced():
    with pytest.raises(DataError, match="no classes to balance: the target 'y' is a quantity"):
        prepare(table(x=ramp(), y=ramp()), balance=True)


def test_when_every_row_misses_something_none_is_left():
    sparse = table(x=[None, 1.0] * 20, z=[2.0, None] * 20, y=ramp())
    with pytest.raises(DataError, match=r"Every row misses a value \(20 in 'x', 20 in 'z'\)"):
        prepare(sparse, missing="drop")


def test_unknown_target_offers_the_closest_columns():
    with pytest.raises(DataError, match=r"no column 'speces' to be the target\. Did you mean 'species'\?"):
        load_table("iris", "speces")


def test_unknown_problem_offers_the_closest():
    with pytest.raises(DataError, match=r"neither a file nor a built-in problem\. Did you mean 'iris'\?"):
        load_table("irsi")
