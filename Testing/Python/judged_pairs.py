"""Registrations of pairs with a known map, judged as a course would be: the verdict beside the true error, per organ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from registration_pairs import RegistrationPair, inside
from ReirradiationLib.model.geometry import Geometry
from ReirradiationLib.model.image import Dose, Image
from ReirradiationLib.model.protocol_tables import default_protocol_folder, load_protocol
from ReirradiationLib.model.registration import RegistrationKind
from ReirradiationLib.model.registration_limits import RegistrationLimits
from ReirradiationLib.model.registration_quality import CourseQuality, OrganVerdict, Verdict
from ReirradiationLib.model.transform import Affine, SpatialTransform
from ReirradiationLib.registration.course_check import CourseCheck, OrganRegion, check_course
from ReirradiationLib.registration.engine import RegistrationEngine, RegistrationSettings
from ReirradiationLib.registration.simpleitk_engine import SimpleItkEngine

POINTS = 3000
LEAST_POINTS = 200
DOSE_SPACING_MM = 5.0
DOSE_SD_MM = 60.0


@dataclass(frozen=True, eq=False)
class Registered:
    """Rigid and deformable, from current to prior and from prior to current."""

    rigid: SpatialTransform
    rigid_back: SpatialTransform
    deformable: SpatialTransform
    deformable_back: SpatialTransform


@dataclass(frozen=True, eq=False)
class JudgedOrgan:
    """What the registration says of itself, and what it is.

    Parameters
    ----------
    errors_mm : array, shape (n,)
        True errors of the organ's points that the prior CT shows; NaN where the transform is undefined, empty for another
        patient's CT, where there is no truth.
    """

    name: str
    verdict: OrganVerdict
    errors_mm: np.ndarray

    @property
    def median_mm(self) -> float:
        return float(np.nanmedian(self.errors_mm)) if self.errors_mm.size else float("nan")

    @property
    def p95_mm(self) -> float:
        return float(np.nanpercentile(self.errors_mm, 95.0)) if self.errors_mm.size else float("nan")

    @property
    def is_go(self) -> bool:
        return self.verdict.verdict is Verdict.GO

    def is_confidently_wrong(self, median_mm: float = 2.5, p95_mm: float = 5.0) -> bool:
        """Go, and yet off by more than this; or go where no point belongs to another."""
        return self.is_go and not (self.median_mm <= median_mm and self.p95_mm <= p95_mm)

    def __str__(self) -> str:
        reasons = "; ".join(reason.text for reason in self.verdict.reasons)
        return f"{self.name} {self.verdict.verdict.value}: {self.median_mm:.1f} / {self.p95_mm:.1f} mm ({reasons})"


@lru_cache(maxsize=1)
def limits() -> RegistrationLimits:
    """The shipped ones."""
    return load_protocol(default_protocol_folder()).registration_limits


def found(
    fixed: Image,
    moving: Image,
    kind: RegistrationKind,
    start: Affine | None = None,
    engine: RegistrationEngine | None = None,
) -> SpatialTransform:
    """One registration by our engine."""
    settings = RegistrationSettings(kind, start)
    return (engine or SimpleItkEngine()).register(fixed, moving, settings, lambda text: None, lambda: False).transform


def registered(fixed: Image, moving: Image, engine: RegistrationEngine | None = None) -> Registered:
    """All registrations of a pair, as a run makes them: both deformable ones begin with the forward rigid one."""
    rigid = found(fixed, moving, RegistrationKind.RIGID)
    rigid_back = found(moving, fixed, RegistrationKind.RIGID)
    start = rigid.steps[0]
    return Registered(
        rigid,
        rigid_back,
        found(fixed, moving, RegistrationKind.DEFORMABLE, start, engine),
        found(moving, fixed, RegistrationKind.DEFORMABLE, start.inverse(), engine),
    )


def organs_of(pair: RegistrationPair) -> Mapping[str, np.ndarray]:
    """Points of the organs that the current CT shows, but for the body as such, and evenly picked of large ones."""
    shown = {}
    for name, points in pair.organs.items():
        index = pair.fixed.geometry.to_index(points)
        points = points[((index >= 0) & (index <= np.asarray(pair.fixed.geometry.size) - 1)).all(axis=1)]
        if name.upper() not in ("BODY", "EXTERNAL") and len(points) >= LEAST_POINTS:
            shown[name] = points[:: max(1, len(points) // POINTS)]
    return shown


def ball_dose(moving: Image) -> Dose:
    """A prior dose that falls off from the middle of the prior CT."""
    grid = moving.geometry
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.asarray(grid.size) - 1.0)
    ends = grid.to_lps(corners)
    low, high = ends.min(axis=0), ends.max(axis=0)
    size = tuple(int(n) for n in np.ceil((high - low) / DOSE_SPACING_MM) + 1)
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    dose_grid = Geometry(tuple(low.tolist()), (DOSE_SPACING_MM,) * 3, axes, size)
    points = np.concatenate([dose_grid.plane_points(k) for k in range(size[2])])
    squared = ((points - ends.mean(axis=0)) ** 2).sum(axis=1)
    values = 60.0 * np.exp(-0.5 * squared / DOSE_SD_MM**2)
    return Dose(values.astype(np.float32).reshape(dose_grid.shape), dose_grid, moving.frame_uid, "1.9", moving.patient, ())


def judged(
    pair: RegistrationPair,
    transform: SpatialTransform,
    backward: SpatialTransform | None,
    chosen: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]] = lambda organs: organs,
) -> list[JudgedOrgan]:
    """Every organ of a pair under a transform, or the chosen ones."""
    organs = chosen(organs_of(pair))
    quality = judged_course(pair.fixed, pair.moving, transform, backward, organs)
    errors = [true_errors_mm(pair, transform, points) for points in organs.values()]
    return [JudgedOrgan(verdict.organ, verdict, error) for verdict, error in zip(quality.verdicts, errors, strict=True)]


def judged_course(
    fixed: Image,
    moving: Image,
    transform: SpatialTransform,
    backward: SpatialTransform | None,
    organs: Mapping[str, np.ndarray],
    dose: Dose | None = None,
) -> CourseQuality:
    check = CourseCheck(fixed, moving, dose or ball_dose(moving), transform, backward)
    return check_course(check, [OrganRegion(name, points) for name, points in organs.items()], limits())


def true_errors_mm(pair: RegistrationPair, transform: SpatialTransform, points: np.ndarray) -> np.ndarray:
    """|T(x) − truth(x)|, (n,), of the points that the prior CT truly shows."""
    if pair.truth is None:
        return np.empty(0)
    true = pair.truth(points)
    shown = inside(pair.moving.geometry, true)
    return np.linalg.norm(transform.apply(points[shown]) - true[shown], axis=1)


def nowhere_true(course: CourseQuality) -> list[JudgedOrgan]:
    """Of two patients: no point of one belongs to a point of the other."""
    return [JudgedOrgan(verdict.organ, verdict, np.empty(0)) for verdict in course.verdicts]


def row(title: str, organs: list[JudgedOrgan]) -> str:
    """One line of a Markdown table."""
    counts = [sum(organ.verdict.verdict is verdict for organ in organs) for verdict in Verdict]
    go = [organ for organ in organs if organ.is_go]
    worst_go = f"{max(o.median_mm for o in go):.1f} / {max(o.p95_mm for o in go):.1f}" if go else "–"
    every = [organ.median_mm for organ in organs if organ.errors_mm.size]
    of_all = f"{min(every):.1f} … {max(every):.1f}" if every else "no truth"
    wrong = sum(organ.is_confidently_wrong() for organ in organs)
    return f"| {title} | {of_all} | {counts[0]} / {counts[1]} / {counts[2]} | {worst_go} | {wrong} |"


HEAD = (
    "| pair | true median error per organ [mm] | go / caution / worksheet | worst go: median / 95th [mm] | go, yet wrong |"
    "\n|---|---|---|---|---|"
)
