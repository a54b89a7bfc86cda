"""Faults of RTDOSE objects and of which of them a case names."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from ReirradiationLib.model.interlock import Interlock

from .bench import (
    OTHER_UID,
    Bench,
    DatasetChange,
    Fault,
    all_of,
    new,
    new_dose,
    prior,
    prior_dose,
    prior_plan,
    same,
    setting,
)

FRAMES = 48


def scaled(factor: float) -> DatasetChange:
    return lambda dataset: setattr(dataset, "DoseGridScaling", f"{float(dataset.DoseGridScaling) * factor:.10g}")


def offsets(values: list[float] | None) -> DatasetChange:
    return setting(GridFrameOffsetVector=values)


def planes(places: list[int]) -> DatasetChange:
    """Only some of the planes, 3 mm apart, at their places."""

    def change(dataset: Dataset) -> None:
        dataset.PixelData = dataset.pixel_array[places].tobytes()
        dataset.NumberOfFrames = len(places)
        dataset.GridFrameOffsetVector = [3.0 * place for place in places]

    return change


def beam(*numbers: int, share: float = 0.25) -> DatasetChange:
    """The BEAM dose of some beams of the prior plan."""

    def change(dataset: Dataset) -> None:
        dataset.DoseSummationType = "BEAM"
        dataset.SOPInstanceUID = f"{OTHER_UID}.{numbers[0] if numbers else 0}"
        scaled(share)(dataset)
        group, used = Dataset(), []
        for number in numbers:
            item = Dataset()
            item.ReferencedBeamNumber = number
            used.append(item)
        group.ReferencedFractionGroupNumber, group.ReferencedBeamSequence = 1, used
        dataset.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [group]

    return change


def one_after_the_other(*changes: DatasetChange) -> DatasetChange:
    def change(dataset: Dataset) -> None:
        for one in changes:
            one(dataset)

    return change


def cut_to_the_middle(dataset: Dataset) -> None:
    """Columns and rows around the hottest voxel: the dose goes on beyond."""
    pixels = dataset.pixel_array
    _, j, i = np.unravel_index(np.argmax(pixels), pixels.shape)
    dataset.PixelData = np.ascontiguousarray(pixels[:, j - 3 : j + 4, i - 3 : i + 4]).tobytes()
    dataset.Rows, dataset.Columns = 7, 7


def one_negative_voxel(dataset: Dataset) -> None:
    """Signed integers, one of them below zero."""
    pixels = (dataset.pixel_array // 2).astype("<i2")
    pixels[0, 0, 0] = -1
    dataset.PixelRepresentation, dataset.PixelData = 1, pixels.tobytes()


def feet_first_at_zero(dataset: Dataset) -> None:
    dataset.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    x, y, _ = dataset.ImagePositionPatient
    dataset.ImagePositionPatient = [x, y, 0]


def absolute_in_sagittal_planes(dataset: Dataset) -> None:
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, 1]
    z = float(dataset.ImagePositionPatient[2])
    dataset.GridFrameOffsetVector = [z + 3.0 * n for n in range(FRAMES)]


def second_plan(dataset: Dataset) -> None:
    dataset.ReferencedRTPlanSequence.append(dataset.ReferencedRTPlanSequence[0])


def with_new_dose(bench: Bench) -> Bench:
    return bench.with_prior(dose=bench.case.new_course.dose)


def with_new_plan(bench: Bench) -> Bench:
    return bench.with_prior(plan=bench.case.new_course.plan)


def plan_beside_beams(bench: Bench) -> Bench:
    beams = prior_dose(*(beam(n) for n in (1, 2, 3, 4)))(bench)
    return beams.with_prior(dose=(*bench.prior.dose, *beams.prior.dose))


def wrong_way(dataset: Dataset) -> None:
    steps = [3.0 * n for n in range(FRAMES)]
    steps[10], steps[11] = steps[11], steps[10]
    dataset.GridFrameOffsetVector = steps


FAULTS = (
    Fault("the dose of one fraction in place of the course", prior_dose(scaled(0.1)), Interlock.DOSE_IMPLAUSIBLE),
    Fault("the new dose is that of one fraction", new_dose(scaled(0.2)), Interlock.DOSE_IMPLAUSIBLE),
    Fault("a dose in cGy that says GY", prior_dose(scaled(100.0)), Interlock.DOSE_IMPLAUSIBLE, "2.5|75 Gy"),
    Fault(
        "the dose of one fraction, and no plan to compare it with",
        all_of(prior_dose(scaled(0.1)), prior(plan=None, fractions=10)),
        Interlock.DOSE_IMPLAUSIBLE,
        along=(Interlock.PLAN_MISSING, Interlock.DATE_MISSING),
    ),
    Fault("the dose in percent", prior_dose(setting(DoseUnits="RELATIVE")), Interlock.DOSE_UNITS),
    Fault("the dose without units", prior_dose(setting(DoseUnits=None)), Interlock.DOSE_UNITS),
    Fault("an effective dose of photons: an EQD2 already?", prior_dose(setting(DoseType="EFFECTIVE")), Interlock.DOSE_TYPE),
    Fault("a dose difference (ERROR)", prior_dose(setting(DoseType="ERROR")), Interlock.DOSE_TYPE),
    Fault("a dose without a type", prior_dose(setting(DoseType=None)), Interlock.DOSE_TYPE),
    Fault("the dose of several plans", prior_dose(setting(DoseSummationType="MULTI_PLAN")), Interlock.DOSE_SUMMATION),
    Fault("the dose of a control point", prior_dose(setting(DoseSummationType="CONTROL_POINT")), Interlock.DOSE_SUMMATION),
    Fault("the dose of a fraction group", prior_dose(setting(DoseSummationType="FRACTION")), Interlock.DOSE_FRACTION_GROUP),
    Fault("the dose of one of four beams", prior_dose(beam(1)), Interlock.DOSE_BEAM_ALONE),
    Fault("the doses of three of four beams", prior_dose(beam(1), beam(2), beam(3)), Interlock.DOSE_BEAM_ALONE),
    Fault("a beam dose that names no beam", prior_dose(beam()), Interlock.DOSE_BEAM_ALONE),
    Fault(
        "beam doses without a plan that would tell whether they are all",
        all_of(prior_dose(*(beam(n) for n in (1, 2, 3, 4))), prior(plan=None, fractions=10)),
        Interlock.DOSE_BEAM_ALONE,
    ),
    Fault("one beam twice", prior_dose(beam(1, 2), beam(2, 3), beam(4)), Interlock.DOSE_COUNTED_TWICE),
    Fault("the plan's dose beside those of its beams", plan_beside_beams, Interlock.DOSE_COUNTED_TWICE),
    Fault("the plan's dose twice", prior_dose(same, setting(SOPInstanceUID=OTHER_UID)), Interlock.DOSE_COUNTED_TWICE),
    Fault(
        "beams on grids of different size",
        prior_dose(beam(1), beam(2), beam(3), one_after_the_other(beam(4), planes(list(range(40))))),
        Interlock.DOSE_BEAM_ALONE,
        "another grid",
    ),
    Fault(
        "beams on grids that are shifted by 1 mm",
        prior_dose(beam(1), beam(2), beam(3), one_after_the_other(beam(4), setting(ImagePositionPatient=[-168, -321, 22]))),
        Interlock.DOSE_BEAM_ALONE,
        "another grid",
    ),
    Fault(
        "beams without a plan dose: the sum of all of them",
        prior_dose(*(beam(n) for n in (1, 2, 3, 4))),
        Interlock.DOSE_SUMMED_BEAMS,
    ),
    Fault(
        "beams of which each holds one fraction only",
        prior_dose(*(beam(n, share=0.025) for n in (1, 2, 3, 4))),
        Interlock.DOSE_IMPLAUSIBLE,
        along=(Interlock.DOSE_SUMMED_BEAMS,),
    ),
    Fault("a dose of zeros", prior_dose(lambda d: setattr(d, "PixelData", bytes(len(d.PixelData)))), Interlock.DOSE_ZERO),
    Fault("a dose with a negative voxel", prior_dose(one_negative_voxel), Interlock.DOSE_VALUES, "negative"),
    Fault("a scaling of 0", prior_dose(setting(DoseGridScaling="0")), Interlock.DOSE_VALUES),
    Fault("a negative scaling", prior_dose(setting(DoseGridScaling="-0.0005")), Interlock.DOSE_VALUES),
    Fault(
        "a scaling so large that the dose is infinite", prior_dose(setting(DoseGridScaling="1e300")), Interlock.DOSE_VALUES
    ),
    Fault("a scaling so small that the dose vanishes", prior_dose(setting(DoseGridScaling="1e-60")), Interlock.DOSE_VALUES),
    Fault("a scaling that is no number", prior_dose(setting(DoseGridScaling="nan")), Interlock.ATTRIBUTE),
    Fault("a dose without scaling", prior_dose(setting(DoseGridScaling=None)), Interlock.ATTRIBUTE),
    Fault("12 of 16 bits stored", prior_dose(setting(BitsStored=12, HighBit=11)), Interlock.DOSE_VALUES),
    Fault(
        "half of the pixel data are lost",
        prior_dose(lambda d: setattr(d, "PixelData", d.PixelData[: len(d.PixelData) // 2])),
        Interlock.DOSE_VALUES,
    ),
    Fault("more pixel data than voxels", prior_dose(setting(Rows=70)), Interlock.DOSE_VALUES),
    Fault("a header that claims 300 GB", prior_dose(setting(Rows=65535, Columns=50000)), Interlock.FILE_TOO_LARGE),
    Fault("no offsets of the planes", prior_dose(offsets(None)), Interlock.ATTRIBUTE, "GridFrameOffsetVector"),
    Fault("one offset too few", prior_dose(offsets([3.0 * n for n in range(FRAMES - 1)])), Interlock.DOSE_OFFSETS),
    Fault("offsets out of order", prior_dose(wrong_way), Interlock.DOSE_OFFSETS),
    Fault("offsets that start nowhere", prior_dose(offsets([7.0 + 3.0 * n for n in range(FRAMES)])), Interlock.DOSE_OFFSETS),
    Fault(
        "offsets without a common measure",
        prior_dose(offsets([*(3.0 * n for n in range(FRAMES - 1)), 3.0 * (FRAMES - 1) + 0.77])),
        Interlock.DOSE_OFFSETS,
    ),
    Fault("absolute offsets in sagittal planes", prior_dose(absolute_in_sagittal_planes), Interlock.DOSE_OFFSETS),
    Fault("feet first at z = 0: offsets either way", prior_dose(feet_first_at_zero), Interlock.DOSE_OFFSETS, "feet first"),
    Fault("planes at uneven distances", prior_dose(planes([*range(0, 30), *range(30, 48, 2)])), Interlock.DOSE_RESAMPLED),
    Fault("a grid that ends in the beam", prior_dose(cut_to_the_middle), Interlock.DOSE_CLIPPED),
    Fault(
        "non-orthogonal rows and columns",
        prior_dose(setting(ImageOrientationPatient=[1, 0, 0, 0.1, 1, 0])),
        Interlock.ATTRIBUTE,
    ),
    Fault("a pixel spacing of 0", prior_dose(setting(PixelSpacing=[0, 4])), Interlock.ATTRIBUTE, "RD1.*grid of spacing"),
    Fault("the dose of the other course", with_new_dose, Interlock.DOSE_OTHER_PLAN),
    Fault("the plan of the other course", with_new_plan, Interlock.DOSE_OTHER_PLAN),
    Fault("a dose of no plan", prior_dose(setting(ReferencedRTPlanSequence=None)), Interlock.DOSE_OTHER_PLAN, "names 0"),
    Fault("a dose of two plans", prior_dose(second_plan), Interlock.DOSE_OTHER_PLAN, "names 2"),
    Fault(
        "a dose in another frame than its plan", prior_dose(setting(FrameOfReferenceUID=OTHER_UID)), Interlock.FRAME_DIFFERS
    ),
    Fault(
        "the new dose in another frame than the current CT",
        all_of(new_dose(setting(FrameOfReferenceUID=OTHER_UID)), new(plan=None)),
        Interlock.FRAME_DIFFERS,
        "new plan's dose",
    ),
    Fault(
        "a setup beam is no treatment beam: its dose is not missed",
        all_of(
            prior_plan(lambda d: setattr(d.BeamSequence[3], "TreatmentDeliveryType", "SETUP")),
            prior_dose(beam(1), beam(2), beam(3, share=0.5)),
        ),
        Interlock.DOSE_SUMMED_BEAMS,
    ),
    Fault(
        "the dose of a continued beam is forgotten",
        all_of(
            prior_plan(lambda d: setattr(d.BeamSequence[3], "TreatmentDeliveryType", "CONTINUATION")),
            prior_dose(beam(1), beam(2), beam(3, share=0.5)),
        ),
        Interlock.DOSE_BEAM_ALONE,
    ),
)
