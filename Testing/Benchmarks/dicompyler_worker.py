"""DVHs by dicompyler-core, in whatever environment has it; prints JSON.

``python dicompyler_worker.py JOBS.json`` where the file holds a list of [RTSTRUCT, RTDOSE, options of get_dvh]. The version
on PyPI (0.5.6) imports ``pydicom.pixel_data_handlers`` and needs pydicom below 3: it has an environment of its own, which
is why this is a program and imports nothing of the library. The clock runs from the datasets to the last histogram.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pydicom
from dicompylercore import dvhcalc


def main() -> None:
    print(json.dumps([run(*job) for job in json.loads(Path(sys.argv[1]).read_text())]))


def run(structures: str, dose: str, options: dict[str, object]) -> dict[str, object]:
    start = time.perf_counter()
    rtss, rtdose = pydicom.dcmread(structures), pydicom.dcmread(dose)
    answers = []
    for region in rtss.StructureSetROISequence:
        try:
            dvh = dvhcalc.get_dvh(rtss, rtdose, int(region.ROINumber), **options)
            answers.append(
                {
                    "name": str(region.ROIName),
                    "axis_gy": [float(v) for v in dvh.bins[:-1]],
                    "volume_cc": [float(v) for v in dvh.counts],
                    "mean_gy": float(dvh.mean),
                    "total_cc": float(dvh.volume),
                }
            )
        except Exception as error:  # noqa: BLE001 - whatever a peer fails with is its answer
            answers.append({"name": str(region.ROIName), "error": f"{type(error).__name__}: {error}"})
    return {"seconds": time.perf_counter() - start, "answers": answers}


if __name__ == "__main__":
    main()
