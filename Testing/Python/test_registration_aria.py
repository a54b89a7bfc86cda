"""The vendor's REG of the ARIA phantom: both of its CTs are blank, so that nothing can say it is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from judged_pairs import ball_dose, found, limits
from ReirradiationLib.dicom.ct import read_ct
from ReirradiationLib.dicom.registration import read_registration
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.bodies import body_of
from ReirradiationLib.dosimetry.occupancy import body_samples
from ReirradiationLib.model.errors import RegistrationError
from ReirradiationLib.model.image import Image
from ReirradiationLib.model.registration import RegistrationKind
from ReirradiationLib.model.registration_quality import Verdict
from ReirradiationLib.model.structure import EndCaps, StructureSet
from ReirradiationLib.registration.course_check import CourseCheck, OrganRegion, check_course
from shared_data import extracted, shared_data

SAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Phantom:
    """A CT and the structures drawn on it, and the REG that connects it with the other one."""

    ct: Image
    structures: StructureSet
    reg: Path

    def organs(self) -> tuple[OrganRegion, ...]:
        bodies = [
            (one.name, body_of(one, self.ct.geometry, EndCaps.HALF_SLICE, SAMPLES))
            for one in self.structures.structures
            if one.contours_mm
        ]
        return tuple(OrganRegion(name, body_samples(body).points_mm) for name, body in bodies)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Phantom, Phantom]:
    folder = extracted(shared_data("03_aria_phantom_reg"), tmp_path_factory.mktemp("aria"))
    one_copy = next(path.parent for path in sorted(folder.rglob("RE*.dcm")))
    uids = sorted({pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID for path in one_copy.glob("CT*.dcm")})
    sets = [read_structures(path) for path in sorted(one_copy.glob("RS*.dcm"))]
    (reg,) = one_copy.glob("RE*.dcm")
    made = []
    for uid in uids:
        ct = read_ct(one_copy, uid)
        made.append(Phantom(ct, next(one for one in sets if one.frame_uid == ct.frame_uid), reg))
    return made[0], made[1]


def in_both_directions(phantoms: tuple[Phantom, Phantom]) -> list[tuple[Phantom, Phantom]]:
    return [phantoms, phantoms[::-1]]


def test_the_cts_of_the_aria_phantom_are_blank(phantoms) -> None:
    assert sorted(len(phantom.ct.slice_uids) for phantom in phantoms) == [11, 101]
    assert all(np.ptp(phantom.ct.voxels_hu) < 1.0 for phantom in phantoms)


def test_the_vendors_reg_is_read_in_both_directions_and_never_go_where_the_cts_show_nothing(phantoms) -> None:
    for here, there in in_both_directions(phantoms):
        forward, backward = (
            read_registration(here.reg, *frames)
            for frames in ((here.ct.frame_uid, there.ct.frame_uid), (there.ct.frame_uid, here.ct.frame_uid))
        )
        points = here.ct.geometry.to_lps(np.argwhere(np.ones((2, 2, 2))) * 5.0)
        np.testing.assert_allclose(backward.apply(forward.apply(points)), points, atol=1e-9)
        organs = here.organs()
        check = CourseCheck(here.ct, there.ct, ball_dose(there.ct), forward, backward)
        quality = check_course(check, organs, limits())
        assert len(organs) > 0
        assert quality.count(Verdict.GO) == 0
        for verdict in quality.verdicts:
            assert any("nothing to check it by" in reason.text or "outside" in reason.text for reason in verdict.reasons)


def test_our_registration_refuses_the_blank_cts(phantoms) -> None:
    for here, there in in_both_directions(phantoms):
        with pytest.raises(RegistrationError, match=r"Current CT|Prior CT"):
            found(here.ct, there.ct, RegistrationKind.RIGID)
