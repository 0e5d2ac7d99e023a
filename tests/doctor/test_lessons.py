"""Every lesson's wrong program is named for what it is, and nothing is said of the right one."""

import pytest

from backlit.doctor import RULES
from backlit.doctor.lessons import LessonError, lesson, lessons
from doctor.programs import run


def test_every_rule_has_a_lesson():
    assert set(lessons()) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", lessons())
def test_the_wrong_program_is_named(rule, tmp_path):
    found = run(lessons()[rule]["wrong"], tmp_path / "program.py")
    assert [each.rule for each in found][:1] == [rule]


@pytest.mark.parametrize("rule", lessons())
def test_nothing_is_said_of_the_right_program(rule, tmp_path):
    found = run(lessons()[rule]["right"], tmp_path / "program.py")
    assert [str(each) for each in found if each.severity != "note"] == []


def test_a_lesson_tells_symptom_cause_and_both_programs():
    told = lesson("missing-zero-grad")
    wrong, right = told.split("The right one:")
    assert "What one sees:" in wrong
    assert "zero_grad()\n" not in wrong.split("A wrong program:")[1]
    assert "opt.zero_grad()" in right


def test_an_unknown_rule_is_answered_with_the_closest():
    with pytest.raises(LessonError, match=r"no rule 'missing-zerograd'.*missing-zero-grad"):
        lesson("missing-zerograd")
