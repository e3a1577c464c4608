"""A CSV file as text: every line counted, every row as wide as the header."""

import pytest

from evisynth.effects import TableError, effects_of_table
from evisynth.effects.text_table import read_text_table

HEADER = "study,yi,vi"


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "studies.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_text_table(path)

    return read


@pytest.mark.parametrize(
    "text",
    [
        "study,yi,vi\na,1,2\nb,3,4\n",
        "\ufeffstudy,yi,vi\na,1,2\nb,3,4\n",
        "study,yi,vi\r\na,1,2\r\nb,3,4\r\n",
        "study,yi,vi\ra,1,2\rb,3,4",
        "study,yi,vi\na,1,2,\nb,3,4,\n",
        "study,yi,vi,,\na,1,2,,\nb,3,4,,\n",
        " study , yi,vi\n a , 1,2\nb,3, 4\n",
        '"study","yi","vi"\n"a","1","2"\n"b","3","4"\n',
    ],
)
def test_one_table_written_many_ways(read, text):
    table = read(text)
    assert table.columns == ("study", "yi", "vi")
    assert [table[name] for name in table.columns] == [["a", "b"], ["1", "3"], ["2", "4"]]
    assert table.lines == [2, 3]
    assert table.to_frame().attrs["lines"] == [2, 3]


def test_commas_and_quotes_in_names(read):
    assert read('study,yi,vi\n"Smith, 2001",1,2\n"O""Neil",3,4\n')["study"] == ["Smith, 2001", 'O"Neil']


def test_lines_are_those_of_the_file(read):
    table = read('\nstudy,yi,vi\n\n"a\nb",1,2\n,,\nc,3,x\n')
    assert table.lines == [4, 7]
    with pytest.raises(TableError, match=r"line 7 \(c\), column vi: found 'x'"):
        effects_of_table(table, "generic")
    with pytest.raises(TableError, match="line 7, column study: found 'c' again \\(first on line 4\\)"):
        effects_of_table(read("\nstudy,yi,vi\n\nc,1,2\n\n\nc,3,1\n"), "generic")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; the first line names the columns"),
        ("\n \n", "is empty"),
        ("study,yi,vi\na,1,2,3\nb,1,2,3\n", "line 2 (a): found 4 cells, allowed 3"),
        ("study,yi,vi\na,0,5,0,2\n", "decimals are written with a point"),
        ("study,yi,vi\na,1\n", "line 2 (a): found 2 cells, allowed 3"),
        ("study;yi;vi\na;0,5;0,2\n", "separated by semicolons"),
        ("study\tyi\tvi\na\t1\t2\n", "separated by tabs"),
        ('study,yi,vi\n"a,1,2\nb,3,4\n', "line 2: found a row that is not comma-separated text"),
        (b"study,yi,vi\na,1,2\n\xe9,3,4\n", "line 3: found the byte 0xe9, allowed text in UTF-8"),
        ("study,yi,vi,\na,1,2,3\n", "line 1, column 4: found no name"),
    ],
)
def test_what_is_no_table_is_said(read, text, words):
    with pytest.raises(TableError) as caught:
        read(text)
    assert words in str(caught.value)


def test_all_rows_of_a_wrong_width_are_named(read):
    with pytest.raises(TableError) as caught:
        read("study,yi,vi\na,1,2,3\nb,1,2\nc,1\n")
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["line 2 (a)", "line 4 (c)"]


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(TableError, match="there is no file"):
        read_text_table(tmp_path / "none.csv")
    with pytest.raises(TableError, match="is a folder"):
        read_text_table(tmp_path)
