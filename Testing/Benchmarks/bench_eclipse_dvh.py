"""DVHs beside those that Eclipse exported with the RANDO phantom, by each end-cap rule. Part of ``make bench``.

Skips with a word where the files (SlicerRT's test data) are not there. The comparison is Testing/Python/eclipse_tables.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TESTING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTING / "Python"))

from eclipse_tables import SMALL_CC, Comparison, agreement_percent, comparisons, mean_of  # noqa: E402
from ReirradiationLib.model.structure import EndCaps  # noqa: E402

COUNTABLE_CC = 0.5
QUANTITIES = ("mean_difference_gy", "d95_difference_gy", "d2_difference_gy", "largest_difference_percent")


def main() -> None:
    beside = TESTING.parents[1] / "shared" / "data"
    folder = Path(os.environ.get("REIRRADIATION_SHARED_DATA", beside)) / "02_rando_ent" / "dicom"
    print("# DVHs beside Eclipse's own (RANDO phantom, 16 structures)")
    if not folder.exists():
        print(f"\nIts files are not in {folder}: not compared.")
        return
    found = {rule: comparisons(folder, rule) for rule in EndCaps}
    print("\nMeans over structures of |Δ|; the share of all bins within 1 % of the volume and 1 % of the maximum dose.\n")
    head = "volume [%] | mean dose [Gy] | D95% [Gy] | D2% [Gy] | largest difference of the curve [%] | bins that agree [%]"
    print(f"| end caps | structures | {head} |\n|---|---|---|---|---|---|---|---|")
    for rule, ours in found.items():
        large, small = ([one for one in ours if (one.eclipse_cc >= SMALL_CC) is wanted] for wanted in (True, False))
        for name, part in (("10 from 3 cc up", large), ("6 below 3 cc", small)):
            print(f"| {rule.value} | {name} | {summary(part)} |")
        countable = [one for one in ours if one.eclipse_cc >= COUNTABLE_CC]
        print(f"| {rule.value} | {len(countable)} from 0.5 cc up | | | | | | {agreement_percent(countable):.2f} |")
    print("\nEach structure, without end caps (Eclipse has none) and with half slices (our default):\n")
    print(
        "| structure | Eclipse [cc] | none [cc] | Δ mean [Gy] | Δ curve [%] | half-slice [cc] | Δ mean [Gy] | Δ curve [%] |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for none, half in zip(found[EndCaps.NONE], found[EndCaps.HALF_SLICE], strict=True):
        print(f"| {none.name} | {none.eclipse_cc:g} | {row(none)} | {row(half)} |")


def summary(part: list[Comparison]) -> str:
    volume = sum(abs(100.0 * (one.ours_cc / one.eclipse_cc - 1.0)) for one in part) / len(part)
    values = " | ".join(f"{mean_of(part, quantity):.3f}" for quantity in QUANTITIES)
    return f"{volume:.2f} | {values} | {agreement_percent(part):.2f}"


def row(one: Comparison) -> str:
    return f"{one.ours_cc:.2f} | {one.mean_difference_gy:+.3f} | {one.largest_difference_percent:.2f}"


if __name__ == "__main__":
    main()
