"""The head of the report: who, what, how far, and what must be known first."""

from __future__ import annotations

from .evaluation import Evaluation
from .html_parts import bullets
from .shown_text import shown
from .task_summary import TaskStatus, TaskSummary

_TASK_CLASS = {
    TaskStatus.SIGNED: "met",
    TaskStatus.KEYLESS: "",
    TaskStatus.DONE: "",
    TaskStatus.OUTDATED: "bad",
    TaskStatus.OPEN: "bad",
    TaskStatus.NOT_YET: "none",
}
ANONYMOUS = "Anonymised: names, dates, labels, free texts and identifiers of files were taken out."


def header_section(evaluation: Evaluation) -> str:
    """Title, intended use, facts, the three tasks and the headlines."""
    case, lines = evaluation.case, evaluation.headlines
    anonymous = f'<div class="use">{shown(ANONYMOUS)}</div>' if evaluation.is_anonymous else ""
    return "\n".join(
        [
            f'<header><div class="masthead"><h1>{shown(case.title)}</h1>'
            f'<div class="stage">Reirradiation evaluation: {shown(case.stage)}</div></div>',
            f'<div class="use">{shown(evaluation.intended_use)}</div>{anonymous}',
            f'<dl class="facts">{"".join(_fact(name, text) for name, text in _facts(evaluation))}</dl>',
            f'<div class="tasks">{"".join(map(_task, evaluation.tasks))}</div>',
            bullets([one.text for one in lines], [one.mood.value for one in lines], "headlines"),
            "</header>",
        ]
    )


def _facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    case = evaluation.case
    born = f", born {case.patient_birth_date}" if case.patient_birth_date else ""
    sex = f", sex {case.patient_sex}" if case.patient_sex else ""
    targets = "; ".join(f"{one.structure} {one.prescription_gy:g} Gy" for one in case.targets)
    decided = f"{case.reirradiation_type} ({case.reirradiation_type_by})" if case.reirradiation_type else "not decided"
    return [
        ("Patient", f"{case.patient_name or 'no name'} ({case.patient_id or 'no ID'}){born}{sex}"),
        ("New course", f"{case.new_label}: {case.new_prescription_gy:g} Gy in {case.new_fractions} fractions"),
        ("Current anatomy", f"{case.current_ct}; structures '{case.current_structures}'"),
        ("Targets", targets or "none named"),
        ("Type", f"{decided}; suggested: {_suggested(evaluation)}"),
        ("Intervals counted to", f"{case.new_date}, {case.new_date_source}" if case.new_date else case.new_date_source),
        ("Overlap", _overlap(evaluation)),
        ("Protocol tables", case.protocol),
    ]


def _suggested(evaluation: Evaluation) -> str:
    if evaluation.planning is None:
        return "not before the doses are mapped"
    return evaluation.planning.screening.suggested_type or "cannot be told"


def _overlap(evaluation: Evaluation) -> str:
    """Of each target with each region of high prior dose."""
    if evaluation.planning is None:
        return "not before the doses are mapped"
    parts = []
    for region in evaluation.planning.screening.regions:
        for one in region.overlaps:
            if one.role == "target":
                unknown = f", {one.unknown_cc:.2f} cc not known" if one.unknown_cc > 0.0 else ""
                what = f"{region.label} ≥ {region.threshold_gy:.2f} Gy ({region.quantity})"
                parts.append(f"{one.structure} within {what}: {one.high_cc:.2f} cc ({one.high_percent:.1f} %{unknown})")
    return "; ".join(parts) or "the case names no targets, or no course has a dose distribution"


def _fact(name: str, text: str) -> str:
    return f"<div><dt>{shown(name)}</dt><dd>{shown(text)}</dd></div>"


def _task(task: TaskSummary) -> str:
    signed = ", ".join(text for text in (task.who, task.when) if text)
    lines = [signed, task.comment, task.remark, f"key {task.key}" if task.key else ""]
    below = "".join(f"<p>{shown(line)}</p>" for line in lines if line)
    return f'<div class="task {_TASK_CLASS[task.status]}"><b>{shown(task.title)}</b>{shown(task.status.value)}{below}</div>'
