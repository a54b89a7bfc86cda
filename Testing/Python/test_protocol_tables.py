"""The shipped protocol tables beside a second transcription of the literature, and tables that must not load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ReirradiationLib.__main__ import main
from ReirradiationLib.commands_protocol import load_tables
from ReirradiationLib.model.constraint import LimitRow, Months, Sense
from ReirradiationLib.model.errors import ProtocolError
from ReirradiationLib.model.limit_table import LIMITS_FILE, limit_row, load_limit_rows
from ReirradiationLib.model.protocol import Basis, Protocol, RecoveryStep, RecoveryTable, Tissue
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.synonym_table import load_synonyms

UMICH = """
spinal cord 50; spinal cord 55; brainstem 64; optic chiasm 54; optic nerve 54; retina 50; cochlea 45; brachial plexus 70;
sacral plexus 70; cauda equina 60; oesophagus 70; trachea 70; proximal bronchial tree 70; great vessels 100; aorta 100;
heart 70; stomach 54; duodenum 54; small bowel 54; colon 70; sigmoid 70; rectum 80; bladder 85
"""
"""Table A, D0.1cc of the recovered sum, α/β 2.5; the second cord value holds within 2 mm of the target."""

SPARED = {"lungs without GTV": ("CV16Gy[cc]", 1000), "liver": ("CV32Gy[cc]", 700), "kidneys": ("CV23Gy[cc]", 200)}
"""Table A, volumes that stay below a dose: at least."""

THORAX = {
    "spinal cord": (None, 60, 2),
    "oesophagus": (75, 100, 3),
    "brachial plexus": (80, 95, 2),
    "great vessels": (110, 115, 3),
    "aorta": (110, 115, 3),
    "proximal bronchial tree": (80, 105, 3),
}
"""Table B, raw, 6 to 12 months: lower end, upper end, α/β."""

PELVIS = {
    "bladder": ("D0.5cc[Gy]", 80, 110, 3),
    "colon": ("D0.5cc[Gy]", 80, 100, 3),
    "sigmoid": ("D0.5cc[Gy]", 80, 100, 3),
    "rectum": ("D0.5cc[Gy]", 80, 100, 3),
    "small bowel": ("D0.5cc[Gy]", 70, 90, 3),
    "cauda equina": ("D0.1cc[Gy]", 67, 85, 2),
    "sacral plexus": ("D0.1cc[Gy]", 67, 85, 2),
}
"""Table C, raw: without recovery, at 12 months and more, α/β."""

SINGLE = {
    "nieder.cord": ("spinal cord", "Dmax[Gy]", 67.75, 2, 6, (49, None, None)),
    "hytec.cord": ("spinal cord", "Dmax[Gy]", 70, 2, 5, (None, 25, 0.5)),
    "hytec.thecal-sac": ("thecal sac", "Dmax[Gy]", 70, 2, 5, (None, 25, 0.5)),
    "evans.aorta": ("aorta", "D1cc[Gy]", 120, 3, 0, (None, None, None)),
    "embring.carotid": ("carotid artery", "D1cc[Gy]", 119, 3, 0, (None, None, None)),
    "zurich.brainstem": ("brainstem", "Dmax[Gy]", 100, 2, 0, (None, None, None)),
    "zurich.chiasm": ("optic chiasm", "Dmax[Gy]", 75, 2, 0, (None, None, None)),
    "zurich.optic-nerve": ("optic nerve", "Dmax[Gy]", 75, 2, 0, (None, None, None)),
    "zurich.brain": ("brain", "Dmax[Gy]", 120, 2, 0, (None, None, None)),
}
"""Table D, raw: metric, limit, α/β, from months, (each course, new course, share of the new course) at most."""

ALPHA_BETA = {
    **{"spinal cord": 2, "spinal cord lumbar": 4, "brainstem": 2, "optic pathway": 2, "optic nerve": 2, "optic chiasm": 2},
    **{"brachial plexus": 2, "sacral plexus": 2, "cauda equina": 2, "great vessels": 3, "proximal bronchial tree": 3},
    **{"oesophagus": 3, "lung": 3, "heart": 2.5, "skin or chest wall": 2.5, "rectum": 3, "bladder": 3, "small bowel": 3},
    **{"colon": 3, "retina": 2.5, "cochlea": 2.5, "head and neck late effects": 4, "head and neck mucosa": 9.3},
    **{"skin telangiectasia": 2.6, "tumour head and neck": 10.5, "tumour lung": 8.2, "tumour prostate": 1.6},
    **{"tumour breast": 3.3, "unlabelled tissue": 3},
}
INTERVALS_GY = {
    "head and neck late effects": (3.3, 5.0),
    "head and neck mucosa": (5.8, 17.9),
    "skin telangiectasia": (2.2, 3.3),
    "tumour head and neck": (6.5, 29),
    "tumour lung": (7, 9.4),
    "tumour prostate": (1.3, 2.0),
    "tumour breast": (1.9, 4.9),
}


@pytest.fixture(scope="module")
def rows() -> dict[str, LimitRow]:
    return {row.identifier: row for row in load_limit_rows(default_protocol_folder())}


@pytest.fixture(scope="module")
def shipped() -> Protocol:
    return load_protocol(default_protocol_folder())


def of_set(rows: dict[str, LimitRow], prefix: str) -> list[LimitRow]:
    return [row for row in rows.values() if row.identifier.startswith(f"{prefix}.")]


def test_every_limit_of_the_recovered_sum_is_as_published(rows: dict[str, LimitRow]) -> None:
    published = [entry.strip().rsplit(" ", 1) for entry in UMICH.replace("\n", " ").split(";")]
    found = of_set(rows, "umich")
    points = [row for row in found if row.limit.sense is Sense.AT_MOST]
    assert [(row.organ, row.limit.limit) for row in points] == [(organ, float(value)) for organ, value in published]
    assert {str(row.limit.metric) for row in points} == {"D0.1cc[Gy]"}
    spared = {row.organ: (str(row.limit.metric), row.limit.limit) for row in found if row.limit.sense is Sense.AT_LEAST}
    assert spared == SPARED
    assert {(row.limit.basis, row.limit.alpha_beta_gy, row.limit.warning) for row in found} == {(Basis.RECOVERED, 2.5, None)}
    assert all(row.limit.months.is_any for row in found)
    assert rows["umich.cord.near-target"].note == "if less than 2 mm from the target"
    assert rows["umich.cord.near-target"].limit.limit == 55


def test_every_limit_of_the_thorax_is_as_published(rows: dict[str, LimitRow]) -> None:
    found = of_set(rows, "rulach")
    assert {row.organ: (row.limit.warning, row.limit.limit, row.limit.alpha_beta_gy) for row in found} == THORAX
    assert len(found) == len(THORAX)
    assert {(row.limit.basis, row.limit.months, str(row.limit.metric)) for row in found} == {
        (Basis.RAW, Months(6.0, 12.0), "Dmax[Gy]")
    }
    assert all("range" in row.note for row in found if row.limit.warning is not None)
    assert "no consensus" in rows["rulach.proximal-bronchial-tree"].note


def test_every_limit_of_the_pelvis_is_as_published(rows: dict[str, LimitRow]) -> None:
    found = of_set(rows, "slevin")
    assert len(found) == 2 * len(PELVIS)
    for organ, (metric, early, late, alpha_beta_gy) in PELVIS.items():
        one, other = (row for row in found if row.organ == organ)
        assert (one.limit.limit, other.limit.limit) == (early, late)
        assert one.limit.months.is_any
        assert other.limit.months == Months(12.0)
        assert other.identifier == f"{one.identifier}.12m"
        for row in (one, other):
            kind = (str(row.limit.metric), row.limit.alpha_beta_gy, row.limit.basis)
            assert kind == (metric, alpha_beta_gy, Basis.RAW)


def test_every_limit_of_a_single_organ_is_as_published(rows: dict[str, LimitRow]) -> None:
    for identifier, (organ, metric, limit, alpha_beta_gy, start, conditions) in SINGLE.items():
        row = rows[identifier]
        assert (row.organ, str(row.limit.metric), row.limit.limit) == (organ, metric, limit)
        assert (row.limit.alpha_beta_gy, row.limit.basis, row.limit.months) == (alpha_beta_gy, Basis.RAW, Months(start))
        stated = row.limit.conditions
        assert (stated.each_course_at_most, stated.new_course_at_most, stated.new_share_at_most) == conditions
    assert rows["nieder.cord"].limit.limit == 135.5 / (1 + 2 / 2)  # BED to EQD2
    assert rows["nieder.cord"].limit.conditions.each_course_at_most == 98 / (1 + 2 / 2)


def test_no_limit_is_shipped_that_was_not_transcribed_twice(rows: dict[str, LimitRow]) -> None:
    prefixes = [identifier.split(".")[0] for identifier in rows if identifier not in SINGLE]
    assert set(prefixes) == {"umich", "rulach", "slevin"}
    assert len(rows) == 55


def test_every_shipped_limit_says_what_it_is(rows: dict[str, LimitRow]) -> None:
    for row in rows.values():
        assert row.limit.source.startswith(f"{row.set_name}, {row.organ}: ")
        assert "literature, confirm locally" in row.limit.source
        assert row.limit.is_limit
    sources = [row.limit.source for row in rows.values() if "alpha/beta not stated" in row.limit.source]
    assert all("practice value of" in source for source in sources)
    not_stated = {name for name, row in rows.items() if "alpha/beta not stated" in row.limit.source}
    assert not_stated == {name for name in SINGLE if name.startswith(("zurich", "evans", "embring"))}


def test_every_organ_with_a_limit_has_a_name_and_every_name_a_tissue(rows: dict[str, LimitRow], shipped: Protocol) -> None:
    synonyms = load_synonyms(default_protocol_folder(), [tissue.name for tissue in shipped.tissues])
    assert {row.organ for row in rows.values()} <= {synonym.organ for synonym in synonyms}


def test_alpha_beta_and_intervals_are_as_published(shipped: Protocol) -> None:
    for name, value in ALPHA_BETA.items():
        assert shipped.tissue(name).alpha_beta_gy == value
    assert {tissue.name: tissue.interval_gy for tissue in shipped.tissues if tissue.interval_gy} == INTERVALS_GY
    assert shipped.tissue("brain").evidence == shipped.tissue("carotid artery").evidence == "M"


def test_the_cord_alone_recovers_by_doi(shipped: Protocol) -> None:
    table = shipped.recovery("Doi 2021")
    cord = shipped.tissue("spinal cord")
    found = [table.fraction_of(cord, months) for months in (1, 3, 5.9, 6, 11.9, 12, 30, 120)]
    assert found == [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.5]
    others = [tissue for tissue in shipped.tissues if tissue.name != "spinal cord"]
    assert {table.fraction_of(tissue, months) for tissue in others for months in (0, 7, 13, 200)} == {0.0}


def test_groups_still_give_what_they_gave(shipped: Protocol) -> None:
    table = shipped.recovery("UMich/Paradis")
    for tissue in shipped.tissues:
        assert table.fraction_of(tissue, 13.0) == table.fraction(tissue.recovery_group, 13.0)
    assert table.fraction_of(shipped.tissue("stomach"), 13.0) == 0.4
    assert table.fraction_of(shipped.tissue("tumour"), 13.0) == 0.0


CORD = Tissue("cord", 2.0, "serial", "x", "M")


def a_table(*steps: tuple[str, float, float, float]) -> RecoveryTable:
    return RecoveryTable("mine", tuple(RecoveryStep(*step) for step in steps), "x")


def test_the_name_of_a_tissue_goes_before_its_group_and_that_before_the_rest() -> None:
    steps = (("*", 0, 99, 0.1), ("serial", 0, 99, 0.2), ("cord", 0, 99, 0.3))
    assert a_table(*steps).fraction_of(CORD, 5) == 0.3
    assert a_table(*steps[:2]).fraction_of(CORD, 5) == 0.2
    assert a_table(*steps[:1]).fraction_of(CORD, 5) == 0.1


def test_a_gap_in_the_rows_that_count_is_not_filled_from_others() -> None:
    table = a_table(("*", 0, 99, 0.5), ("cord", 0, 12, 0.0))
    with pytest.raises(ProtocolError, match=r"no row for the group 'cord' at 20\.0 months"):
        table.fraction_of(CORD, 20)


def copied(tmp_path: Path, file: str = "", find: str = "", put: str = "") -> Path:
    for path in default_protocol_folder().iterdir():
        shutil.copy(path, tmp_path / path.name)
    if file:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert find in text
        (tmp_path / file).write_text(text.replace(find, put, 1), encoding="utf-8")
    return tmp_path


HEADER = (
    "id,set,organ,metric,sense,limit,warning,basis,alpha_beta_gy,months_from,months_to,"
    "each_course_at_most,new_course_at_most,new_share_at_most,note,evidence,source"
)


def a_limit(**changes: str) -> str:
    cells = {
        **dict.fromkeys(HEADER.split(","), ""),
        **{"id": "a.cord", "set": "a", "organ": "spinal cord", "metric": "Dmax", "sense": "at_most", "limit": "50"},
        **{"basis": "raw", "alpha_beta_gy": "2", "evidence": "M", "source": "mine"},
    }
    return ",".join((cells | changes).values())


def limits_file(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / LIMITS_FILE).write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": "fifty"}, "row 3.*limit is 'fifty'"),
        ({"limit": "0"}, "row 3.*limit is 0"),
        ({"limit": "-50"}, "row 3.*limit is -50"),
        ({"limit": "50,5"}, "row 3.*more cells than columns"),
        ({"limit": "5e1"}, "row 3.*'5e1'"),
        ({"limit": "nan"}, "row 3.*'nan'"),
        ({"limit": ""}, "row 3.*an empty cell"),
        ({"warning": "50"}, "row 3.*warning level 50 beside the limit 50"),
        ({"warning": "60"}, "row 3.*warning level 60 beside the limit 50"),
        ({"metric": "CV16Gy[cc]", "sense": "at_least", "limit": "700", "warning": "600"}, "row 3.*warning level 600"),
        ({"basis": "both"}, "row 3.*basis is 'both'.*raw, recovered"),
        ({"basis": "Raw"}, "row 3.*basis is 'Raw'"),
        ({"sense": "max"}, "row 3.*sense is 'max'"),
        ({"sense": "at_least"}, "row 3.*more dose would be better"),
        ({"metric": "CV16Gy[cc]", "limit": "700"}, "row 3.*more dose would be better"),
        ({"metric": "D0.1"}, "row 3.*Metric 'D0.1'"),
        ({"metric": "V20Gy[%]", "limit": "135"}, "row 3.*limit is 135 %"),
        ({"alpha_beta_gy": "0"}, "row 3.*α/β is 0"),
        ({"alpha_beta_gy": "-2"}, "row 3.*α/β is -2"),
        ({"evidence": "Q"}, "row 3.*evidence is 'Q'"),
        ({"months_from": "12", "months_to": "6"}, "row 3.*12 to 6 months"),
        ({"months_from": "6", "months_to": "6"}, "row 3.*6 to 6 months"),
        ({"months_from": "-1"}, "row 3.*months_from is -1"),
        ({"new_share_at_most": "50"}, "row 3.*new_share_at_most is 50.*Write it as a share"),
        ({"new_share_at_most": "0"}, "row 3.*new_share_at_most is 0"),
        ({"each_course_at_most": "490"}, "row 3.*each_course_at_most is 490"),
        ({"new_course_at_most": "51"}, "row 3.*new_course_at_most is 51"),
        (
            {"metric": "CV16Gy[cc]", "sense": "at_least", "limit": "700", "each_course_at_most": "9"},
            "row 3.*each_course_at_most beside at_least",
        ),
        ({"source": ""}, "row 3.*an empty cell"),
        ({"id": "b.cord"}, "row 3.*'b.cord' appears twice"),
    ],
)
def test_a_wrong_limit_is_refused_with_file_and_row(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(ProtocolError, match=r"(?s)constraints\.csv, " + message):
        load_limit_rows(limits_file(tmp_path, a_limit(id="b.cord"), a_limit(**changes)))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace("basis", "base"), "no column basis"),
        (HEADER.replace(",", ";"), "commas, not semicolons"),
        (HEADER.replace("note", "limit"), "no column note"),
        (f"{HEADER},limit", "column limit is there twice"),
        ("", "no column"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, message: str) -> None:
    (tmp_path / LIMITS_FILE).write_text(f"{header}\n{a_limit()}\n", encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"constraints\.csv: .*" + message):
        load_limit_rows(tmp_path)


def test_empty_lines_do_not_shift_the_row_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="row 5"):
        load_limit_rows(limits_file(tmp_path, a_limit(), "", "", a_limit(id="b", limit="x")))


def test_a_limit_without_options_holds_at_any_interval(tmp_path: Path) -> None:
    (row,) = load_limit_rows(limits_file(tmp_path, a_limit()))
    assert row.limit.months.is_any
    assert row.limit.warning is None
    assert row.limit.row == "a.cord"


def test_an_unknown_id_is_answered_by_similar_ones(rows: dict[str, LimitRow]) -> None:
    with pytest.raises(ProtocolError, match=r"umich\.chord.*umich\.cord") as refused:
        limit_row(tuple(rows.values()), "umich.chord", "case.json")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("file", "find", "put", "message"),
    [
        ("tissues.csv", "10.5,6.5,29", "10.5,29,6.5", "row 22.*interval 29 to 6.5"),
        ("tissues.csv", "10.5,6.5,29", "10.5,6.5,6.5", "row 22.*interval 6.5 to 6.5"),
        ("tissues.csv", "10.5,6.5,29", "10.5,0,29", "row 22.*interval 0 to 29"),
        ("tissues.csv", "10.5,6.5,29", "10.5,6.5,", "row 22.*ci_low_gy alone"),
        ("tissues.csv", "10.5,6.5,29", "10.5,,29", "row 22.*ci_high_gy alone"),
        ("tissues.csv", "10.5,6.5,29", "10.5,11,29", "row 22.*α/β 10.5 Gy outside its interval 11 to 29"),
        ("tissues.csv", "10.5,6.5,29", "10.5,6.5,many", "row 22.*ci_high_gy is 'many'"),
        ("tissues.csv", "none,S,", "none,Z,", "row 22.*evidence is 'Z'"),
        ("tissues.csv", "ci_high_gy", "ci_low_gy", "tissues.csv: .*ci_low_gy is there twice"),
        ("recovery.csv", "Doi 2021,spinal cord,0", "Doi 2021,spinal crod,0", "row 38.*'spinal crod' beside rows for"),
        ("recovery.csv", "Doi 2021,*,0,1200,0,S", "Doi 2021,serial,0,1200,0,S", "row 38.*tissue 'spinal cord' beside"),
        ("recovery.csv", "Doi 2021,*,0,1200,0,S", "Doi 2021,none,0,1200,0,S", "row 44.*rows for the group 'none'"),
        ("recovery.csv", "Doi 2021,*,0,1200,0,S", "Doi 2021,*,0,1200,0,X", "row 44.*evidence is 'X'"),
        ("synonyms.csv", "SpinalCord,", "Spinal Cord Right,", "row 2.*says right"),
        ("synonyms.csv", "SpinalCord,", "CORD,", "row 3.*'Cord' appears twice, as 'CORD'"),
        ("synonyms.csv", "SpinalCord,spinal cord,spinal cord,", "SpinalCord,spinal cord,chord,", "row 2.*'chord' is not in"),
        ("synonyms.csv", ",single,", ",either,", "row 2.*side is 'either'.*single, paired, both"),
        ("synonyms.csv", "SpinalCord,", "--,", "row 2.*no letter"),
        ("synonyms.csv", "SpinalCord,", ",", "row 2.*an empty cell"),
        ("synonyms.csv", "name,organ", "name;organ", "commas, not semicolons"),
        ("version.txt", "2026", "\n2026", "version.txt, row 1"),
        ("version.txt", "2026", "2026" * 30, "at most 80 characters"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, find: str, put: str, message: str
) -> None:
    folder = copied(tmp_path, file, find, put)
    with pytest.raises(ProtocolError, match=message) as refused:
        load_tables(folder)
    assert file in str(refused.value)
    assert main(["protocol", str(folder)]) == 1
    output = capsys.readouterr()
    assert str(refused.value) in output.err
    assert output.out == ""


def test_a_row_that_may_mean_a_tissue_or_a_group_is_refused(tmp_path: Path) -> None:
    """Rows that were written for the group 'lung' must not come back as rows for the tissue that left it."""
    folder = copied(tmp_path, "tissues.csv", "lung,3,,,lung,", "lung,3,,,serial,")
    with pytest.raises(ProtocolError, match=r"recovery\.csv, row 26: rows for the tissue 'lung' beside .*'serial'"):
        load_protocol(folder)


def test_a_version_that_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "version.txt").write_bytes(b"\xff\xfe2026")
    with pytest.raises(ProtocolError, match=r"version\.txt: cannot be read"):
        load_protocol(folder)


def test_a_folder_of_an_earlier_layout_still_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tissues.csv").write_text(
        "tissue,alpha_beta_gy,recovery_group,evidence,source\nspinal cord,2,serial,M,mine\n", encoding="utf-8"
    )
    (tmp_path / "recovery.csv").write_text(
        "table,group,months_from,months_to,fraction,evidence,source\nmine,serial,0,1200,0.2,M,mine\n", encoding="utf-8"
    )
    tables = load_tables(tmp_path)
    assert tables.protocol.version == ""
    assert tables.protocol.tissue("spinal cord").interval_gy is None
    assert main(["protocol", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "Version: no version" in text
    assert "Not in the folder: constraints.csv, synonyms.csv, registration_limits.csv, version.txt" in text


def test_a_tissue_taken_out_of_recovery_stays_out(tmp_path: Path) -> None:
    """'none' is what the message about a missing row tells to write: rows that are left over do not bring it back."""
    folder = copied(tmp_path, "tissues.csv", "liver,2.5,,,liver,", "liver,2.5,,,none,")
    protocol = load_protocol(folder)
    assert protocol.recovery("UMich/Paradis").fraction_of(protocol.tissue("liver"), 40) == 0.0


def test_the_command_prints_every_limit_with_all_that_belongs_to_it(capsys: pytest.CaptureFixture[str], rows) -> None:
    assert main(["protocol"]) == 0
    text = capsys.readouterr().out
    version = (default_protocol_folder() / "version.txt").read_text(encoding="utf-8").strip()
    assert f"Version: {version}" in text
    lines = {line.strip().split(":")[0]: line for line in text.splitlines()}
    for identifier, row in rows.items():
        line = lines[identifier]
        for part in (str(row.limit.metric), f"{row.limit.limit:g}", f"basis {row.limit.basis.value}", row.limit.source):
            assert part in line
        assert f"α/β {row.limit.alpha_beta_gy:g} Gy" in line
        assert str(row.limit.months) in line
        assert row.note in line
    assert "tumour head and neck: 10.5 (6.5 to 29)" in text
    assert "each course ≤ 49 Gy" in lines["nieder.cord"]
    assert "new course ≤ 25 Gy EQD2, new course ≤ 50 % of the sum" in lines["hytec.cord"]


def test_the_command_refuses_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocol", str(tmp_path / "nowhere")]) == 1
    assert "tissues.csv: cannot be read" in capsys.readouterr().err
