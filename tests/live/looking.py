"""What a person does before the page: read its numbers, and wait. Its policy forbids to run strings in it."""

import time


def value(page, stat):
    """The exact number that the page shows; 0 before there is one."""
    return float(page.get_attribute(f"[data-stat={stat}]", "data-value") or 0)


def eventually(page, is_so, seconds=20):
    """Wait until something is so; fail if it does not become so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "this did not come about"
        page.wait_for_timeout(20)
