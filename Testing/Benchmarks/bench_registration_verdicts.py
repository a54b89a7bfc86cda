"""Verdicts beside true errors: our engine on pairs with a known map, on wrong transforms and on other patients' CTs.

Run by ``make bench``; prints Markdown. ``--engine elastix`` takes that one for the deformable step; ``--pairs`` some only.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

TESTING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTING / "Python"))

from judged_pairs import HEAD, JudgedOrgan, judged, judged_course, nowhere_true, registered, row  # noqa: E402
from other_patients import head_and_neck  # noqa: E402
from registration_pairs import NAMED, named_pair  # noqa: E402
from ReirradiationLib.model.errors import RegistrationError  # noqa: E402
from ReirradiationLib.model.registration import EngineName  # noqa: E402
from ReirradiationLib.registration.engine import RegistrationEngine  # noqa: E402
from ReirradiationLib.registration.engines import chosen_engine, library_engines  # noqa: E402
from wrong_transforms import wrong_transforms  # noqa: E402

WRONG = "wrong patient"
OTHERS = (("pt_1", "pt_5"), ("pt_5", "pt_243"), ("pt_243", "pt_1"))


def main() -> None:
    options = arguments()
    engine = chosen_engine(EngineName(options.engine), library_engines())
    wanted = options.pairs or [*NAMED, WRONG]
    print(f"# Verdicts and true errors, engine {engine.name.value} {engine.version()}\n")
    print("Error: |T(x) − truth(x)| over the points of an organ that the prior CT shows, in the frame of the prior CT.")
    print("Wrong: go, though the median is over 2.5 mm or the 95th percentile over 5 mm, or of another patient.")
    print(f"\n## Registered\n\n{HEAD}")
    for name in wanted:
        show(of_pair(name, engine))
    if not options.pairs:
        show(of_others(engine))
        print(f"\n## Wrong transforms of the pair 'smooth 10 mm'\n\n{HEAD}")
        pair = named_pair("smooth 10 mm")
        show((title, judged(pair, forth, back)) for title, forth, back in wrong_transforms(pair))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", nargs="*", choices=[*NAMED, WRONG], default=[])
    parser.add_argument("--engine", default=EngineName.SIMPLEITK.value, choices=[one.value for one in EngineName])
    return parser.parse_args()


def show(judgements: Iterator[tuple[str, list[JudgedOrgan]]]) -> None:
    """One row each, and below the table's row, on stderr, every organ that is go and wrong."""
    for title, organs in judgements:
        print(row(title, organs), flush=True)
        for organ in organs:
            if organ.is_confidently_wrong():
                print(f"{title}: {organ}", file=sys.stderr, flush=True)


def of_pair(name: str, engine: RegistrationEngine) -> Iterator[tuple[str, list[JudgedOrgan]]]:
    pair = named_pair(name)
    try:
        both = registered(pair.fixed, pair.moving, engine)
    except RegistrationError as error:
        print(f"| {name} | refused: {error.found} | | | |", flush=True)
        return
    yield f"{name}, rigid", judged(pair, both.rigid, both.rigid_back)
    yield f"{name}, deformable", judged(pair, both.deformable, both.deformable_back)


def of_others(engine: RegistrationEngine) -> Iterator[tuple[str, list[JudgedOrgan]]]:
    """CTs of OpenKBP, where the shared data are here."""
    beside = TESTING.parents[1] / "shared" / "data"
    folder = Path(os.environ.get("REIRRADIATION_SHARED_DATA", beside)) / "09_openkbp"
    if not folder.exists():
        print("| head and neck of other patients: not here | | | | |")
        return
    for now, before in OTHERS:
        current, _, organs = head_and_neck(folder / now)
        prior, dose, _ = head_and_neck(folder / before)
        points = {organ.name: organ.points_mm for organ in organs}
        both = registered(current, prior, engine)
        for kind, forth, back in (
            ("rigid", both.rigid, both.rigid_back),
            ("deformable", both.deformable, both.deformable_back),
        ):
            course = judged_course(current, prior, forth, back, points, dose)
            yield f"wrong patient, head and neck ({now}, {before}), {kind}", nowhere_true(course)


if __name__ == "__main__":
    main()
