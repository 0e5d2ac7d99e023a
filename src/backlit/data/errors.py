"""What is wrong with somebody's data, in one message that they can act on."""

from __future__ import annotations


class DataError(ValueError):
    """Data that cannot be trained on: the message says what was found, where, and what to do."""
