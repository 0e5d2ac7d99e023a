"""The doctor against the zoo: silent at healthy programs, and the right cause first at faulty ones."""

import pytest

from doctor.zoo.faults import FAULTS, DoesNotFit
from doctor.zoo.programs import ADAM, PROGRAMS, SGD
from doctor.zoo.run import is_worse, marked, run

#: Faults are tried here on these programs only; `python -m benchmarks.doctor` tries every program.
HOSTS = ("xor", "circles", "blobs", "linear", "dropout", "own module", "batch norm", "schedule", "by hand", "recurrent")
HEALTHY = {program.name: program for program in PROGRAMS}


@pytest.mark.parametrize("kind", [SGD, ADAM])
@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_said_aloud_of_a_healthy_program(name, kind):
    outcome = run(name, HEALTHY[name].text(0, kind), HEALTHY[name].score)
    assert outcome.error is None
    assert outcome.score < 0.7  # it does train: of most scores 1 or ln 2 is what a constant answer comes to
    assert [finding.rule for finding in outcome.loud] == []


def hosts(fault):
    """The first two of the programs that the fault can be written into."""
    found = []
    for name in (*HOSTS, *HEALTHY):
        try:
            faulty = fault.change(HEALTHY[name].text(0, SGD))
        except DoesNotFit:
            continue
        found.append((name, faulty))
    return list(dict(found).items())[:2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.rule}: {fault.name}".rstrip(": "))
def test_the_right_cause_comes_first_at_its_line(fault):
    for name, faulty in hosts(fault):
        score = HEALTHY[name].score
        outcome = run(f"{name}, {fault.rule} {fault.name}", faulty, score)
        if fault.harms and not is_worse(outcome, run(name, HEALTHY[name].text(0, SGD), score)):
            continue
        assert outcome.findings, f"nothing was said of {name}"
        assert outcome.findings[0].rule in (fault.rule, *fault.also), name
        if fault.group in "AB":
            assert outcome.findings[0].line in marked(faulty), name


def test_every_fault_can_be_written_into_some_program():
    assert [fault.rule for fault in FAULTS if not hosts(fault)] == []
