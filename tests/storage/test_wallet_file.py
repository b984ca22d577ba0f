"""A file of wallet entries: its rows, and every mistake with its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.wallet_file import read_wallet_rows

HEADER = "id,wallet,at,kind,amount,expires,note"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "credits.csv"
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8-sig")
    return path


def test_rows_by_day_with_what_they_say(tmp_path: Path) -> None:
    header = "id, wallet,at,Kind,amount,expires,note,request,by"
    path = written(
        tmp_path,
        'po-2,support,2026-10-05,purchase,12.50,2026-12-31,"second, smaller",,',
        "",
        "po-1,support,2026-09-30T23:30:00-04:00,grant,5000,,,,",
        "fix,support,2026-10-06,adjustment,-0.5,,,,",
        "r-1,support,2026-10-07,request,100,,,,",
        "a-1,support,2026-10-08,approve,,,,r-1,finance@example.org",
        header=header,
    )
    rows = read_wallet_rows(path, ["support"])
    assert [(one.line, one.id, one.day, one.kind, one.amount, one.expires) for one in rows] == [
        (4, "po-1", date(2026, 10, 1), "grant", Decimal(5000), None),
        (2, "po-2", date(2026, 10, 5), "purchase", Decimal("12.5"), date(2026, 12, 31)),
        (5, "fix", date(2026, 10, 6), "adjustment", Decimal("-0.5"), None),
        (6, "r-1", date(2026, 10, 7), "request", Decimal(100), None),
        (7, "a-1", date(2026, 10, 8), "approve", None, None),
    ]
    assert (rows[1].note, rows[4].request, rows[4].by) == ("second, smaller", "r-1", "finance@example.org")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",support,2026-10-01,grant,5,,", "2: id: it is empty; each row has an id of its own, such as po-2026-17"),
        ("a,suport,2026-10-01,grant,5,,", "2: wallet: no wallet 'suport' is declared; declared are support"),
        ("a,support,2026-10-01,gift,5,,", "2: kind: 'gift' is none of grant, purchase, adjustment, request, approve, reject"),
        ("a,support,1.10.2026,grant,5,,", "2: at: '1.10.2026' is no day such as 2026-10-01, nor a moment such as 2026-10-01T12:00:00Z"),
        ("a,support,2026-10-01T12:00:00,grant,5,,", "is no day such as 2026-10-01, nor a moment"),
        ('a,support,2026-10-01,grant,"5,000",,', "2: amount: '5,000' is no number such as 5000 or 12.50"),
        ("a,support,2026-10-01,grant,1e3,,", "2: amount: '1e3' is no number such as 5000 or 12.50"),
        ("a,support,2026-10-01,grant,0,,", "2: amount: a number other than 0 is needed here"),
        ("a,support,2026-10-01,grant,,,", "2: amount: a number other than 0 is needed here"),
        ("a,support,2026-10-01,purchase,-5,,", "2: amount: -5 is negative: only an adjustment takes away"),
        ("a,support,2026-10-01,grant,5,2026-09-30,", "2: expires: 2026-09-30 lies before 2026-10-01"),
        ("a,support,2026-10-01,grant,5,soon,", "2: expires: 'soon' is no day such as 2026-12-31"),
        ("a,support,2026-10-01,approve,,,", "2: request: kind approve needs the columns request (the id of the request) and by"),
        ("a,support,2026-10-01,approve,5,,", "2: amount: kind approve has neither amount nor expires: the request has them"),
        ("a,support,2026-10-01,grant,5,,note,more", "2: (row): it has 8 cells, its header 7: quote commas"),
        ("a,support,2026-10-01,grant,5,,\na,support,2026-10-02,grant,5,,", "3: id: 'a' is there twice; the first is on line 2"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as told:
        read_wallet_rows(written(tmp_path, line), ["support"])
    assert words in str(told.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageConfigError) as told:
        read_wallet_rows(written(tmp_path, "a,support,x,grant,5,,", "b,other,2026-10-01,grant,-5,,"), ["support"])
    assert [line.split(": ")[0].rsplit(":", 1)[1] + line.split(": ")[1] for line in str(told.value).splitlines()] == [
        "2at", "3wallet", "3amount",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("id,wallet,at,kind", "1: 'amount' is missing: its first line is id,wallet,at,kind,amount,expires,note"),
        (f"{HEADER},price", "1: 'price' is not known"),
        (f"{HEADER},note", "1: a column is there twice"),
    ],
)
def test_a_wrong_header(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as told:
        read_wallet_rows(written(tmp_path, header=header), ["support"])
    assert words in str(told.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageConfigError, match="there is no such file of wallet entries: write one with the first line id,wallet"):
        read_wallet_rows(tmp_path / "no.csv", ["support"])
    (tmp_path / "no.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageConfigError, match="cannot be read as a CSV file in UTF-8"):
        read_wallet_rows(tmp_path / "no.csv", ["support"])
