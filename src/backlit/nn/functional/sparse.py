"""Rows of a table by number."""

from __future__ import annotations

from backlit.functions.index import embedding as embedding
from backlit.functions.index import one_hot as one_hot
