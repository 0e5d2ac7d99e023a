"""The offer of names that may have been meant."""

from backlit.suggest import did_you_mean


def test_close_names_are_offered_whatever_their_case():
    assert did_you_mean("TARGTE", ["age", "Target"]) == "Did you mean 'Target'?"


def test_few_names_are_listed_where_none_is_close():
    assert did_you_mean("zzz", ["a", "b"]) == "There are: 'a', 'b'."


def test_many_names_are_listed_in_part():
    words = did_you_mean("zzz", [f"column {i}" for i in range(50)])
    assert words.endswith("'column 19' and 30 more.")


def test_no_names_at_all():
    assert did_you_mean("a", []) == "There are none."
