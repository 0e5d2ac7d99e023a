"""What stands on the page while nothing is chosen: each layer's numbers, and which classes are taken for which."""

import numpy as np
import pytest

from backlit.live.session import Session
from live.looking import eventually


def test_each_layer_and_each_class_is_counted(visit):
    live = visit(Session("iris", hidden=(5,)))
    live.run_to(40)
    page, session = live.page, live.session

    def shown(name, part):
        cells = page.locator(name).locator(part).all()
        return [float(cell.get_attribute("data-value") or cell.inner_text()) for cell in cells]

    layers = session.training.measures.layers
    eventually(page, lambda: shown("[data-overview=layers]", ".num") == layers[:, [0, 2]].reshape(-1).tolist())
    table = np.array(session.state()["confusion"]["table"])
    eventually(page, lambda: shown("[data-overview=confusion]", "td[class]") == table.reshape(-1).tolist())
    assert np.trace(table) / table.sum() == pytest.approx(session.training.measures.test_accuracy)
