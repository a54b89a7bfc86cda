"""Names of structures: what is proposed, what never is, and that left stays left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dicom_files import changed
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.__main__ import main
from ReirradiationLib.dicom.scan.draft_structures import CHOOSE, load_naming_tables, structure_choices
from ReirradiationLib.model.name_words import Side, compact
from ReirradiationLib.model.protocol_tables import default_protocol_folder
from ReirradiationLib.model.structure_names import NameMatch, Proposal, propose
from ReirradiationLib.model.synonym_table import SideRule, Synonym
from shared_data import shared_data

TABLES = load_naming_tables(default_protocol_folder())
SYNONYMS = TABLES.synonyms
PAIRED = [synonym.name for synonym in SYNONYMS if synonym.side is SideRule.PAIRED]
SINGLE = [synonym.name for synonym in SYNONYMS if synonym.side is SideRule.SINGLE]
LEFT = ["L", "LT", "Lt", "left", "Left", "LEFT", "li", "Li", "links", "linke", "gauche", "izquierda", "sinistra"]
RIGHT = ["R", "RT", "Rt", "right", "Right", "RIGHT", "re", "Re", "rechts", "rechter", "droite", "derecha", "destra"]
SEPARATORS = ["_", "-", " ", " - ", ". ", ", "]


def proposed(name: str) -> Proposal:
    return propose(name, SYNONYMS)


@pytest.mark.parametrize(
    ("name", "tissue", "organ", "side", "how"),
    [
        ("SpinalCord", "spinal cord", "spinal cord", None, NameMatch.EXACT),
        ("spinal_cord", "spinal cord", "spinal cord", None, NameMatch.NORMALISED),
        ("Rückenmark", "spinal cord", "spinal cord", None, NameMatch.EXACT),
        ("RUECKENMARK", "spinal cord", "spinal cord", None, NameMatch.NORMALISED),
        ("BrachialPlex_L", "brachial plexus", "brachial plexus", Side.LEFT, NameMatch.EXACT),
        ("OpticNrv_R", "optic nerve", "optic nerve", Side.RIGHT, NameMatch.EXACT),
        ("Optic Nerve - Rt", "optic nerve", "optic nerve", Side.RIGHT, NameMatch.NORMALISED),
        ("Optic Nerve-Lt", "optic nerve", "optic nerve", Side.LEFT, NameMatch.NORMALISED),
        ("Lt Lung", "lung", "lung", Side.LEFT, NameMatch.NORMALISED),
        ("RLung", "lung", "lung", Side.RIGHT, NameMatch.NORMALISED),
        ("kidney_left", "kidney", "kidney", Side.LEFT, NameMatch.NORMALISED),
        ("leftkidney", "kidney", "kidney", Side.LEFT, NameMatch.NORMALISED),
        ("Niere re.", "kidney", "kidney", Side.RIGHT, NameMatch.NORMALISED),
        ("Kidney (L)", "kidney", "kidney", Side.LEFT, NameMatch.NORMALISED),
        ("Kidneys", "kidney", "kidneys", Side.BOTH, NameMatch.EXACT),
        ("Lungs-GTV", "lung", "lungs without GTV", Side.BOTH, NameMatch.EXACT),
        ("LUNGS - GTV", "lung", "lungs without GTV", Side.BOTH, NameMatch.NORMALISED),
        ("Lungs", "lung", "lungs", Side.BOTH, NameMatch.EXACT),
        ("BRSTEM", "brainstem", "brainstem", None, NameMatch.NORMALISED),
        ("Bowel_Small", "small bowel", "small bowel", None, NameMatch.EXACT),
        ("A_Aorta", "great vessels", "aorta", None, NameMatch.EXACT),
        ("Colon_Sigmoid", "colon", "sigmoid", None, NameMatch.EXACT),
        ("Zwölffingerdarm", "duodenum", "duodenum", None, NameMatch.EXACT),
    ],
)
def test_what_a_name_says_for_certain(name: str, tissue: str, organ: str, side: Side | None, how: NameMatch) -> None:
    found = proposed(name)
    assert (found.tissue, found.organ, found.side, found.how) == (tissue, organ, side, how)
    assert found.is_certain
    assert found.structure == name


@pytest.mark.parametrize(
    "name",
    [
        *("zCord_S1", "zspinal_S1_1154", "z_SpinalCord", "zcord", "zKidney_L", "xBrain", "_SpinalCord", "-Cord", "Z Cord"),
        *("SpinalCord_PRV05", "SpinalCord_PRV", "PRV_Cord", "cordprv", "cordprv5", "spinal cord prv 3mm", "Brainstem-PRV3"),
        *("Cord+5mm", "Cord+", "Cord + 3 mm", "SpinalCord_05", "Cord2", "cord 5", "Cord margin", "Ring_Cord", "CordAvoid"),
        *("optBRAIN", "optOptic", "opt Rectum", "Lung~_L", "SpinalCord^Ex", "Brain!", "Rectum/Sigmoid", "Cord*", "Cord=1"),
        *("Lungs_GTV", "Lungs+GTV", "Lung_L-PTV", "Brain-PTV", "Kidney_L_PTV", "Cord in PTV", "not Cord", "Cord old"),
        *("SpinalCord_L", "Rectum links", "Kidneys_R", "Lungs_L", "Heart_L"),
        *(
            "vertebrae_L1",
            "PTV2_L1",
            "BODY",
            "External",
            "Lens - left",
            "Orbit - right",
            "Tumor Bed",
            "Breast",
            "",
            " ",
            "_",
        ),
        *("Lung_L_Kidney_R", "L", "R", "left", "123", "é", "💀", "脊髓"),
    ],
)
def test_what_is_no_organ_gets_no_proposal(name: str) -> None:
    found = proposed(name)
    assert found.how is NameMatch.NONE
    assert (found.tissue, found.organ, found.side) == ("", "", None)
    assert found.why
    assert not found.is_certain


@pytest.mark.parametrize(
    ("name", "tissue", "side", "why"),
    [
        ("Esophogus", "oesophagus", None, "only similar to 'Esophagus'"),
        ("Brainstm", "brainstem", None, "only similar"),
        ("Cochleaa_L", "cochlea", Side.LEFT, "only similar to 'Cochlea'"),
        ("KIDNEYL", "kidney", None, "only similar to 'Kidney'; the name does not say whether left or right"),
        ("Kidney", "kidney", None, "does not say whether left or right"),
        ("Lung_L_R", "lung", None, "says left and right"),
        ("Bowel", "small bowel", None, "small bowel and colon"),
        ("SpinalCanal", "spinal cord", None, "larger than the cord"),
        ("Moelle", "spinal cord", None, "bone marrow"),
        ("SpinalCord_Lum", "spinal cord", None, "spinal cord lumbar"),
        ("Bronchus_Main_L", "proximal bronchial tree", Side.LEFT, "one bronchus"),
        ("PTV", "tumour", None, "kind of tumour"),
    ],
)
def test_what_must_be_chosen_says_why(name: str, tissue: str, side: Side | None, why: str) -> None:
    found = proposed(name)
    assert (found.tissue, found.side) == (tissue, side)
    assert found.needs_confirmation
    assert not found.is_certain
    assert why in found.why


@st.composite
def sided_names(draw: st.DrawFn, words: list[str]) -> str:
    organ, word, separator = draw(st.sampled_from(PAIRED)), draw(st.sampled_from(words)), draw(st.sampled_from(SEPARATORS))
    name = f"{word}{separator}{organ}" if draw(st.booleans()) else f"{organ}{separator}{word}"
    return draw(st.sampled_from([name, name.upper(), name.lower()]))


@given(sided_names(LEFT))
def test_left_is_left(name: str) -> None:
    assert proposed(name).side is Side.LEFT
    assert proposed(name).tissue


@given(sided_names(RIGHT))
def test_right_is_right(name: str) -> None:
    assert proposed(name).side is Side.RIGHT
    assert proposed(name).tissue


@given(st.sampled_from(PAIRED), st.sampled_from(LEFT), st.sampled_from(RIGHT), st.permutations([0, 1, 2]))
def test_a_name_with_both_sides_has_none(organ: str, left: str, right: str, order: list[int]) -> None:
    found = proposed("_".join([organ, left, right][n] for n in order).strip("_"))
    assert found.side is None
    assert not found.is_certain


@given(st.sampled_from(PAIRED), st.sampled_from(["", "_", " "]))
def test_a_paired_organ_without_a_side_is_never_certain(organ: str, end: str) -> None:
    found = proposed(organ + end)
    assert found.side is None
    assert found.needs_confirmation


@given(st.sampled_from(SINGLE), st.sampled_from(LEFT + RIGHT), st.sampled_from(["_", " "]))
def test_an_organ_without_sides_never_takes_one(organ: str, word: str, separator: str) -> None:
    found = proposed(f"{organ}{separator}{word}")
    assert found.side is None
    assert not found.is_certain


@given(
    st.sampled_from([synonym.name for synonym in SYNONYMS if synonym.tissue != "tumour"]),
    st.sampled_from(["z{}", "z_{}", "_{}", "{}_PRV", "{}_PRV03", "PRV {}", "{}+5mm", "{}+", "{} 5mm", "z{}_S1", "{}-PTV-x"]),
)
def test_no_planning_structure_is_taken_for_the_organ(organ: str, pattern: str) -> None:
    assert not proposed(pattern.format(organ)).is_certain


@given(st.text(max_size=20))
def test_any_text_has_an_answer_and_always_the_same(name: str) -> None:
    found = proposed(name)
    assert found == propose(name, tuple(reversed(SYNONYMS)))
    assert (found.how is NameMatch.NONE) == (found.tissue == "")
    if found.is_certain:
        words = {compact(synonym.name): synonym for synonym in SYNONYMS}
        assert any(compact(name).replace(key, "", 1) == "" or key in compact(name) for key in words)


@given(st.text(alphabet="kidneyleftrigh_ LR", min_size=4, max_size=16))
def test_scrambled_letters_never_exchange_the_sides(name: str) -> None:
    """Whatever stands there: a certain right needs a word for right in the name, and none for left; and likewise left."""
    found = proposed(name)
    lower = name.casefold()
    if found.side is Side.LEFT:
        assert "l" in lower.replace("left", "l")
        assert "right" not in lower
    if found.side is Side.RIGHT:
        assert "r" in lower
        assert "left" not in lower


def test_two_similar_names_of_the_same_likeness_give_the_first() -> None:
    rows = tuple(Synonym(name, name, "t", SideRule.SINGLE, "") for name in ("abcdefgx", "abcdefgy"))
    assert propose("abcdefgz", rows).organ == propose("abcdefgz", rows[::-1]).organ == "abcdefgx"


def test_without_synonyms_there_is_nothing() -> None:
    assert propose("SpinalCord", ()).how is NameMatch.NONE


@pytest.mark.parametrize("synonym", SYNONYMS, ids=lambda synonym: synonym.name)
def test_every_shipped_name_finds_its_own_row(synonym: Synonym) -> None:
    found = proposed(synonym.name)
    assert (found.tissue, found.organ, found.how) == (synonym.tissue, synonym.organ, NameMatch.EXACT)
    if synonym.side is SideRule.PAIRED:
        assert proposed(f"{synonym.name}_L").side is Side.LEFT
        assert proposed(f"{synonym.name}_R").side is Side.RIGHT


def test_a_draft_takes_certain_names_only_and_remarks_on_all() -> None:
    names = ["SpinalCord", "Kidney_L", "kidney_right", "Kidney", "zCord_S1", "BODY", "Esophogus", "SpinalCord", "trachea"]
    choices, remarks = structure_choices(names, TABLES)
    assert {choice.name: choice.tissue for choice in choices} == {
        **{"SpinalCord": "spinal cord", "Kidney_L": "kidney", "kidney_right": "kidney", "Kidney": CHOOSE},
        **{"zCord_S1": CHOOSE, "BODY": CHOOSE, "Esophogus": CHOOSE, "trachea": "trachea"},
    }
    assert "structure 'Kidney_L' → kidney, left (proposed by the name; confirm)" in remarks
    assert "structure 'kidney_right' → kidney, right (proposed by the name; confirm)" in remarks
    (unsided,) = [remark for remark in remarks if "'Kidney'" in remark and "perhaps" in remark]
    assert "does not say whether left or right" in unsided
    (limits,) = [remark for remark in remarks if remark.startswith("limits") and "'SpinalCord'" in remark]
    for row in TABLES.limits:
        assert (row.identifier in limits) == (row.organ == "spinal cord")
    assert "umich.cord (recovered, α/β 2.5 Gy)" in limits
    assert "nieder.cord (raw, α/β 2 Gy)" in limits
    assert not any("zCord_S1" in remark or "BODY" in remark for remark in remarks)


def test_the_demo_draft_names_its_organs(tmp_path: Path, demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.json"
    folders = [str(demo_folder / "course1"), str(demo_folder / "course2")]
    assert main(["records", *folders, "--headers-only", "--draft", str(path)]) == 0
    values = json.loads(path.read_text(encoding="utf-8"))
    tissues = {entry["name"]: entry["tissue"] for entry in values["structures"]}
    assert tissues["kidney_left"] == tissues["kidney_right"] == "kidney"
    assert tissues["small_bowel"] == "small bowel"
    assert tissues["PTV2_L1"] == tissues["BODY"] == tissues["vertebrae_L1"] == CHOOSE
    assert values.get("constraints", []) == []
    told = capsys.readouterr().err
    assert "'kidney_left' → kidney, left" in told
    assert "'kidney_right' → kidney, right" in told
    assert "slevin.small-bowel" in told


def test_the_command_tells_every_roi(demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", str(demo_folder / "course2" / "RS.dcm")]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["kidney_left"].startswith("kidney, left, organ of limits 'kidney'; normalised match of 'Kidney'")
    assert lines["kidney_right"].startswith("kidney, right,")
    assert lines["BODY"] == "no proposal; no synonym of this name"
    assert lines["vertebrae_L1"].startswith("no proposal; a number")


def test_the_command_takes_tables_of_the_institution(
    tmp_path: Path, demo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in default_protocol_folder().iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "synonyms.csv").write_text("name,organ,tissue,side,confirm\nBODY,,brain,single,\n", encoding="utf-8")
    file = demo_folder / "course2" / "RS.dcm"
    assert main(["names", str(file), "--protocol", str(tmp_path)]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["BODY"].startswith("brain, no organ of limits; exact match")
    assert lines["spinal_cord"].startswith("spinal cord,")  # a tissue stands for itself
    assert lines["kidney_left"].startswith("no proposal; the name says left")


def test_the_command_refuses_what_is_no_structure_set(demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", str(demo_folder / "course2" / "RD.dcm")]) == 1
    assert "RD.dcm" in capsys.readouterr().err


def test_a_name_with_line_breaks_stays_on_one_line(
    tmp_path: Path, demo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def renamed(dataset) -> None:
        dataset.StructureSetROISequence[0].ROIName = "Cord\r\nKidney_L: kidney"

    changed(demo_folder / "course2" / "RS.dcm", tmp_path / "RS.dcm", renamed)
    assert main(["names", str(tmp_path / "RS.dcm")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 14


def test_names_of_real_structure_sets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", str(shared_data("02_rando_ent") / "dicom" / "RS.dcm")]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    certain = {name: line.split(";")[0] for name, line in lines.items() if line.endswith("; confirm")}
    assert certain == {
        "BRAIN": "brain, organ of limits 'brain'",
        "BRSTEM": "brainstem, organ of limits 'brainstem'",
        "Optic Chiasm": "optic chiasm, organ of limits 'optic chiasm'",
        "Optic Nerve - Rt": "optic nerve, right, organ of limits 'optic nerve'",
        "Optic Nerve-Lt": "optic nerve, left, organ of limits 'optic nerve'",
    }
