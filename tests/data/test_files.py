"""CSV files: what is read, and what is said about files that are amiss."""

import os
import sys

import polars as pl
import pytest

from backlit.data.chunks import whole
from backlit.data.errors import DataError
from backlit.data.files import open_csv


@pytest.fixture
def csv(tmp_path):
    """Writes a file of text or bytes, and gives its path."""

    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


READ = {
    "commas": "a,b\n1,2\n3,4\n",
    "semicolons": "a;b\n1;2\n3;4\n",
    "tabs": "a\tb\n1\t2\n3\t4\n",
    "spaces around": " a , b \n1, 2\n 3 ,4\n",
    "a byte order mark": "\ufeffa,b\n1,2\n3,4\n",
    "Windows line ends": "a,b\r\n1,2\r\n3,4\r\n",
    "no last line end": "a,b\n1,2\n3,4",
    "blank lines": "a,b\n1,2\n\n3,4\n\n",
    "quotation marks": 'a,"b"\n"1",2\n3,"4"\n',
}


@pytest.mark.parametrize("name", READ)
def test_ways_to_write_the_same_table(csv, name):
    frame = whole(open_csv(csv(READ[name])))
    assert frame.columns == ["a", "b"]
    assert frame.cast(pl.Float64).rows() == [(1, 2), (3, 4)]


def test_decimal_commas_are_read_where_semicolons_separate(csv):
    frame = whole(open_csv(csv("a;b;c;d\n1,5;5.269,58;3,5 kg;x\n-2;12,25;4,5 kg;y\n")))
    assert frame.select("a", "b").rows() == [(1.5, 5269.58), (-2, 12.25)]
    assert frame["c"].to_list() == ["3,5 kg", "4,5 kg"]


def test_a_number_whose_point_may_stand_between_thousands_is_not_guessed(csv):
    frame = whole(open_csv(csv("a;b\n5.269,58;1\n5.269;2\n")))
    assert frame["a"].to_list() == ["5.269,58", "5.269"]


def test_types_are_decided_by_all_rows(csv):
    many = "".join(f"{i},{i},yes\n" for i in range(500))
    frame = whole(open_csv(csv(f"i,late,word\n{many}7,0.5,no\n")))
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "Float64", "String"]


def test_words_for_no_value_are_missing_values(csv):
    frame = whole(open_csv(csv("a,b\n1,x\nNA,y\n3,None\n4,?\n")))
    assert frame["a"].to_list() == [1, None, 3, 4]
    assert frame["b"].to_list() == ["x", "y", "None", None]


BAD = {
    "empty": ("", "is empty"),
    "blank lines only": ("\n\n\n", "is empty"),
    "names only": ("a,b\n", "no rows below"),
    "a line too long": ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, and the first line names 2 columns"),
    "a line too short": ("a,b\n1,2\n3\n", "line 3 has 1 fields"),
    "names and blank lines": ("a,b\n\n\n", "no rows below"),
    "binary": (bytes(range(256)) * 4, "is not text"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "is UTF-16. Save it as UTF-8"),
    "zipped": (b"PK\x03\x04\x00\x00rest", "is not text"),
    "Latin-1": ("name,n\nx,1\nJosé,2\n".encode("latin-1"), "line 3: byte 0xe9 is not UTF-8"),
    "a name twice": ("a,b,a\n1,2,3\n", "more than one column of the name 'a'"),
    "a column without a name": ("a,,c\n1,2,3\n", "column 2 has no name"),
    "no names": ("1,2\n3,4\n", "the first line holds numbers"),
    "an open quotation mark": ('a,b\n1,"2\n3,4\n', "quotation mark left open"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_amiss_is_named_with_its_fault(csv, name):
    content, words = BAD[name]
    path = csv(content)
    with pytest.raises(DataError, match=words) as caught:
        whole(open_csv(path))
    assert str(path) in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*gone\.csv"):
        whole(open_csv(tmp_path / "gone.csv"))


def test_a_directory(tmp_path):
    with pytest.raises(DataError, match="is a directory"):
        whole(open_csv(tmp_path))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_that_may_not_be_read(csv):
    path = csv("a,b\n1,2\n")
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        whole(open_csv(path))
