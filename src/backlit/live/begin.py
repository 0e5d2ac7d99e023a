"""What `backlit live` begins with: a problem, a table, or a run of `backlit train`."""

from __future__ import annotations

from pathlib import Path

from backlit.live.session import Session
from backlit.live.uploads import MOST_BYTES, read_table, target_of, too_large


def begin(data: str | None) -> Session:
    """The session that shows `data`: a problem's name, a CSV file or a run folder; None is the first problem.

    Raises DataError, RunFolderError or Refusal, in words for whoever wrote the command.
    """
    if data is None:
        return Session()
    path = Path(data)
    if path.is_file():
        return of_file(path)
    return Session(problem=data)


def of_file(path: Path) -> Session:
    if path.stat().st_size > MOST_BYTES:
        raise too_large()
    table = read_table(path.read_bytes())
    session = Session()
    session.upload(table, target_of(None, table))
    return session
