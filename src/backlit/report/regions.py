"""What a network of two inputs answers in their plane, as a chart on the page's own paper."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, cast

import numpy as np

from backlit.report import charts
from backlit.report.pictures import boundary

if TYPE_CHECKING:
    from backlit.plots.boundary import Regions
    from backlit.train.table import Trained


def region_chart(trained: Trained) -> str:
    """The regions with the rows in them; "" for another number of inputs, and for a quantity."""
    if trained.prepared.task.kind == "regression" or len(trained.prepared.features) != 2:
        return ""
    found = boundary(trained)
    (left, right), (low, high) = found.edges
    across = charts.Scale(left, right, charts.LEFT, charts.WIDTH - charts.RIGHT)
    up = charts.Scale(low, high, charts.HEIGHT - charts.BOTTOM, charts.TOP)
    parts = [image(found), *charts.axes(across, up, *trained.prepared.features), *circles(found, across, up)]
    keys = " ".join(
        f'<span class="dot" style="background:{colour(k)}"></span>{escape(name)} &nbsp;'
        for k, name in enumerate(found.names)
    )
    caption = (
        f"<figcaption>{keys} The deeper a region, the surer the network; points are rows of all parts.</figcaption>"
    )
    chart = charts.drawing(parts, "The regions of the two inputs, and rows in them")
    return f'<figure><div class="wide">{chart}</div>{caption}</figure>'


def image(found: Regions) -> str:
    """The regions as a see-through picture that fills the axes."""
    from matplotlib.image import imsave

    from backlit.plots.boundary import shade

    file, unsigned = io.BytesIO(), cast("dict[str, str]", {"Software": None})  # no version: the same bytes tomorrow
    imsave(file, shade(found.chances), format="png", origin="lower", metadata=unsigned)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    width, height = charts.WIDTH - charts.LEFT - charts.RIGHT, charts.HEIGHT - charts.TOP - charts.BOTTOM
    return (
        f'<image x="{charts.LEFT}" y="{charts.TOP}" width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{data}"/>'
    )


def circles(found: Regions, across: charts.Scale, up: charts.Scale) -> list[str]:
    """The rows, no more than are seen."""
    step = charts.step_for(len(found.points))
    rows = zip(np.asarray(found.points)[::step], found.classes[::step], strict=True)
    return [
        f'<circle class="row" cx="{across.at(a):.1f}" cy="{up.at(b):.1f}" r="3.2" style="fill:{colour(k)}"/>'
        for (a, b), k in rows
    ]


def colour(k: int) -> str:
    from backlit.plots.canvas import style

    return style(int(k))[0]
