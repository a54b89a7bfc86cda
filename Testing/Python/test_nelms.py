"""The DVH benchmark of Nelms 2015, all of it: 20 spheres and cones under 6 linear doses of 1 Gy/mm, against its workbook."""

from __future__ import annotations

import numpy as np
from nelms_truth import METRICS, read_cases
from ReirradiationLib.dicom.dose import read_dose
from ReirradiationLib.dicom.structures import read_structures
from ReirradiationLib.dosimetry.accumulation import structure_dose
from ReirradiationLib.dosimetry.dvh import cumulative_dvh
from ReirradiationLib.dosimetry.occupancy import structure_samples
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.metric import Metric
from shared_data import shared_data
from synthetic import AXIAL, course_of


def test_every_curve_of_the_benchmark_is_met() -> None:
    """Asked for: mean |ΔDx| ≤ 0.08 Gy, largest ≤ 0.25 Gy over D99 … D0.03cc, with half-slice end caps."""
    cases = read_cases(shared_data("05_nelms_dvh"))
    doses = {case.dose: read_dose(case.dose) for case in cases}
    samples = {}
    for case in cases:
        if case.structure not in samples:
            slices = round(48.0 / case.spacing_mm) + 1
            ct = Geometry((-50.0, -50.0, -18.0), (1.0, 1.0, case.spacing_mm), AXIAL, (101, 101, slices))
            structure = next(one for one in read_structures(case.structure).structures if one.contours_mm)
            samples[case.structure] = structure_samples(structure, ct)
    errors, volumes = [], []
    for case in cases:
        body = samples[case.structure]
        part = structure_dose(body, [course_of(doses[case.dose], 1)], [0.0]).courses[0]
        assert part.known.all()
        dvh = cumulative_dvh(part.dose_gy, body.volumes_cc)
        values = [dvh.value(Metric.parse(name if name.endswith("cc") else f"{name}%")) for name in METRICS]
        errors.append(np.abs(np.array(values) - case.doses_gy))
        volumes.append(abs(dvh.total_cc / case.volume_cc - 1.0))
    assert len(errors) == 120
    assert np.mean(errors) <= 0.02
    assert np.max(errors) <= 0.1
    assert max(volumes) <= 0.005
