"""Running a small program, written as text, under the doctor."""

from backlit.doctor import RULES
from backlit.doctor.script import place_of
from backlit.doctor.watch import Watch

NAMES = (("import torch.nn.functional as F", "import backlit.nn.functional as F"), ("from torch", "from backlit"),
         ("import torch\n", "import backlit as torch\n"))  # fmt: skip


def run(program, path, silence=()):
    """What is found in a program, causes first; an error that it raises is the doctor's to explain."""
    for theirs, ours in NAMES:
        program = program.replace(theirs, ours)
    path.write_text(program)
    names = {"__name__": "__main__"}
    watch = Watch(RULES, silence=silence)
    with watch:
        try:
            exec(compile(program, str(path), "exec"), names)
        except Exception as error:
            watch.tell("on_error", error, place_of(error, str(path)))
            if not watch.findings:
                raise
        watch.finish()
    return names.get("findings", watch.findings)
