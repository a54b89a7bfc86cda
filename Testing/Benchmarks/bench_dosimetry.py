"""Dosimetry on a patient of clinical size, against named peers in the same run, accuracy beside every time.

Run by ``make bench``; prints Markdown. The patient is analytic (phantom.py): 30 structures of 1 cc … 30 000 cc with 1 087
contours of 240 000 points on a CT of 512 × 512 × 200, doses of four courses on 200 × 160 × 160 voxels of 2.5 mm. Ratios
count, not seconds. Peers that are not installed are left out with a word.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import dosimetry_chain
import dosimetry_dvh
import dosimetry_eqd2
import dosimetry_growth
import dosimetry_mapping
import dosimetry_masks
import SimpleITK as sitk
from dosimetry_case import make_case


def main() -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with tempfile.TemporaryDirectory() as temporary:
        case = make_case(Path(temporary))
        print(f"# Dosimetry of a case of clinical size on {os.cpu_count()} cores")
        parts = (dosimetry_masks, dosimetry_dvh, dosimetry_mapping, dosimetry_eqd2, dosimetry_chain, dosimetry_growth)
        for part in parts:
            part.report(case)


if __name__ == "__main__":
    main()
