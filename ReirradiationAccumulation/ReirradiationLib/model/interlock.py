"""The catalogue of everything that is noticed about the records of a case. ``docs/interlocks.md`` is made from it."""

from __future__ import annotations

from enum import Enum


class Severity(str, Enum):
    """How much a finding matters."""

    NOTE = "note"
    DECISION = "needs a decision"
    ERROR = "cannot be used"


class Interlock(Enum):
    """One kind of finding: its stable id, its severity, what is seen, and what to do."""

    def __init__(self, identifier: str, severity: Severity, seen: str, advice: str) -> None:
        self.identifier = identifier
        self.severity = severity
        self.seen = seen
        self.advice = advice

    # Files
    FILE_UNREADABLE = (
        *("file.unreadable", Severity.ERROR),
        "The file is absent, is no DICOM file, or is damaged.",
        "Export it again.",
    )
    FILE_WRONG_KIND = (
        *("file.wrong-kind", Severity.ERROR),
        "The SOP Class is not the one that is needed; file name and Modality are not trusted.",
        "Name the right file.",
    )
    FILE_TOO_LARGE = (
        *("file.too-large", Severity.ERROR),
        "The header claims more voxels than the file holds or than any patient needs.",
        "Export it again.",
    )
    FILE_DUPLICATE = (
        *("file.duplicate", Severity.NOTE),
        "The same object (SOPInstanceUID) is there more than once with the same content; it is used once.",
        "Nothing.",
    )
    UID_REUSED = (
        *("uid.reused", Severity.ERROR),
        "Objects of different content carry the same SOPInstanceUID.",
        "Find out which is right, and remove the other from the folder.",
    )
    ATTRIBUTE = (
        *("attribute.invalid", Severity.ERROR),
        "An attribute that is needed is missing, has the wrong number of values, or cannot be read.",
        "Export the object again.",
    )

    # Patient
    PATIENT_ID = (
        *("patient.id-differs", Severity.DECISION),
        "PatientID differs within the case.",
        "Make sure that it is the same patient.",
    )
    PATIENT_NAME = (
        *("patient.name-differs", Severity.DECISION),
        "PatientName differs within the case (letter case and separators are ignored).",
        "Make sure that it is the same patient.",
    )
    PATIENT_BIRTH_DATE = (
        *("patient.birth-date-differs", Severity.DECISION),
        "PatientBirthDate differs within the case.",
        "Make sure that it is the same patient.",
    )
    PATIENT_SEX = (
        *("patient.sex-differs", Severity.DECISION),
        "PatientSex differs within the case.",
        "Make sure that it is the same patient.",
    )

    # CT
    CT_MISSING = (
        *("ct.missing", Severity.ERROR),
        "There is no CT series, or only a single slice.",
        "Export the whole planning CT.",
    )
    CT_SEVERAL = (
        *("ct.several-series", Severity.ERROR),
        "There is more than one CT series where one is needed.",
        "Name a folder with one series, or the series by 'ct_series'.",
    )
    CT_MIXED = (
        *("ct.mixed-series", Severity.ERROR),
        "Slices under one SeriesInstanceUID differ in patient, size, spacing, orientation or frame of reference: two series "
        "in one.",
        "Separate them in the archive and export again.",
    )
    CT_TILTED = (
        *("ct.tilted", Severity.ERROR),
        "Tilted gantry: the slices shift sideways.",
        "Resample the CT to an untilted series in the planning system.",
    )
    CT_UNEVEN = (
        *("ct.uneven", Severity.ERROR),
        "Slices are missing or doubled, or their distance varies.",
        "Export the series completely; a CT of varying slice distance must be resampled.",
    )
    CT_COMPRESSED = (
        *("ct.compressed", Severity.ERROR),
        "The pixels are compressed and no decoder for them is installed.",
        "Export uncompressed, or install the decoder named.",
    )

    # Frames of reference and registrations
    FRAME_NOT_REGISTERED = (
        *("frame.not-registered", Severity.ERROR),
        "The frame of reference differs from the current CT's and no registration is given.",
        "Give a registration.",
    )
    FRAME_REGISTERED_ALREADY = (
        *("frame.registered-already", Severity.ERROR),
        "The dose lies in the current CT's frame of reference, but the case registers it.",
        "Use the method 'same-frame', or name the right dose.",
    )
    FRAME_DIFFERS = (
        *("frame.differs", Severity.ERROR),
        "Two objects that belong together lie in different frames of reference.",
        "Export them together.",
    )
    REGISTRATION_UNCONNECTED = (
        *("registration.unconnected", Severity.ERROR),
        "The registration does not connect the two frames of reference, or only in the direction that would have to be "
        "inverted.",
        "Export the registration of the prior CT to the current CT.",
    )
    REGISTRATION_FOLDING = (
        *("registration.folding", Severity.DECISION),
        "Jacobian determinant ≤ 0 within an evaluated structure: the registration folds.",
        "Look at the registration there.",
    )

    REGISTRATION_SCALES = (
        *("registration.scales", Severity.DECISION),
        "The matrices of the registration change volumes by more than 10 %: a patient does not grow or shrink as a whole.",
        "Look at the registration; it may be in other units, or of another patient.",
    )
    REGISTRATION_IDENTITY = (
        *("registration.identity", Severity.NOTE),
        "The registration moves nothing although the frames of reference differ.",
        "Make sure that the CTs lie on each other, and that the registration was not stored before it was made.",
    )

    # Structures
    STRUCTURES_OTHER_CT = (
        *("structures.other-ct", Severity.DECISION),
        "The structure set refers to slices that are not in the CT.",
        "Make sure that it was drawn on this CT.",
    )
    STRUCTURES_NO_REFERENCES = (
        *("structures.no-references", Severity.NOTE),
        "The structure set refers to no CT slices.",
        "Make sure that it was drawn on this CT.",
    )
    STRUCTURES_FRAMES = (
        *("structures.several-frames", Severity.ERROR),
        "The ROIs of one structure set lie in several frames of reference.",
        "Export the set of one CT.",
    )
    STRUCTURES_CONTOUR = (
        *("structures.contour", Severity.ERROR),
        "A contour is damaged, of the wrong number of points, or mixes open and closed contours in one ROI.",
        "Export the structure set again.",
    )
    STRUCTURES_EMPTY = (
        *("structures.empty-roi", Severity.NOTE),
        "ROIs have a name but no closed contours: they are listed and cannot be evaluated.",
        "Nothing, unless one of them is needed.",
    )
    STRUCTURE_GAP = (
        *("structure.gap", Severity.NOTE),
        "Gaps between the contours of a structure along the slice normal; they are not filled.",
        "Complete the contours if the organ continues there.",
    )
    STRUCTURE_OFF_SLICE = (
        *("structure.off-slice", Severity.NOTE),
        "Contours lie between the slices of the CT.",
        "Contour on the slices of the current CT if structures are to be exported.",
    )
    STRUCTURE_OBLIQUE = (
        *("structure.oblique", Severity.ERROR),
        "Contours do not lie in planes parallel to the slices of the current CT.",
        "Contour the organ on the slices of the current CT.",
    )

    # Plans
    PLAN_MISSING = (
        *("plan.missing", Severity.NOTE),
        "There is no plan; the number of fractions is the one stated in the case.",
        "Check it against the treatment record.",
    )
    PLAN_NOT_APPROVED = (
        *("plan.not-approved", Severity.NOTE),
        "ApprovalStatus is not APPROVED.",
        "Make sure that this is the plan that was treated.",
    )
    PLAN_REJECTED = (
        *("plan.rejected", Severity.DECISION),
        "ApprovalStatus is REJECTED.",
        "Make sure that this is the plan that was treated.",
    )
    PLAN_FRACTIONS_MISSING = (
        *("plan.fractions-missing", Severity.ERROR),
        "The plan states no number of fractions.",
        "Leave the plan out of the case and state 'fractions' from the treatment record.",
    )
    PLAN_FRACTIONS_DIFFER = (
        *("plan.fractions-differ", Severity.ERROR),
        "Case and plan state different numbers of fractions.",
        "Find out which is right; a partly delivered plan needs 'delivered_fractions'.",
    )
    PLAN_FRACTION_GROUPS = (
        *("plan.fraction-groups", Severity.ERROR),
        "The plan has several fraction groups: its dose cannot be divided among them.",
        "Export a plan and a dose per fraction group, or state 'fractions' and leave the plan out.",
    )
    PLAN_NEWER_THAN_DOSE = (
        *("plan.newer-than-dose", Severity.DECISION),
        "The plan was changed after its dose was computed.",
        "Make sure that the dose is that of the treated plan.",
    )
    PLAN_PARTLY_DELIVERED = (
        *("plan.partly-delivered", Severity.DECISION),
        "Delivered and planned fractions differ: the dose is scaled by delivered / planned.",
        "Confirm the number from the treatment record.",
    )
    PLAN_BRACHYTHERAPY = (
        *("plan.brachytherapy", Severity.DECISION),
        "High-dose-rate brachytherapy: EQD2 by the number of fractions holds only if every application gave the same dose.",
        "Confirm that the applications were equal.",
    )
    PLAN_BRACHYTHERAPY_RATE = (
        *("plan.brachytherapy-rate", Severity.ERROR),
        "Brachytherapy of low, pulsed or unknown dose rate: EQD2 by the number of fractions does not apply.",
        "Enter the organ doses as points in EQD2-equivalent fractions, or leave the course out.",
    )
    PLAN_PROTONS = (
        *("plan.protons", Severity.DECISION),
        "Proton plan: the doses are RBE-weighted, by the planning system or by the 'rbe' of the case.",
        "Confirm the RBE.",
    )
    PLAN_IONS = (
        *("plan.ions", Severity.ERROR),
        "Ions other than protons: their RBE varies with dose, depth and tissue; EQD2 by the number of fractions does not "
        "apply.",
        "Leave the course out, or enter organ doses as points.",
    )
    PLAN_RBE = (
        *("plan.rbe", Severity.ERROR),
        "A physical proton dose without 'rbe', or 'rbe' for a dose that is weighted already or is no proton dose.",
        "State 'rbe' for a physical proton dose, and for nothing else.",
    )
    PRESCRIPTION_MISSING = (
        *("prescription.missing", Severity.NOTE),
        "The plan states no prescription.",
        "Compare the dose maximum with the treatment record.",
    )
    PRESCRIPTION_DIFFERS = (
        *("prescription.differs", Severity.DECISION),
        "Case and new plan state different prescriptions.",
        "Find out which is right.",
    )
    PRESCRIPTION_FAR = (
        *("prescription.far-from-target", Severity.DECISION),
        "The dose in the target is far from its prescription.",
        "Make sure that dose, plan and structures belong together.",
    )
    PRESCRIPTION_BEAM_DOSES = (
        *("prescription.beam-doses", Severity.NOTE),
        "The beam doses times the fractions are far from the prescription; they are doses at a point.",
        "Compare the dose in the target with the treatment record.",
    )
    TREATMENT_TWICE = (
        *("treatment.twice", Severity.ERROR),
        "The same dose or plan is listed as two courses: it would be counted twice.",
        "List every treatment once.",
    )

    # Doses
    DOSE_UNITS = (
        *("dose.units", Severity.ERROR),
        "DoseUnits is not GY.",
        "Export the dose in Gy (absolute) from the planning system.",
    )
    DOSE_TYPE = (
        *("dose.type", Severity.ERROR),
        "DoseType is ERROR, is unknown, or is EFFECTIVE without a proton plan (it may be an EQD2 already).",
        "Export the physical dose.",
    )
    DOSE_SUMMATION = (
        *("dose.summation", Severity.ERROR),
        "DoseSummationType is of several plans, brachytherapy, a session, a control point or a record.",
        "Export the dose of the whole plan.",
    )
    DOSE_BEAM_ALONE = (
        *("dose.beam-alone", Severity.ERROR),
        "BEAM doses do not cover every treatment beam of the plan exactly once.",
        "Export the PLAN dose, or name the doses of all beams.",
    )
    DOSE_SUMMED_BEAMS = (
        *("dose.summed-beams", Severity.DECISION),
        "There is no PLAN dose: the BEAM doses of all beams are added.",
        "Confirm that each holds all fractions of its beam.",
    )
    DOSE_COUNTED_TWICE = (
        *("dose.counted-twice", Severity.ERROR),
        "A PLAN dose is listed beside BEAM doses of the same plan: adding them would double the dose.",
        "Name the PLAN dose alone, or the BEAM doses alone.",
    )
    DOSE_PLAN_BESIDE_BEAMS = (
        *("dose.plan-beside-beams", Severity.NOTE),
        "There are a PLAN dose and BEAM doses of the same plan; the PLAN dose is the one to use.",
        "Nothing.",
    )
    DOSE_SEVERAL = (
        *("dose.several", Severity.DECISION),
        "There are several PLAN doses of the same plan.",
        "Find out which one was treated.",
    )
    DOSE_MISSING = (
        *("dose.missing", Severity.NOTE),
        "A plan has no dose here.",
        "Export its dose.",
    )
    DOSE_BEAMS_DIFFER = (
        *("dose.beams-differ", Severity.DECISION),
        "The sum of the BEAM doses is not the PLAN dose.",
        "Find out which is right; doses of one fraction and of all fractions may be mixed.",
    )
    DOSE_FRACTION_GROUP = (
        *("dose.fraction-group", Severity.DECISION),
        "DoseSummationType FRACTION: the dose of a fraction group, by the standard for all its fractions.",
        "Confirm that it is the dose of the whole course and not of one fraction.",
    )
    DOSE_OTHER_PLAN = (
        *("dose.other-plan", Severity.ERROR),
        "The dose refers to no plan, to several, or to another one than the case names.",
        "Name dose and plan that belong together.",
    )
    DOSE_ZERO = (
        *("dose.zero", Severity.ERROR),
        "The dose is zero everywhere.",
        "Check which dose was exported.",
    )
    DOSE_VALUES = (
        *("dose.values", Severity.ERROR),
        "The dose has negative values, a scaling that is not positive, or pixels that do not fit its header.",
        "Export it again.",
    )
    DOSE_OFFSETS = (
        *("dose.offsets", Severity.ERROR),
        "GridFrameOffsetVector cannot be placed exactly: missing, contradictory, or steps without a common measure.",
        "Export the dose on an even grid.",
    )
    DOSE_RESAMPLED = (
        *("dose.resampled", Severity.NOTE),
        "The dose planes are unevenly spaced; planes were added by linear interpolation, which changes no value between.",
        "Nothing.",
    )
    DOSE_IMPLAUSIBLE = (
        *("dose.implausible", Severity.DECISION),
        "Dose maximum below 0.8 or above 2.5 times the prescription (without one: 0.8 to 40 Gy a fraction).",
        "It may be the dose of one fraction or beam, or in cGy: compare with the treatment record.",
    )
    DOSE_CLIPPED = (
        *("dose.clipped", Severity.DECISION),
        "The dose on the border of its grid exceeds 5 % of the maximum: the grid cuts off dose.",
        "Compute the dose on a larger grid if organs lie beyond.",
    )
    DOSE_NOT_COVERING = (
        *("dose.not-covering", Severity.NOTE),
        "A structure reaches beyond the dose grid; what is not known is counted as 0 Gy and marked.",
        "Read its sums as lower bounds.",
    )
    DOSE_UNKNOWN = (
        *("dose.unknown", Severity.DECISION),
        "Prior dose unknown in more than 5 % of the region where P is read.",
        "Read P and all limits as too favourable, or use a larger dose grid.",
    )
    DVH_DIFFERS = (
        *("dvh.differs", Severity.DECISION),
        "The DVH that the planning system stored in the dose object does not fit the dose in the structure.",
        "Find out which is right.",
    )
    DVH_IN_PERCENT = (
        *("dvh.in-percent", Severity.NOTE),
        "DVHMeanDose or DVHMaximumDose is tagged GY but fits the curve only as percent.",
        "Nothing; the values stored are not used.",
    )

    # Points
    POINTS_UPPER_BOUND = (
        *("points.upper-bound", Severity.NOTE),
        "A course is known only as one dose per organ: it is taken for the whole organ, so sums are upper bounds.",
        "Read them as such.",
    )

    # Dates and decisions
    DATE_MISSING = (
        *("date.missing", Severity.NOTE),
        "A course has no date; its interval is not known.",
        "State 'date' in the case.",
    )
    DATE_DIFFERS = (
        *("date.differs", Severity.NOTE),
        "Case and plan state different dates; the case's is used.",
        "Check it.",
    )
    DATE_ORDER = (
        *("date.order", Severity.DECISION),
        "A prior course is later than the new one.",
        "Check the dates and which plan is the new one.",
    )
    DECISION_UNUSED = (
        *("decision.unused", Severity.NOTE),
        "A decision in the case matches no finding.",
        "Correct or remove it.",
    )

    # Export: what planning systems take
    EXPORT_PATIENT = (
        *("export.patient", Severity.ERROR),
        "Patient, study or frame of reference are not those of the CT.",
        "Do not import it; write it again on the right CT.",
    )
    EXPORT_FRAMES = (
        *("export.several-frames", Severity.ERROR),
        "The structure set holds ROIs of several frames of reference; Eclipse takes one per set.",
        "Write one set per CT.",
    )
    EXPORT_SLICE = (
        *("export.slice", Severity.ERROR),
        "A contour names no slice of the CT (ContourImageSequence), or does not lie on the slice that it names.",
        "Contour on the slices of the CT.",
    )
    EXPORT_VALUE = (
        *("export.value-length", Severity.ERROR),
        "A number of more than 16 bytes (DS) or a label of more than 16 characters (SH).",
        "Write it again with fewer digits or a shorter label.",
    )
    EXPORT_NAME = (
        *("export.name", Severity.DECISION),
        "A ROI name is longer than 16 characters or has characters that some planning systems change.",
        "Rename the ROI, or confirm that the planning system keeps the name.",
    )
    EXPORT_NAME_TWICE = (
        *("export.name-twice", Severity.ERROR),
        "Two ROIs have the same name, letter case ignored.",
        "Rename one of them.",
    )
    EXPORT_TYPE = (
        *("export.interpreted-type", Severity.DECISION),
        "RTROIInterpretedType is empty or missing.",
        "Set it; CONTROL for optimization structures.",
    )
    EXPORT_EMPTY = (
        *("export.empty-roi", Severity.ERROR),
        "A ROI has no contours, or a closed contour has fewer than three points.",
        "Leave the ROI out.",
    )
    EXPORT_CRUMBS = (
        *("export.crumbs", Severity.NOTE),
        "Contours of less than half a CT pixel.",
        "Remove them; a planning system may drop or distort them.",
    )
    EXPORT_POINTS = (
        *("export.many-points", Severity.NOTE),
        "A contour has 1000 points or more.",
        "Simplify it.",
    )
    EXPORT_CONTOUR_TYPE = (
        *("export.contour-type", Severity.DECISION),
        "CLOSEDPLANAR_XOR contours, which some readers pass over, or several kinds of contours within one ROI.",
        "Write holes as keyholes or as CLOSED_PLANAR loops.",
    )
    EXPORT_CHARACTERS = (
        *("export.character-set", Severity.ERROR),
        "Text cannot be read in the character set that the object declares.",
        "Declare the right SpecificCharacterSet.",
    )
    EXPORT_EXISTS = (
        *("export.file-exists", Severity.ERROR),
        "A file of that name is there; an object that somebody may have approved is never overwritten.",
        "Choose a new file.",
    )
    EXPORT_APPEND = (
        *("export.append", Severity.ERROR),
        "ROIs cannot be appended to a structure set of another patient, frame or CT, or to one that has the same name.",
        "Name the structure set of the current CT, or rename the ROI.",
    )
    EXPORT_PLAN = (
        *("export.dose-plan", Severity.ERROR),
        "A dose refers to no plan; Eclipse refuses a dangling reference.",
        "Write it with the plans that it was made of.",
    )
    EXPORT_DOSE_GRID = (
        *("export.dose-grid", Severity.ERROR),
        "Dose grid, scaling or pixels cannot be used.",
        "Write it again.",
    )
    EXPORT_DOSE_DERIVATION = (
        *("export.dose-derivation", Severity.DECISION),
        "An EFFECTIVE or MULTI_PLAN dose does not say what it is made of (DerivationCodeSequence, CID 7220).",
        "Make sure that nobody takes it for a planned physical dose.",
    )
    EXPORT_REGISTRATION = (
        *("export.registration", Severity.ERROR),
        "A registration has a matrix that is no transform of its stated type, or a damaged grid, or does not connect two "
        "frames of reference.",
        "Write it again.",
    )
    EXPORT_REGISTRATION_IMAGES = (
        *("export.registration-images", Severity.NOTE),
        "A registration names no images.",
        "Nothing; some planning systems then list it under no CT.",
    )
    EXPORT_INEXPRESSIBLE = (
        *("export.inexpressible", Severity.ERROR),
        "A transform is no chain of matrices with at most one grid, which is all that DICOM can say.",
        "Resample it to one grid.",
    )
    EXPORT_CHANGED = (
        *("export.changed", Severity.ERROR),
        "What was read back is not what was written: volume by more than 1 % and more than a voxel, or outline or dose.",
        "Do not use the file.",
    )
