"""A file that is replaced is there whole or not at all."""

import os
import stat

import pytest

from backlit.interop.replacing import replacing


def test_the_file_appears_only_when_the_block_has_ended(tmp_path):
    target = tmp_path / "weights.bin"
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["weights.bin"]


def fail_halfway(path):
    path.write_bytes(b"half")
    raise OSError("No space left on device")


def test_an_exception_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    target = tmp_path / "weights.bin"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left"), replacing(target) as temporary:
        fail_halfway(temporary)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_permissions_and_symbolic_links_are_kept(tmp_path):
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    with replacing(link) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_device_is_written_to_and_not_replaced():
    with replacing(os.devnull) as temporary:
        temporary.write_bytes(b"gone")
    assert not os.path.isfile(os.devnull)
