"""What `backlit live` begins with: a problem, a table, or a run of `backlit train`."""

from __future__ import annotations

from pathlib import Path

from backlit.data.errors import DataError
from backlit.live.problems import PROBLEMS
from backlit.live.session import Session
from backlit.live.uploads import MOST_BYTES, read_table, too_large
from backlit.suggest import did_you_mean


def begin(data: str | None) -> Session:
    """The session that shows `data`: a problem's name, a CSV file or a run folder; None is the first problem.

    Raises DataError, RunFolderError or Refusal, in words for whoever wrote the command.
    """
    if data is None or data in PROBLEMS:
        return Session() if data is None else Session(data)
    path = Path(data)
    if path.is_dir():
        from backlit.live.from_run import of_run

        return of_run(path)
    if path.is_file():
        return of_file(path)
    raise DataError(f"There is no file, run folder or problem {data}. {did_you_mean(data, PROBLEMS)}")


def of_file(path: Path) -> Session:
    if path.stat().st_size > MOST_BYTES:
        raise too_large()
    session = Session()
    session.upload(read_table(path.read_bytes()))
    return session
