"""A question is answered to whoever asked it, and is no news to the other pages."""

import pytest

from backlit.live.session import Session


@pytest.mark.parametrize(
    "question",
    [
        {"do": "inspect", "neuron": [1, 0], "row": None},
        {"do": "inspect", "weight": [1, 0, "b"]},
        {"do": "probe", "at": [0.0, 1.0]},
        {"do": "program", "language": "numpy"},
    ],
)
def test_a_question_is_no_news(question):
    session = Session()
    session.news()
    (answer,) = session.answer(question)
    assert answer["is"] in ("inspection", "probe", "program")
    assert session.news() == []


def test_what_changes_something_stays_news_after_a_question():
    session = Session()
    session.news()
    session.answer({"do": "edit", "layer": 1, "neuron": 0, "input": 0, "value": 0.5})
    session.answer({"do": "inspect", "weight": [1, 0, 0]})
    assert [each["is"] for each in session.news()] == ["state"]
