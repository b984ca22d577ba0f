"""The European Central Bank's files of reference rates, read as they are published; a wrong one is told with file, line and value."""

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.exchange_rates import read_exchange_rates

HISTORY = "Date,USD,JPY,CYP,\n2026-10-02,1.1712,172.45,N/A,\n2026-10-01,1.1725,172.60,N/A,\n1999-01-04,1.1789,133.73,0.58231,\n"
NEWEST = "Date, USD, JPY, \n02 October 2026, 1.1712, 172.45, \n"


def read(tmp_path: Path, text: str, name: str = "eurofxref-hist.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_exchange_rates(path)


def test_the_history_is_read_with_its_holes_and_its_trailing_comma(tmp_path: Path) -> None:
    rates = read(tmp_path, HISTORY)
    assert rates.file == "eurofxref-hist.csv"
    assert rates.by_day == {
        date(2026, 10, 2): {"USD": Decimal("1.1712"), "JPY": Decimal("172.45")},
        date(2026, 10, 1): {"USD": Decimal("1.1725"), "JPY": Decimal("172.60")},
        date(1999, 1, 4): {"USD": Decimal("1.1789"), "JPY": Decimal("133.73"), "CYP": Decimal("0.58231")},
    }


def test_the_newest_days_file_writes_its_day_in_words(tmp_path: Path) -> None:
    assert read(tmp_path, NEWEST).by_day == {date(2026, 10, 2): {"USD": Decimal("1.1712"), "JPY": Decimal("172.45")}}


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, "\ufeff" + HISTORY.replace("\n", end)) == read(tmp_path, HISTORY)


def test_the_archive_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "eurofxref-hist.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("eurofxref-hist.csv", HISTORY)
    assert read_exchange_rates(path).by_day == read(tmp_path, HISTORY).by_day


def test_without_a_file_there_are_no_rates() -> None:
    assert read_exchange_rates(None).by_day == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ":1: its first line is not 'Date,USD,JPY,...': download eurofxref-hist.zip or eurofxref-hist.csv"),
        ("<html>", ":1: its first line is not"),
        ("Date,USD,Dollar\n", ":1: 'Dollar' is no currency"),
        ("Date,USD,USD\n", ":1: 'a currency' is no currency, or one is there twice"),
        (HISTORY.replace("1.1725", "1.17.25"), ":3: USD: '1.17.25' is no rate above 0"),
        (HISTORY.replace("1.1725", "0"), ":3: USD: '0' is no rate above 0"),
        (HISTORY.replace("2026-10-01", "1.10.2026"), ":3: Date: '1.10.2026' is no day such as 2026-10-01"),
        (HISTORY.replace("2026-10-01", "2026-02-30"), ":3: Date: '2026-02-30' is no day"),
        (NEWEST.replace("October", "Oktober"), ":2: Date: '02 Oktober 2026' is no day"),
        (HISTORY.replace("2026-10-01", "2026-10-02"), ":3: 2026-10-02 is there twice, with other rates"),
    ],
    ids=range(10),
)
def test_a_wrong_file_is_told_with_line_and_value(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as raised:
        read(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path}/eurofxref-hist.csv{words}")


def test_a_missing_file_and_one_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageConfigError, match="there is no such file of exchange rates: put the European Central Bank's"):
        read_exchange_rates(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageConfigError, match=r"cannot be read as a file of exchange rates .UnicodeDecodeError."):
        read_exchange_rates(tmp_path / "bytes.csv")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(UsageConfigError, match="0 CSV files are in it instead of one"):
        read_exchange_rates(tmp_path / "two.zip")
