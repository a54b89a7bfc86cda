"""The bridge to a scene and what the windows wait for, beside Slicer's own means and other named peers, in one run.

Run by ``make bench``; prints Markdown. Medians of rounds, ratios count; accuracy stands beside every time. On the demo case,
and on a CT of 512 × 512 × 200 with ten structures and three doses of 5 million voxels. The scene has the logics that it has
in the application, but no windows: what drawing costs is not in it.
"""

from __future__ import annotations

import os

import bridge_files
import bridge_reading
import bridge_registration
import bridge_results
import SimpleITK as sitk
from bridge_case import make_case
from ReirradiationLib.mrml.vtk_messages import vtk_messages_to_log


def main() -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    case = make_case()
    print(f"# The bridge to Slicer's scene on {os.cpu_count()} cores")
    for part in (bridge_results, bridge_reading, bridge_registration, bridge_files):
        with vtk_messages_to_log():  # slicer.util asks for a colour table that slicer-core does not bring
            part.report(case)


if __name__ == "__main__":
    main()
