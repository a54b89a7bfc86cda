"""Names that planning systems keep: legal, different, recognizable, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ReirradiationLib.dicom.naming import ANY_SYSTEM, fitted_names, naming_rule, read_naming_rules
from ReirradiationLib.model.errors import ProtocolError


@given(st.lists(st.text(max_size=40), min_size=1, max_size=12))
def test_any_names_become_legal_and_different_and_always_the_same_ones(names: list[str]) -> None:
    fitted = fitted_names(names, ANY_SYSTEM)
    assert all(ANY_SYSTEM.accepts(name) for name in fitted)
    assert len({name.casefold() for name in fitted}) == len(names)
    assert fitted_names(names, ANY_SYSTEM) == fitted
    assert fitted_names(fitted, ANY_SYSTEM) == fitted


def test_names_stay_recognizable() -> None:
    names = ["Spinal Cord PRV 5mm left", "spinal cord prv 5mm right", "α/β Rückenmark", "SpinalCord", "spinalcord", "脊髄"]
    assert fitted_names(names, ANY_SYSTEM) == (
        *("Spinal_Cord_PRV_", "spinal_cord_pr_2", "alpha_beta_Rucke", "SpinalCord", "spinalcord_2", "ROI"),
    )


def test_the_shipped_naming_table_can_be_used_and_bad_ones_name_their_row(tmp_path: Path) -> None:
    assert naming_rule("any") == replace(ANY_SYSTEM, source=naming_rule("ANY").source)
    assert naming_rule("eclipse").maximum_length == 16
    with pytest.raises(ProtocolError, match="no naming rule"):
        naming_rule("abacus")
    header = "system,maximum_length,allowed,evidence,source"
    for row, message in [
        ("x,3,A-Z,M,s", "maximum_length"),
        ("x,16,]z,M,s", "allowed"),
        ("x,16,A-Za-z0-9_,,s", "empty cell"),
    ]:
        (tmp_path / "naming.csv").write_text(f"{header}\n{row}\n")
        with pytest.raises(ProtocolError, match=f"row 2.*{message}"):
            read_naming_rules(tmp_path / "naming.csv")
    (tmp_path / "naming.csv").write_text("system\nx\n")
    with pytest.raises(ProtocolError, match="no column maximum_length"):
        read_naming_rules(tmp_path / "naming.csv")
