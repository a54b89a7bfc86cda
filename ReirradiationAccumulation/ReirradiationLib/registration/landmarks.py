"""The rigid transform that fits pairs of landmarks best, and how far it can be trusted."""

from __future__ import annotations

import itertools

import numpy as np

from ..model.arrays import FloatArray
from ..model.errors import RegistrationError
from ..model.transform import Affine, SpatialTransform
from .engine import Registered
from .landmark_table import LandmarkPairs

LEAST_PAIRS = 4
"""Three determine a rigid transform and leave nothing to check it by."""

LEAST_SPREAD_MM = 10.0
"""Root mean square distance from the best line, of all landmarks but any one. Below it the turn about that line is open."""

LARGEST_ERROR_MM = 15.0
"""Of a landmark under the transform of the others; more is a mixed-up pair, or an anatomy that no rigid transform fits."""

RAS_TURN_DEGREES = 30.0
"""Turns this close to 180° about the patient's long axis are RAS taken for LPS."""

LARGE_TURN_DEGREES = 45.0
"""Told in the log: patient coordinates turn with the patient, so that CTs differ by little."""

FLIP_DEGREES = 90.0
"""A flat set of landmarks fits its mirror image by such a turn."""

MOST_SWAPS_TRIED = 60
MOST_TRIPLES = 3000
SEED = 20240617


def register_landmarks(pairs: LandmarkPairs, fixed_frame_uid: str, moving_frame_uid: str) -> Registered:
    """Fit a rigid transform to landmark pairs by least squares.

    The error of the pairs that it was fitted to (FRE) flatters, the more so the fewer they are. Beside it stands the error
    of every landmark under the transform that was fitted to the others, an estimate of the target registration error.

    Parameters
    ----------
    pairs : LandmarkPairs
        At least four, not along a line.
    fixed_frame_uid, moving_frame_uid : str
        FrameOfReferenceUIDs of the current CT and of the prior course.

    Returns
    -------
    Registered
        One matrix, and lines for the report with the errors.

    Raises
    ------
    RegistrationError
        If the pairs do not determine a rotation, look mirrored, mixed up or like RAS, or no rigid transform fits them.

    References
    ----------
    Arun KS, Huang TS, Blostein SD, IEEE Trans Pattern Anal Mach Intell 9:698 (1987); Umeyama S, ibid. 13:376 (1991), for the
    rotation that does not mirror; Fitzpatrick JM, West JB, IEEE Trans Med Imaging 20:917 (2001), for the errors.
    """
    _require_spread(pairs)
    matrix = rigid_fit(pairs.current_mm, pairs.prior_mm)
    left_out_mm = _left_out_errors_mm(pairs)
    if left_out_mm.max() > LARGEST_ERROR_MM:
        raise _misfit(pairs, left_out_mm)
    _require_lps(pairs, matrix)
    fitted_mm = _errors_mm(matrix, pairs.current_mm, pairs.prior_mm)
    transform = SpatialTransform(
        fixed_frame_uid,
        moving_frame_uid,
        (Affine(matrix),),
        f"rigid fit to {len(pairs.names)} landmark pairs ({pairs.source})",
    )
    return Registered(transform, _log(pairs, matrix, fitted_mm, left_out_mm))


def rigid_fit(current_mm: FloatArray, prior_mm: FloatArray) -> FloatArray:
    """The homogeneous 4×4 matrix, without scale or mirroring, that takes points (n, 3) closest to others."""
    here, there = current_mm.mean(axis=0), prior_mm.mean(axis=0)
    u, _, v = np.linalg.svd((prior_mm - there).T @ (current_mm - here))
    keep_handed = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    matrix = np.eye(4)
    matrix[:3, :3] = u @ keep_handed @ v
    matrix[:3, 3] = there - matrix[:3, :3] @ here
    return matrix


def turn_degrees(rotation: FloatArray) -> float:
    """The angle of a rotation matrix."""
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0))))


def _errors_mm(matrix: FloatArray, current_mm: FloatArray, prior_mm: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(Affine(matrix).apply(current_mm) - prior_mm, axis=1))


def _left_out_errors_mm(pairs: LandmarkPairs) -> FloatArray:
    """The error of each landmark under the transform that is fitted to the others, shape (n,)."""
    errors = []
    for left_out in range(len(pairs.names)):
        others = np.arange(len(pairs.names)) != left_out
        matrix = rigid_fit(pairs.current_mm[others], pairs.prior_mm[others])
        errors.append(_errors_mm(matrix, pairs.current_mm[[left_out]], pairs.prior_mm[[left_out]])[0])
    return np.array(errors)


def _require_spread(pairs: LandmarkPairs) -> None:
    count = len(pairs.names)
    if count < LEAST_PAIRS:
        raise RegistrationError(pairs.source, f"{count} landmark pairs", "Add pairs.", f"at least {LEAST_PAIRS}")
    for which, points in (("current", pairs.current_mm), ("prior", pairs.prior_mm)):
        for left_out, name in enumerate(pairs.names):
            others = points[np.arange(count) != left_out]
            spread_mm = _distance_from_line_mm(others)
            if spread_mm < LEAST_SPREAD_MM:
                raise RegistrationError(
                    pairs.source,
                    f"without '{name}' the {which} landmarks lie within {spread_mm:.1f} mm of a line: the turn is open",
                    "Add pairs away from that line.",
                    f"{LEAST_SPREAD_MM:.0f} mm",
                )


def _distance_from_line_mm(points_mm: FloatArray) -> float:
    """Root mean square distance from the line that fits best."""
    sizes = np.linalg.svd(points_mm - points_mm.mean(axis=0), compute_uv=False)
    return float(np.sqrt((sizes[1:] ** 2).sum() / len(points_mm)))


def _distance_from_plane_mm(points_mm: FloatArray) -> float:
    """Root mean square distance from the plane that fits best."""
    sizes = np.linalg.svd(points_mm - points_mm.mean(axis=0), compute_uv=False)
    return float(sizes[2] / np.sqrt(len(points_mm)))


def _misfit(pairs: LandmarkPairs, left_out_mm: FloatArray) -> RegistrationError:
    """What is wrong with pairs that no rigid transform fits, as far as it can be told."""
    count = len(pairs.names)
    expected = f"at most {LARGEST_ERROR_MM:.0f} mm from where the other landmarks put it"
    mirrored = pairs.prior_mm * (-1.0, 1.0, 1.0)
    if _rms_mm(pairs.current_mm, mirrored) < LARGEST_ERROR_MM / 2:
        return RegistrationError(
            pairs.source, "the pairs are mirrored", "Check left and right, and the sign of each column.", expected
        )
    if count <= MOST_SWAPS_TRIED:
        for one, other in itertools.combinations(range(count), 2):
            order = np.arange(count)
            order[[one, other]] = order[[other, one]]
            if _rms_mm(pairs.current_mm, pairs.prior_mm[order]) < LARGEST_ERROR_MM / 3:
                found = f"'{pairs.names[one]}' and '{pairs.names[other]}' are mixed up: the pairs fit if they are exchanged"
                return RegistrationError(pairs.source, found, "Exchange their prior places.", expected)
    far = _outliers_mm(pairs)
    if far:
        found = ", ".join(f"'{pairs.names[n]}' by {error:.0f} mm" for n, error in far)
        return RegistrationError(
            pairs.source, f"pairs that do not fit the others: {found}", "Correct or leave out these pairs.", expected
        )
    worst = int(left_out_mm.argmax())
    found = f"no rigid transform fits: '{pairs.names[worst]}' is {left_out_mm[worst]:.0f} mm off"
    remedy = "Check the pairs; keep to bone, or register the images deformably."
    return RegistrationError(pairs.source, found, remedy, expected)


def _rms_mm(current_mm: FloatArray, prior_mm: FloatArray) -> float:
    return float(np.sqrt(np.mean(_errors_mm(rigid_fit(current_mm, prior_mm), current_mm, prior_mm) ** 2)))


def _outliers_mm(pairs: LandmarkPairs) -> list[tuple[int, float]]:
    """Pairs far from the transform of the majority, worst first; none if there is no majority.

    The majority is what the transform of three pairs with the least median error agrees with (Rousseeuw PJ, J Am Stat Assoc
    79:871 (1984)).
    """
    count = len(pairs.names)
    triples = np.array(list(itertools.islice(itertools.combinations(range(count), 3), MOST_TRIPLES)))
    if len(triples) == MOST_TRIPLES:  # the first ones of many would all hold the first landmark
        random = np.random.default_rng(SEED)
        triples = np.array([random.choice(count, 3, replace=False) for _ in range(MOST_TRIPLES)])
    medians = []
    for triple in triples:
        matrix = rigid_fit(pairs.current_mm[triple], pairs.prior_mm[triple])
        medians.append(np.median(_errors_mm(matrix, pairs.current_mm, pairs.prior_mm)))
    best = triples[int(np.argmin(medians))]
    errors = _errors_mm(rigid_fit(pairs.current_mm[best], pairs.prior_mm[best]), pairs.current_mm, pairs.prior_mm)
    agree = errors <= LARGEST_ERROR_MM
    if agree.sum() < max(LEAST_PAIRS - 1, count // 2 + 1):
        return []
    matrix = rigid_fit(pairs.current_mm[agree], pairs.prior_mm[agree])
    errors = _errors_mm(matrix, pairs.current_mm, pairs.prior_mm)
    return [(int(n), float(errors[n])) for n in np.argsort(-errors) if errors[n] > LARGEST_ERROR_MM]


def _require_lps(pairs: LandmarkPairs, matrix: FloatArray) -> None:
    """RAS on one side turns all points by 180° about the long axis: the fit is as good as ever, so its turn must tell."""
    if turn_degrees(np.diag([-1.0, -1.0, 1.0]) @ matrix[:3, :3]) < RAS_TURN_DEGREES:
        raise RegistrationError(
            pairs.source,
            "the landmarks of one side are turned by 180° about the patient's long axis, as RAS coordinates are",
            "Turn the signs of x and y of that side. If the CT really is labelled wrongly, give a transform file instead.",
            "LPS mm on both sides",
        )
    flat_mm, turn = _distance_from_plane_mm(pairs.current_mm), turn_degrees(matrix[:3, :3])
    if turn > FLIP_DEGREES and flat_mm < LARGEST_ERROR_MM:
        raise RegistrationError(
            pairs.source,
            f"landmarks within {flat_mm:.0f} mm of a plane and turned by {turn:.0f}°, as mirrored ones are",
            "Check left and right and the sign of each column, or add pairs outside of the plane.",
            f"a turn of at most {FLIP_DEGREES:.0f}°, or {LARGEST_ERROR_MM:.0f} mm from a plane",
        )


def _log(pairs: LandmarkPairs, matrix: FloatArray, fitted_mm: FloatArray, left_out_mm: FloatArray) -> tuple[str, ...]:
    rotation = matrix[:3, :3]
    shift = Affine(matrix).apply(pairs.current_mm.mean(axis=0)[None]) - pairs.current_mm.mean(axis=0)
    worst = pairs.names[int(left_out_mm.argmax())]
    lines = [
        f"rigid least-squares fit to {len(pairs.names)} landmark pairs of {pairs.source}",
        f"error of the fitted pairs (FRE): mean {fitted_mm.mean():.2f} mm, largest {fitted_mm.max():.2f} mm",
        f"error of pairs left out of the fit, an estimate of the TRE: mean {left_out_mm.mean():.2f} mm, "
        f"largest {left_out_mm.max():.2f} mm ('{worst}')",
        f"turn {turn_degrees(rotation):.1f}°, shift of the landmarks' centre {np.linalg.norm(shift):.1f} mm",
    ]
    if turn_degrees(rotation) > LARGE_TURN_DEGREES:
        lines.append("the turn is large: check the patient's position in both CTs")
    return tuple(lines)
