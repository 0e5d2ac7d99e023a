"""A finished run for people: its pictures, and one page that tells all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backlit.report.page import page as page
from backlit.report.pictures import write_pictures as write_pictures

if TYPE_CHECKING:
    from backlit.train.table import Trained


def write_report(trained: Trained, folder: Path) -> None:
    """`report.html`."""
    (folder / "report.html").write_bytes(page(trained).encode("utf-8", "replace"))
