"""The benchmark of tables: scikit-learn sees Backlit's rows, and the tables say who is the better."""

import polars as pl
import pytest
from benchmarks.peers.table_mlp import measure
from benchmarks.table_data import customers, rents
from benchmarks.tables import Runs, compared, train


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_learns_with_both_settings():
    for found in measure("iris", 0).values():
        assert found["score"] > 0.8
        assert found["seconds"] > 0


def test_a_run_is_measured(tmp_path):
    runs = Runs()
    assert train("iris", tmp_path / "run", runs, ["--epochs", "40"]) == "accuracy"
    assert runs.scores[0] > 0.8
    assert 0 < runs.training[0] < runs.seconds[0]
    assert runs.peaks[0] > 1e7


def test_the_difference_has_its_noise():
    own, other = Runs([0.9, 0.8], [1, 2], [1, 1], [2**20], "accuracy"), Runs([0.7, 0.8], training=[3, 5])
    lines = compared({"iris": {"Backlit": own, "as it comes": other, "same options": own}}).splitlines()
    assert "| iris | accuracy | 0.8500 | 0.7500 | 0.8500 | +0.1000 ± 0.2000 | +0.0000 ± 0.0000 |" in lines
    assert "| iris | 1.00 | 4.00 | 1.00 | 1.50 | 1 |" in lines


@pytest.mark.parametrize("make", [customers, rents])
def test_the_tables_have_text_and_gaps(make, tmp_path):
    frame = pl.read_csv(make(tmp_path))
    assert frame.schema["city"] == pl.String
    assert all(0 < frame[name].null_count() < 0.1 * frame.height for name in frame.columns[:-1])
    assert frame[frame.columns[-1]].null_count() == 0
