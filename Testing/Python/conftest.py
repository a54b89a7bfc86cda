"""Fixtures that several test files share: the demo case, its truth, and small synthetic data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.model.case import Case
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.report.results import CaseResults
from ReirradiationLib.workflow import compute

DEMO = Path(__file__).resolve().parent.parent / "Data" / "demo_case"


@pytest.fixture(scope="session")
def demo_folder() -> Path:
    return DEMO


@pytest.fixture(scope="session")
def demo_case(demo_folder: Path) -> Case:
    return read_case(demo_folder / "case.json")


@pytest.fixture(scope="session")
def demo_results(demo_case: Case) -> CaseResults:
    return compute(demo_case, Monitor())


@pytest.fixture(scope="session")
def current_ct(demo_folder: Path) -> Image:
    return read_ct(demo_folder / "course2" / "CT")


@pytest.fixture(scope="session")
def prior_ct(demo_folder: Path) -> Image:
    return read_ct(demo_folder / "course1" / "CT")


@pytest.fixture(scope="session")
def prior_dose(demo_folder: Path) -> Dose:
    return read_dose(demo_folder / "course1" / "RD.dcm")


@pytest.fixture(scope="session")
def new_dose(demo_folder: Path) -> Dose:
    return read_dose(demo_folder / "course2" / "RD.dcm")


@pytest.fixture(scope="session")
def landmarks(demo_folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """300 exact pairs: current and prior points, LPS mm."""
    table = np.loadtxt(demo_folder / "truth" / "landmarks_current_prior_LPS.csv", delimiter=",", skiprows=1)
    return table[:, :3], table[:, 3:]
