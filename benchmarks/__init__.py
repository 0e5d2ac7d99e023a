"""The same training work in Backlit and in other libraries, run in turn on one machine: `python -m benchmarks`."""
