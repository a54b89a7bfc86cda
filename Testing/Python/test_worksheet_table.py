"""The worksheet as a table: what we write comes back, and what cannot be is refused with its row."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ReirradiationLib.__main__ import main
from ReirradiationLib.model.constraint import ANY_MONTHS, Months
from ReirradiationLib.model.errors import CaseError
from ReirradiationLib.model.metric import Metric
from ReirradiationLib.model.protocol import Basis
from ReirradiationLib.model.spreadsheet import protected, unprotected
from ReirradiationLib.planning.point_worksheet import worked_out
from ReirradiationLib.planning.worksheet_entry import CourseEntry, Fractionation, OrganWorksheet, ValueKind, WorksheetLimit
from ReirradiationLib.planning.worksheet_table import read_worksheets, worksheet_csv

TODAY = date(2026, 1, 1)
NEW = Fractionation(5, 30.0, TODAY)
HEADER = "organ,limit_eqd2_gy,basis,alpha_beta_gy,limit_source,course,dose_gy,fractions,date,recovery"
ROW = "cord,60,raw,2,a source,first,45,25,2015-03-01,"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def read(folder: Path, *rows: str, header: str = HEADER) -> tuple[OrganWorksheet, ...]:
    return read_worksheets(table(folder, *rows, header=header), NEW, TODAY)


def decimals(low: float, high: float) -> st.SearchStrategy[float]:
    return st.decimals(low, high, places=6).map(float)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12).map(str.strip)
names = st.one_of(texts.filter(bool), st.sampled_from(["=1+1", "'=x", "''", "'", "-5", "+a", "@b", "a,b", 'q"q', "α/β; x"]))
limits = st.builds(
    WorksheetLimit,
    names,
    decimals(1, 150.0),
    st.sampled_from(Basis),
    decimals(1, 10.0),
    st.sampled_from([Metric.parse(m) for m in ("D0.01cc", "Dmax", "D2%", "D0.1cc")]),
    names,
    st.sampled_from([ANY_MONTHS, Months(6.0), Months(6.0, 12.0), Months(0.0, 3.5)]),
    texts,
    new_share_at_most=st.none() | decimals(0.125, 1.0),
    each_course_at_most_gy=st.none() | decimals(1.0, 100.0),
)
entries = st.builds(
    CourseEntry,
    names,
    decimals(0.0, 100.0),
    st.integers(1, 40),
    st.one_of(st.none(), st.dates(date(1950, 1, 1), TODAY)),
    decimals(0.0, 1.0),
    st.sampled_from(ValueKind),
    texts,
    st.sampled_from(["", "go", "caution", "worksheet"]),
    decimals(0.0, 100.0),
    st.none() | decimals(0.0, 100.0),
)
courses = st.lists(entries, min_size=1, max_size=4, unique_by=lambda entry: entry.label)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits, limits, courses)
def test_what_is_written_comes_back(tmp_path: Path, one: WorksheetLimit, two: WorksheetLimit, given_courses) -> None:
    """Also under two limits for one organ, for written worksheets are numbered."""
    worksheets = tuple(OrganWorksheet(limit, tuple(given_courses), NEW) for limit in (one, two))
    text = worksheet_csv([worked_out(worksheet) for worksheet in worksheets])
    (tmp_path / "out.csv").write_text(text, encoding="utf-8-sig", newline="")
    again = read_worksheets(tmp_path / "out.csv", NEW, TODAY)
    assert again == worksheets
    assert worksheet_csv([worked_out(worksheet) for worksheet in again]) == text


@given(st.one_of(st.text(max_size=8), st.text(alphabet="'=+-@ \tx", max_size=5)))
def test_no_text_is_left_that_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    assert not protected(text).lstrip().startswith(("=", "+", "-", "@"))
    assert unprotected(protected(text)) == text


def test_every_row_states_basis_alpha_beta_fractions_and_source(tmp_path: Path) -> None:
    limit = WorksheetLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc"), "a source", Months(6.0), "", 49.0)
    worksheet = OrganWorksheet(limit, (CourseEntry("first", 20.0, 5, date(2015, 1, 1)),), NEW, mapped_eqd2_gy=25.0)
    rows = list(csv.DictReader(worksheet_csv([worked_out(worksheet)]).splitlines()))
    assert [row["row"] for row in rows] == ["course", "sum", "sum"]
    assert [row["course"] for row in rows] == ["first", "sum of maxima", "mapped sum"]
    for row in rows:
        stated = [row[name] for name in ("basis", "alpha_beta_gy", "limit_source", "limit_eqd2_gy", "limit_months_from")]
        assert stated == ["raw", "2", "a source", "60", "6"]
    assert [row["new_fractions"] for row in rows[1:]] == ["5", "5"]
    assert [row["counts"] for row in rows[1:]] == ["yes", "no"]
    assert rows[1]["eqd2_raw_gy"] == "30.00"  # 20 Gy in 5 fractions, α/β 2
    assert rows[1]["remaining_eqd2_gy"] == "30.00"
    assert rows[1]["remaining_dose_gy"] == "20.00"
    assert rows[2]["remaining_eqd2_gy"] == "35.00"
    path = tmp_path / "worksheet.csv"
    path.write_text(worksheet_csv([worked_out(worksheet)]), encoding="utf-8-sig")
    assert [one.limit for one in read_worksheets(path, NEW, date(2030, 1, 1))] == [limit]


def test_a_mapped_dose_that_was_typed_over_is_refused_until_it_is_called_typed(tmp_path: Path) -> None:
    limit = WorksheetLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc"), "a source")
    mapped = CourseEntry("first", 20.0, 5, None, kind=ValueKind.MAPPED, source="mapped dose", registration="go")
    text = worksheet_csv([worked_out(OrganWorksheet(limit, (mapped,), NEW, mapped_eqd2_gy=30.0))])
    path = tmp_path / "worksheet.csv"
    path.write_text(text, encoding="utf-8-sig")
    assert read_worksheets(path, NEW, date(2030, 1, 1))[0].courses == (mapped,)
    edited = text.replace("first,20,5", "first,32,5")
    path.write_text(edited, encoding="utf-8-sig")
    with pytest.raises(CaseError, match=r"row 2: a mapped dose of 32 Gy in 5 fractions beside 30 Gy EQD2, expected 67\.20"):
        read_worksheets(path, NEW, date(2030, 1, 1))
    path.write_text(edited.replace(",mapped,mapped dose", ",typed,printout p. 3"), encoding="utf-8-sig")
    assert read_worksheets(path, NEW, date(2030, 1, 1))[0].courses[0].dose_gy == pytest.approx(32.0)


def test_a_table_in_which_the_mapped_sum_counts_is_not_worked_out_without_it(tmp_path: Path) -> None:
    """Two small hot spots apart: each course alone has little at D0.01cc, the sum has more."""
    limit = WorksheetLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc"), "a source")
    mapped = CourseEntry("first", 10.0, 5, None, kind=ValueKind.MAPPED, source="mapped dose", registration="go")
    path = tmp_path / "worksheet.csv"
    text = worksheet_csv([worked_out(OrganWorksheet(limit, (mapped,), NEW, mapped_eqd2_gy=30.0))])
    path.write_text(text, encoding="utf-8-sig")
    with pytest.raises(CaseError, match="the mapped sum counts in it"):
        read_worksheets(path, NEW, date(2030, 1, 1))


def test_a_table_typed_by_hand_needs_no_more_than_the_required_columns(tmp_path: Path) -> None:
    header = "organ,limit_eqd2_gy,basis,alpha_beta_gy,limit_source,course,dose_gy,fractions"
    (worksheet,) = read(tmp_path, "cord,60,raw,2,a source,first,45,25", "cord,60,raw,2,a source,second,8,1", header=header)
    assert worksheet.limit == WorksheetLimit("cord", 60.0, Basis.RAW, 2.0, Metric.parse("D0.01cc"), "a source")
    assert [(entry.label, entry.dose_gy, entry.fractions) for entry in worksheet.courses] == [
        ("first", 45.0, 25),
        ("second", 8.0, 1),
    ]


def test_empty_rows_of_a_spreadsheet_are_passed_over(tmp_path: Path) -> None:
    (worksheet,) = read(tmp_path, ROW, "", ",,,,,,,,,")
    assert len(worksheet.courses) == 1


BAD_ROWS = {
    "cord,60,raw,2,s,first,-5,25,,": "-5 Gy",
    "cord,60,raw,2,s,first,45,0,,": "0 fractions",
    "cord,60,raw,2,s,first,45,2.5,,": "2.5 fractions",
    "cord,60,raw,2,s,first,45,-3,,": "-3 fractions",
    "cord,60,raw,2,s,first,45,25,,1.5": "recovery of 1.5",
    "cord,60,raw,2,s,first,45,25,,50%": "recovery is '50%'",
    "cord,60,both,2,s,first,45,25,,": "basis is 'both'",
    "cord,60,,2,s,first,45,25,,": "no basis",
    "cord,60,raw,,s,first,45,25,,": "no alpha_beta_gy",
    "cord,60,raw,0,s,first,45,25,,": "α/β is 0 Gy",
    "cord,60,raw,2,,first,45,25,,": "no limit_source",
    "cord,0,raw,2,s,first,45,25,,": "limit of 0 Gy",
    ",60,raw,2,s,first,45,25,,": "no organ",
    "cord,60,raw,2,s,,45,25,,": "no course",
    "cord,60,raw,2,s,first,,25,,": "no dose_gy",
    'cord,60,raw,2,s,first,"45,5",25,,': "dose_gy is '45,5'",
    "cord,60,raw,2,s,first,nan,25,,": "dose_gy is 'nan'",
    "cord,60,raw,2,s,first,1e2,25,,": "dose_gy is '1e2'",
    "cord,60,raw,2,s,first,900,25,,": "900 Gy",
    "cord,60,raw,2,s,first,45,25,2026-01-02,": "later than 2026-01-01",
    "cord,60,raw,2,s,first,45,25,01.03.2015,": "date '01.03.2015'",
    "cord,60,raw,2,s,first,45,25,2015-02-30,": "date '2015-02-30'",
    "cord,60,raw,2,s,first,45,25,2015-W01-1,": "date '2015-W01-1'",
    "cord,60,recovered,2,s,first,45,25,,": "no recovery is given",
    "cord,60,raw,2,s,first,45,25,,,,": "more cells than columns",
}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_row_that_cannot_be_is_refused_with_file_and_row(tmp_path: Path, row: str) -> None:
    with pytest.raises(CaseError) as caught:
        read(tmp_path, "lung,60,raw,3,s,first,1,1,,0", row)
    assert f"{tmp_path / 'table.csv'}, row 3" in str(caught.value)
    assert BAD_ROWS[row] in str(caught.value)


def test_two_limits_for_one_organ_are_refused_unless_the_worksheets_are_numbered(tmp_path: Path) -> None:
    other = "cord,55,raw,2,a source,second,8,1,,"
    with pytest.raises(CaseError, match=r"row 3: another organ or limit than in .*row 2"):
        read(tmp_path, ROW, other)
    rows = [f"1,{ROW}", f"2,{ROW.replace(',60,', ',55,')}"]
    assert len(read(tmp_path, *rows, header=f"worksheet,{HEADER}")) == 2


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((ROW, ROW), "the course 'first' twice"),
        ((ROW, "lung,60,raw,3,s,other,1,1,,"), "no row for the course other"),
        ((), "no course"),
    ],
)
def test_a_table_with_a_course_twice_or_missing_is_refused(tmp_path: Path, rows: tuple[str, ...], found: str) -> None:
    with pytest.raises(CaseError, match=found):
        read(tmp_path, *rows)


def test_semicolons_a_missing_column_or_one_twice_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="by commas, not semicolons"):
        read(tmp_path, ROW.replace(",", ";"), header=HEADER.replace(",", ";"))
    with pytest.raises(CaseError, match="no column organ"):
        read(tmp_path, "60", header="limit_eqd2_gy")
    with pytest.raises(CaseError, match="the column 'organ' twice"):
        read(tmp_path, f"cord,{ROW}", header=f"organ,{HEADER}")
    with pytest.raises(CaseError, match="cannot be read"):
        read_worksheets(tmp_path / "none.csv", NEW, TODAY)
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"\ncord \xe9,")
    with pytest.raises(CaseError, match="cannot be read"):
        read_worksheets(tmp_path / "latin.csv", NEW, TODAY)
    with pytest.raises(CaseError, match="row is 'total'"):
        read(tmp_path, f"total,{ROW}", header=f"row,{HEADER}")
    with pytest.raises(CaseError, match="kind is 'guess'"):
        read(tmp_path, f"guess,{ROW}", header=f"kind,{HEADER}")
    with pytest.raises(CaseError, match="registration is 'poor'"):
        read(tmp_path, f"poor,{ROW}", header=f"registration,{HEADER}")
    with pytest.raises(CaseError, match="12 to 6 months"):
        read(tmp_path, f"12,6,{ROW}", header=f"limit_months_from,limit_months_to,{HEADER}")


def test_the_command_prints_and_writes_a_table_and_needs_no_dicom(tmp_path: Path) -> None:
    source, out = table(tmp_path, ROW, "cord,60,raw,2,a source,second,8,1,,"), tmp_path / "out.csv"
    command = [sys.executable, "-m", "ReirradiationLib", "worksheet", str(source), "--fractions", "5", "--output", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "62.75 Gy EQD2: TOLERANCE ALREADY USED" in done.stdout  # 42.75 + 20
    assert "not a medical device" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "table.csv"]
    assert out.read_bytes().startswith(b"\xef\xbb\xbfrow,")
    assert len(read_worksheets(out, NEW, TODAY)[0].courses) == 2


def test_the_command_never_writes_over_a_file_and_refuses_with_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path, ROW)
    before = source.read_bytes()
    assert main(["worksheet", str(source), "--fractions", "5", "--output", str(source)]) == 1
    assert source.read_bytes() == before
    assert main(["worksheet", str(source), "--fractions", "0"]) == 1
    assert main(["worksheet", str(source), "--fractions", "5", "--prescription", "nan"]) == 1
    assert main(["worksheet", str(source), "--fractions", "5", "--date", "1.1.2026"]) == 1
    assert main(["worksheet", str(source), "--fractions", "5", "--date", "2014-01-01"]) == 1
    assert main(["worksheet", str(source), "--fractions", "5", "--output", str(tmp_path / "no" / "out.csv")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.startswith("reirradiation: ") for line in told] == [True] * 6
    assert "a file of that name is there" in told[0]
    assert "later than 2014-01-01" in told[4]
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
