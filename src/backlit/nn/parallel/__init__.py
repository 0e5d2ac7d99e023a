"""PyTorch's ways to spread a module over several devices. There is one device here, so the module just runs."""

from __future__ import annotations

from backlit.nn.parallel.data_parallel import DataParallel
