"""What `backlit live` begins with."""

import numpy as np
import pytest

from backlit.live.begin import begin
from backlit.train.folder import RunFolderError
from train.made import TARGETS, make_run, write_table


def test_a_problem():
    assert begin("moons").state()["settings"]["problem"] == "moons"
    assert begin(None).state()["settings"]["problem"] == "xor"


def test_a_table(tmp_path):
    path = tmp_path / "pets.csv"
    path.write_text("weight,height,pet\n" + "4,25,cat\n30,60,dog\n" * 10)
    session = begin(str(path))
    assert session.state()["settings"]["problem"] == "table"
    assert session.data()["classes"] == ["cat", "dog"]
    assert session.data()["names"] == ["weight", "height"]


@pytest.fixture
def run(tmp_path):
    """A trained run, and its folder."""
    trained = make_run(tmp_path / "run", write_table(tmp_path / "t.csv"), activation="tanh", optimizer="adamw", seed=3)
    return trained, tmp_path / "run"


@pytest.mark.parametrize("task", TARGETS)
def test_a_run_has_its_weights_and_its_rows(tmp_path, task):
    trained = make_run(tmp_path / "run", write_table(tmp_path / "t.csv", task))
    session = begin(str(tmp_path / "run"))
    now = session.training.model.state_dict()
    for name, tensor in trained.model.state_dict().items():
        np.testing.assert_array_equal(now[name].array, tensor.array)
    assert session.training.measures.loss == trained.metrics["train"]["loss"]
    rows = session.data()["rows"]
    assert rows["train"] == trained.metrics["train"]["rows"]
    assert rows["test"] == sum(trained.metrics[part]["rows"] for part in ("validation", "test"))


def test_a_runs_options_are_the_settings(run):
    settings = begin(str(run[1])).state()["settings"]
    wanted = {"hidden": [6], "activation": "tanh", "optimizer": "adamw", "learning-rate": 0.05, "seed": 3, "batch": 32}
    assert {name: settings[name] for name in wanted} == wanted


def test_a_run_shows_its_rows_in_their_own_units(run):
    data = begin(str(run[1])).data()
    assert data["names"] == ["size", "colour=blue", "colour=green", "colour=red"]
    assert data["classes"] == ["big", "small"]
    place = [data["names"][axis] for axis in data["axes"]].index("size")
    sizes = np.array(data["points"])[:, place]
    is_small = np.array(data["labels"]) == 1
    assert sizes[is_small].max() <= 4 < sizes[~is_small].min()


def test_a_run_goes_on_from_its_weights_and_can_come_back_to_them(run):
    session = begin(str(run[1]))
    before = session.training.measures.loss
    session.answer({"do": "step", "what": "batch"})
    assert session.training.measures.loss != before
    session.answer({"do": "scrub", "step": 0})
    assert session.training.measures.loss == before


def test_what_of_a_run_is_left_behind_is_said(tmp_path):
    make_run(tmp_path / "run", write_table(tmp_path / "t.csv"), schedule="cosine", epochs=3)
    notes = " ".join(begin(str(tmp_path / "run")).state()["notes"])
    assert "the optimizer begins anew" in notes
    assert "The run had the schedule cosine; here the rate stays at 0.05." in notes


def test_a_run_whose_data_have_changed(run, tmp_path):
    write_table(tmp_path / "t.csv", rows=81)
    with pytest.raises(RunFolderError, match="cannot be shown: .* has changed since the run began"):
        begin(str(run[1]))


def test_a_run_that_is_too_wide(tmp_path):
    make_run(tmp_path / "run", write_table(tmp_path / "t.csv"), hidden=(65,), epochs=1)
    with pytest.raises(RunFolderError, match="is beyond what the live page shows. Hidden layers is at most 64, and 65"):
        begin(str(tmp_path / "run"))
