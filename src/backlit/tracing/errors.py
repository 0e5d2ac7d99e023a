"""What a record cannot hold."""


class TraceError(RuntimeError):
    """A step that cannot be written down faithfully; the message says what to write instead."""
