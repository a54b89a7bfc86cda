"""Closed loop, step 1 (our environment): the demo case as it is before the new plan exists.

Leaves out the new plan's dose, runs the case, and writes beside its outputs ``task.json``: all that an optimizer needs to
be told which is not in the DICOM files.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from ReirradiationLib.dosimetry.radiobiology import physical_dose
from ReirradiationLib.model.case_file import read_case
from ReirradiationLib.monitor import Monitor
from ReirradiationLib.workflow import Services, run_case

TARGET, BODY = "PTV2_L1", "BODY"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("case", type=Path)
    arguments.add_argument("output", type=Path)
    parsed = arguments.parse_args()
    case = read_case(parsed.case.resolve())
    planned = case.new_course
    prior_only = replace(case, new_course=replace(planned, plan=None, dose=()))
    folder = parsed.output.resolve() / "prior"
    evaluation = run_case(prior_only, folder, Services(), Monitor(), may_replace=True)
    (wanted,) = evaluation.optimization
    task = {
        "case": str(parsed.case.resolve()),
        "ct": str(case.current.ct),
        "structures": str(case.current.structures),
        "beams_of_plan": str(planned.plan),
        "optimization_structures": str(folder / "optimization_structures.dcm"),
        "target": TARGET,
        "body": BODY,
        "organ": wanted.structure,
        "prescription_gy": planned.prescription_gy,
        "fractions": planned.fractions,
        "alpha_beta_gy": wanted.alpha_beta_gy,
        "limit_eqd2_gy": wanted.limit_eqd2_gy,
        # What the organ may receive in a patient without prior courses.
        "ordinary_limit_gy": float(physical_dose(wanted.limit_eqd2_gy, planned.fractions, wanted.alpha_beta_gy)),
        "limits_gy": {shell.name: shell.limit_physical_gy for shell in wanted.shells if shell.exported},
    }
    (parsed.output / "task.json").write_text(json.dumps(task, indent=1) + "\n")


if __name__ == "__main__":
    main()
