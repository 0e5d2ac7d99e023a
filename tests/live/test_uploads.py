"""Tables that are given to the page: what is read, and what is refused in which words."""

import numpy as np
import pytest

from backlit.live.session import Session
from backlit.live.uploads import MOST_BYTES, MOST_ROWS, UploadError, read_table
from live.serving import hear_until, running


def refused(body):
    with pytest.raises(UploadError) as caught:
        read_table(body)
    return str(caught.value)


def test_numbers_and_the_names_of_classes():
    table = read_table(b"a,b,species\n1,2.5,dog\n-3e2, 4 ,cat\n\n5,6,dog\n")
    assert table.names == ["a", "b", "species"]
    assert table.labels == {"species": ["cat", "dog"]}
    np.testing.assert_array_equal(table.values, [[1, 2.5, 1], [-300, 4, 0], [5, 6, 1]])


def test_what_spreadsheets_write():
    table = read_table("\ufeffx;y;art\r\n1,5;2;groß\r\n3;4,25;\"a;b\"\r\n".encode())
    assert table.names == ["x", "y", "art"]
    np.testing.assert_array_equal(table.values, [[1.5, 2, 1], [3, 4.25, 0]])
    assert table.labels["art"] == ["a;b", "groß"]


def test_tabs_separate_too():
    np.testing.assert_array_equal(read_table(b"a\tb\n1\t2\n").values, [[1, 2]])


WRONG = {
    "nothing": (b"", "The file is empty."),
    "blank": (b" \n\n", "The file is empty."),
    "header only": (b"a,b\n", "The file has a line of column names and no rows below it."),
    "one column": (b"a\n1\n", "The file has 1 columns; 2 to 64 are taken, one of them the target."),
    "65 columns": (b",".join(b"c%d" % k for k in range(65)) + b"\n", "The file has 65 columns; 2 to 64 are taken"),
    "no names": (b"1,2\n3,4\n", "the first line holds numbers (1, 2), and should name the columns"),
    "a name twice": (b"a,a\n1,2\n", "more than one column of the name 'a'"),
    "a column without a name": (b"a,\n1,2\n", "column 2 has no name in the first line"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\r", "it holds zero bytes"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "The file is UTF-16."),
    "another encoding": ("a,b\n1,2\n1,größer\n".encode("latin-1"), "Line 3: byte 0xf6 is not UTF-8."),
    "NaN": (b"a,b\n1,2\n\n3,NaN\n", "Line 4: column 'b' holds 'NaN', which is not a finite number."),
    "infinity": (b"a,b\n1,2\n-inf,2\n", "Line 3: column 'a' holds '-inf', which is not a finite number."),
    "overflow": (b"a,b\n1e999,2\n", "Line 2: column 'a' holds '1e999', which is not a finite number."),
    "a word among numbers": (b"a,b\n1,2\nx,2\n", "Line 3: column 'a' holds 'x', which is no number"),
    "an underscore": (b"a,b\n1,2\n1_0,2\n", "Line 3: column 'a' holds '1_0', which is no number"),
    "an empty number": (b"a,b\n1,2\n,2\n", "Line 3: column 'a' is empty."),
    "an empty name of a class": (b"a,b\n1,x\n2,\n", "Line 3: column 'b' is empty."),
    "a short line": (b"a,b\n1,2\n3\n", "Line 3 has 1 fields, and the first line names 2 columns"),
    "a long line": (b"a,b\n1,2,3\n", "Line 2 has 3 fields"),
    "an open quotation mark": (b'a,b\n"1,2\n3,4\n', "Is a quotation mark left open?"),
    "a huge field": (b"a,b\n1," + b"x" * 200_000, "field larger than field limit"),
    "a huge name": (b"a," + b"x" * 200_000, "field larger than field limit"),
    "a long name": (b"a," + b"x" * 101 + b"\n1,2\n", "Line 1: a column's name has 101 letters; at most 100 are taken."),
    "a long class": (b"a,b\n1," + b"x" * 101, "Line 2: column 'b' has 101 letters; at most 100 are taken."),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line(name):
    body, words = WRONG[name]
    assert words in refused(body)


def test_64_columns_and_50000_rows_are_the_most():
    names, row = ",".join(f"c{k}" for k in range(64)).encode(), b",".join([b"1"] * 64)
    assert read_table(names + b"\n" + row).values.shape == (1, 64)
    most = b"a,b\n" + b"1,2\n" * MOST_ROWS
    assert read_table(most).values.shape == (MOST_ROWS, 2)
    assert refused(most + b"1,2\n") == "Line 50002: the file has more than 50,000 rows. Leave some out."


def test_a_table_goes_to_the_session_with_its_target(server):
    answer = server.upload(b"a,b\n1,2\n3,4\n", "?target=a")
    assert answer.json() == {"is": "uploaded", "rows": 2, "columns": ["a", "b"], "target": "a"}
    table, target = server.session.uploaded
    assert target == "a"
    np.testing.assert_array_equal(table.values, [[1, 2], [3, 4]])


def test_the_last_column_is_the_target_of_who_names_none(server):
    assert server.upload(b"a,b\n1,2\n").json()["target"] == "b"
    assert server.session.uploaded[1] is None


def test_a_bad_table_is_refused_with_its_line_and_changes_nothing(server):
    answer = server.upload(b"a,b\n1,nan\n")
    assert answer.status_code == 400
    assert answer.json() == {
        "is": "refused", "do": "upload", "message": "Line 2: column 'b' holds 'nan', which is not a finite number.",
    }  # fmt: skip
    assert server.session.uploaded is None


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_another_type_is_not_read(server, kind):
    answer = server.upload(b"a,b\n1,2\n", kind=kind)
    assert answer.status_code == 415
    assert "A table is sent as text/csv" in answer.json()["message"]


def test_a_type_may_name_its_encoding(server):
    assert server.upload(b"a,b\n1,2\n", kind="text/csv; charset=utf-8").status_code == 200


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_than_5_megabytes_are_not_taken(server, is_announced):
    body = b"a,b\n" + b"1" * MOST_BYTES
    answer = server.upload(body if is_announced else iter([body[:1000], body[1000:]]))
    assert answer.status_code == 413
    assert "more than 5 MB" in answer.json()["message"]
    assert server.session.uploaded is None


def test_the_session_trains_on_what_it_is_given_and_says_what_it_cannot():
    with running(Session("xor")) as server, server.socket() as page:
        assert server.upload(b"a,b,c\n" + b"1,2,x\n3,4,y\n" * 5, "?target=c").status_code == 200
        data = hear_until(page, lambda said: said["is"] == "data")
        assert (data["names"], data["classes"], data["columns"]) == (["a", "b"], ["x", "y"], ["a", "b", "c"])
        answer = server.upload(b"a,b\n1,2\n3,4\n", "?target=d")
        assert answer.status_code == 400
        assert "There is no column 'd'" in answer.json()["message"]
        assert server.session.data()["names"] == ["a", "b"]
