"""Rows of a table by number."""

from __future__ import annotations

from backlit.functions.lookup import embedding as embedding
from backlit.functions.lookup import one_hot as one_hot
