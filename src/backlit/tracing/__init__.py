"""The record of a step: `trace` runs it and writes down every call of NumPy, with what came of it."""

from backlit.tracing.errors import TraceError as TraceError
from backlit.tracing.graph import Graph as Graph
from backlit.tracing.graph import Line as Line
from backlit.tracing.record import recording as recording
from backlit.tracing.record import trace as trace
