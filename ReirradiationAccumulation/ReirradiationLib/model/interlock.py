"""The catalogue of everything that is noticed about the records of a case. ``docs/interlocks.md`` is made from it."""

from __future__ import annotations

from enum import Enum


class Severity(str, Enum):
    """How much a finding matters."""

    NOTE = "note"
    DECISION = "needs a decision"
    ERROR = "cannot be used"


def _error(identifier: str, seen: str, advice: str) -> tuple[str, Severity, str, str]:
    return (identifier, Severity.ERROR, seen, advice)


def _decision(identifier: str, seen: str, advice: str) -> tuple[str, Severity, str, str]:
    return (identifier, Severity.DECISION, seen, advice)


def _note(identifier: str, seen: str, advice: str) -> tuple[str, Severity, str, str]:
    return (identifier, Severity.NOTE, seen, advice)


class Interlock(Enum):
    """One kind of finding: its stable id, its severity, what is seen, and what to do."""

    def __init__(self, identifier: str, severity: Severity, seen: str, advice: str) -> None:
        self.identifier = identifier
        self.severity = severity
        self.seen = seen
        self.advice = advice

    # Files
    FILE_UNREADABLE = _error("file.unreadable", "The file is absent, is no DICOM file, or is damaged.", "Export it again.")
    FILE_WRONG_KIND = _error(
        "file.wrong-kind",
        "The SOP Class is not the one that is needed; file name and Modality are not trusted.",
        "Name the right file.",
    )
    FILE_TOO_LARGE = _error(
        "file.too-large", "The header claims more voxels than the file holds or than any patient needs.", "Export it again."
    )
    FILE_DUPLICATE = _note(
        "file.duplicate",
        "The same object (SOPInstanceUID) is there more than once with the same content; it is used once.",
        "Nothing.",
    )
    UID_REUSED = _error(
        "uid.reused",
        "Objects of different content carry the same SOPInstanceUID.",
        "Find out which is right, and remove the other from the folder.",
    )
    ATTRIBUTE = _error(
        "attribute.invalid",
        "An attribute that is needed is missing, has the wrong number of values, or cannot be read.",
        "Export the object again.",
    )

    # Patient
    PATIENT_ID = _decision(
        "patient.id-differs", "PatientID differs within the case.", "Make sure that it is the same patient."
    )
    PATIENT_NAME = _decision(
        "patient.name-differs",
        "PatientName differs within the case (letter case and separators are ignored).",
        "Make sure that it is the same patient.",
    )
    PATIENT_BIRTH_DATE = _decision(
        "patient.birth-date-differs", "PatientBirthDate differs within the case.", "Make sure that it is the same patient."
    )
    PATIENT_SEX = _decision(
        "patient.sex-differs", "PatientSex differs within the case.", "Make sure that it is the same patient."
    )

    # CT
    CT_MISSING = _error("ct.missing", "There is no CT series, or only a single slice.", "Export the whole planning CT.")
    CT_SEVERAL = _error(
        "ct.several-series",
        "There is more than one CT series where one is needed.",
        "Name a folder with one series, or the series by 'ct_series'.",
    )
    CT_MIXED = _error(
        "ct.mixed-series",
        "Slices under one SeriesInstanceUID differ in patient, size, spacing, orientation or frame of reference: two series "
        "in one.",
        "Separate them in the archive and export again.",
    )
    CT_TILTED = _error(
        "ct.tilted",
        "Tilted gantry: the slices shift sideways.",
        "Resample the CT to an untilted series in the planning system.",
    )
    CT_UNEVEN = _error(
        "ct.uneven",
        "Slices are missing or doubled, or their distance varies.",
        "Export the series completely; a CT of varying slice distance must be resampled.",
    )
    CT_COMPRESSED = _error(
        "ct.compressed",
        "The pixels are compressed and no decoder for them is installed.",
        "Export uncompressed, or install the decoder named.",
    )

    # Frames of reference and registrations
    FRAME_NOT_REGISTERED = _error(
        "frame.not-registered",
        "The frame of reference differs from the current CT's and no registration is given.",
        "Give a registration.",
    )
    FRAME_REGISTERED_ALREADY = _error(
        "frame.registered-already",
        "The dose lies in the current CT's frame of reference, but the case registers it.",
        "Use the method 'same-frame', or name the right dose.",
    )
    FRAME_DIFFERS = _error(
        "frame.differs", "Two objects that belong together lie in different frames of reference.", "Export them together."
    )
    REGISTRATION_UNCONNECTED = _error(
        "registration.unconnected",
        "The registration does not connect the two frames of reference, or only in the direction that would have to be "
        "inverted.",
        "Export the registration of the prior CT to the current CT.",
    )
    REGISTRATION_FOLDING = _decision(
        "registration.folding",
        "Jacobian determinant ≤ 0 within an evaluated structure: the registration folds.",
        "Look at the registration there.",
    )

    REGISTRATION_COMPUTED = _decision(
        "registration.computed",
        "The registration was computed here, or is from a file that names no frames of reference; nobody has signed it off.",
        "Look at it ('reirradiation register' draws it, without a decision), then add 'sign_off' to the registration.",
    )
    REGISTRATION_SIGN_OFF = _decision(
        "registration.sign-off",
        "The sign-off in the case is of another registration than the one that is used.",
        "Look at this one, and sign it off with its key.",
    )
    REGISTRATION_UNCHECKED = _decision(
        "registration.unchecked",
        "Nothing was there to check the registration by in any structure, and nobody has signed it off.",
        "Name the CT of the prior course, its structures or landmarks; or look at it elsewhere, and sign it off.",
    )
    REGISTRATION_TURNED = _decision(
        "registration.turned",
        "The registration turns the patient by more than 45°. DICOM coordinates follow the patient, however he lies: one of "
        "the CTs may be labelled wrongly, or the registration be wrong.",
        "Compare left and right, head and foot on both CTs.",
    )
    REGISTRATION_WORKSHEET = _note(
        "registration.worksheet",
        "The verdict on the registration in a structure is 'use the point worksheet': its mapped doses are marked wherever "
        "they are shown.",
        "Register it better, or read the organ's highest dose off the prior plan and enter it in 'points' of that same "
        "course: there it replaces the mapped dose. As a course of its own it would count twice.",
    )
    REGISTRATION_UNRELIABLE = _decision(
        "registration.unreliable",
        "Optimization structures are asked for in an organ where the mapped dose must not be relied on.",
        "Register it better, or leave the request out: the isodoses may lie elsewhere.",
    )
    REGISTRATION_SCALES = _decision(
        "registration.scales",
        "The matrices of the registration change volumes by more than 10 %: a patient does not grow or shrink as a whole.",
        "Look at the registration; it may be in other units, or of another patient.",
    )
    REGISTRATION_IDENTITY = _note(
        "registration.identity",
        "The registration moves nothing although the frames of reference differ.",
        "Make sure that the CTs lie on each other, and that the registration was not stored before it was made.",
    )

    # Structures
    STRUCTURES_OTHER_CT = _decision(
        "structures.other-ct",
        "The structure set refers to slices that are not in the CT.",
        "Make sure that it was drawn on this CT.",
    )
    STRUCTURES_OTHER_THAN_PLAN = _decision(
        "structures.other-than-plan",
        "The new plan was made on another structure set than the case evaluates.",
        "Name the plan's own structure set, or make sure that the one named is the right one.",
    )
    STRUCTURES_NO_REFERENCES = _note(
        "structures.no-references", "The structure set refers to no CT slices.", "Make sure that it was drawn on this CT."
    )
    STRUCTURES_FRAMES = _error(
        "structures.several-frames",
        "The ROIs of one structure set lie in several frames of reference.",
        "Export the set of one CT.",
    )
    STRUCTURES_CONTOUR = _error(
        "structures.contour",
        "A contour is damaged, of the wrong number of points, or mixes open and closed contours in one ROI.",
        "Export the structure set again.",
    )
    STRUCTURES_EMPTY = _note(
        "structures.empty-roi",
        "ROIs have a name but no closed contours: they are listed and cannot be evaluated.",
        "Nothing, unless one of them is needed.",
    )
    STRUCTURE_GAP = _note(
        "structure.gap",
        "Gaps between the contours of a structure along the slice normal; they are not filled.",
        "Complete the contours if the organ continues there.",
    )
    STRUCTURE_OFF_SLICE = _note(
        "structure.off-slice",
        "Contours lie between the slices of the CT, or in planes turned against them.",
        "Contour on the slices of the current CT if structures are to be exported.",
    )
    STRUCTURE_OVERLAP = _error(
        "structure.contours-overlap",
        "Contours of a structure on one plane cross each other, or one is stored twice: by even–odd the overlap would be a "
        "hole.",
        "Correct the contours in the planning system, or leave the structure out.",
    )
    STRUCTURE_OBLIQUE = _error(
        "structure.oblique",
        "Contours are not parallel to each other; or, of an organ that optimization structures are cut from, not parallel "
        "to the slices of the current CT.",
        "Contour the organ on the slices of the current CT.",
    )

    # Plans
    PLAN_MISSING = _note(
        "plan.missing",
        "There is no plan; the number of fractions is the one stated in the case.",
        "Check it against the treatment record.",
    )
    PLAN_NOT_APPROVED = _note(
        "plan.not-approved", "ApprovalStatus is not APPROVED.", "Make sure that this is the plan that was treated."
    )
    PLAN_REJECTED = _decision(
        "plan.rejected", "ApprovalStatus is REJECTED.", "Make sure that this is the plan that was treated."
    )
    PLAN_FRACTIONS_MISSING = _error(
        "plan.fractions-missing",
        "The plan states no number of fractions.",
        "Leave the plan out of the case and state 'fractions' from the treatment record.",
    )
    PLAN_FRACTIONS_DIFFER = _error(
        "plan.fractions-differ",
        "Case and plan state different numbers of fractions.",
        "Find out which is right; a partly delivered plan needs 'delivered_fractions'.",
    )
    PLAN_FRACTION_GROUPS = _error(
        "plan.fraction-groups",
        "The plan has several fraction groups: its dose cannot be divided among them.",
        "Export a plan and a dose per fraction group, or state 'fractions' and leave the plan out.",
    )
    PLAN_NEWER_THAN_DOSE = _decision(
        "plan.newer-than-dose",
        "The plan was changed after its dose was computed.",
        "Make sure that the dose is that of the treated plan.",
    )
    PLAN_PARTLY_DELIVERED = _decision(
        "plan.partly-delivered",
        "Delivered and planned fractions differ: the dose is scaled by delivered / planned.",
        "Confirm the number from the treatment record.",
    )
    PLAN_BRACHYTHERAPY = _decision(
        "plan.brachytherapy",
        "High-dose-rate brachytherapy: EQD2 by the number of fractions holds only if every application gave the same dose.",
        "Confirm that the applications were equal.",
    )
    PLAN_BRACHYTHERAPY_RATE = _error(
        "plan.brachytherapy-rate",
        "Brachytherapy of low, pulsed or unknown dose rate: EQD2 by the number of fractions does not apply.",
        "Enter the organ doses as points in EQD2-equivalent fractions, or leave the course out.",
    )
    PLAN_PROTONS = _decision(
        "plan.protons",
        "Proton plan: the doses are RBE-weighted, by the planning system or by the 'rbe' of the case.",
        "Confirm the RBE.",
    )
    PLAN_IONS = _error(
        "plan.ions",
        "Ions other than protons: their RBE varies with dose, depth and tissue; EQD2 by the number of fractions does not "
        "apply.",
        "Leave the course out, or enter organ doses as points.",
    )
    PLAN_RBE = _error(
        "plan.rbe",
        "A physical proton dose without 'rbe', or 'rbe' for a dose that is weighted already or is no proton dose.",
        "State 'rbe' for a physical proton dose, and for nothing else.",
    )
    PRESCRIPTION_MISSING = _note(
        "prescription.missing", "The plan states no prescription.", "Compare the dose maximum with the treatment record."
    )
    PRESCRIPTION_DIFFERS = _decision(
        "prescription.differs", "Case and new plan state different prescriptions.", "Find out which is right."
    )
    PRESCRIPTION_FAR = _decision(
        "prescription.far-from-target",
        "The dose in the target is far from its prescription.",
        "Make sure that dose, plan and structures belong together.",
    )
    PRESCRIPTION_BEAM_DOSES = _note(
        "prescription.beam-doses",
        "The beam doses times the fractions are far from the prescription; they are doses at a point.",
        "Compare the dose in the target with the treatment record.",
    )
    TREATMENT_TWICE = _error(
        "treatment.twice",
        "The same dose or plan is listed as two courses: it would be counted twice.",
        "List every treatment once.",
    )

    # Doses
    DOSE_UNITS = _error("dose.units", "DoseUnits is not GY.", "Export the dose in Gy (absolute) from the planning system.")
    DOSE_TYPE = _error(
        "dose.type",
        "DoseType is ERROR, is unknown, or is EFFECTIVE without a proton plan (it may be an EQD2 already).",
        "Export the physical dose.",
    )
    DOSE_SUMMATION = _error(
        "dose.summation",
        "DoseSummationType is of several plans, brachytherapy, a session, a control point or a record.",
        "Export the dose of the whole plan.",
    )
    DOSE_BEAM_ALONE = _error(
        "dose.beam-alone",
        "BEAM doses do not cover every treatment beam of the plan exactly once.",
        "Export the PLAN dose, or name the doses of all beams.",
    )
    DOSE_SUMMED_BEAMS = _decision(
        "dose.summed-beams",
        "There is no PLAN dose: the BEAM doses of all beams are added.",
        "Confirm that each holds all fractions of its beam.",
    )
    DOSE_COUNTED_TWICE = _error(
        "dose.counted-twice",
        "A PLAN dose is listed beside BEAM doses of the same plan: adding them would double the dose.",
        "Name the PLAN dose alone, or the BEAM doses alone.",
    )
    DOSE_PLAN_BESIDE_BEAMS = _note(
        "dose.plan-beside-beams",
        "There are a PLAN dose and BEAM doses of the same plan; the PLAN dose is the one to use.",
        "Nothing.",
    )
    DOSE_SEVERAL = _decision(
        "dose.several", "There are several PLAN doses of the same plan.", "Find out which one was treated."
    )
    DOSE_MISSING = _note("dose.missing", "A plan has no dose here.", "Export its dose.")
    DOSE_BEAMS_DIFFER = _decision(
        "dose.beams-differ",
        "The sum of the BEAM doses is not the PLAN dose.",
        "Find out which is right; doses of one fraction and of all fractions may be mixed.",
    )
    DOSE_FRACTION_GROUP = _decision(
        "dose.fraction-group",
        "DoseSummationType FRACTION: the dose of a fraction group, by the standard for all its fractions.",
        "Confirm that it is the dose of the whole course and not of one fraction.",
    )
    DOSE_OTHER_PLAN = _error(
        "dose.other-plan",
        "The dose refers to no plan, to several, or to another one than the case names.",
        "Name dose and plan that belong together.",
    )
    DOSE_ZERO = _error("dose.zero", "The dose is zero everywhere.", "Check which dose was exported.")
    DOSE_VALUES = _error(
        "dose.values",
        "The dose has negative values, a scaling that is not positive, or pixels that do not fit its header.",
        "Export it again.",
    )
    DOSE_OFFSETS = _error(
        "dose.offsets",
        "GridFrameOffsetVector cannot be placed exactly: missing, contradictory, or steps without a common measure.",
        "Export the dose on an even grid.",
    )
    DOSE_RESAMPLED = _note(
        "dose.resampled",
        "The dose planes are unevenly spaced; planes were added by linear interpolation, which changes no value between.",
        "Nothing.",
    )
    DOSE_IMPLAUSIBLE = _decision(
        "dose.implausible",
        "Dose maximum below 0.8 or above 2.5 times the prescription (without one: 0.8 to 40 Gy a fraction).",
        "It may be the dose of one fraction or beam, or in cGy: compare with the treatment record.",
    )
    DOSE_CLIPPED = _decision(
        "dose.clipped",
        "The dose on the border of its grid exceeds 5 % of the maximum: the grid cuts off dose.",
        "Compute the dose on a larger grid if organs lie beyond.",
    )
    DOSE_NOT_COVERING = _note(
        "dose.not-covering",
        "A structure reaches beyond the dose grid; what is not known is counted as 0 Gy and marked.",
        "Read its sums as lower bounds.",
    )
    DOSE_UNKNOWN = _decision(
        "dose.unknown",
        "Prior dose unknown in more than 5 % of the region where P is read.",
        "Read P and all limits as too favourable, or use a larger dose grid.",
    )
    DOSE_BEYOND_LQ = _note(
        "dose.beyond-lq",
        "A course gave more than 10 Gy per fraction to a part of a structure: the LQ model is extrapolated there.",
        "Read its EQD2 with caution; compare with LQ-L by 'sensitivity' in the case.",
    )
    DVH_DIFFERS = _decision(
        "dvh.differs",
        "The DVH that the planning system stored in the dose object does not fit the dose in the structure.",
        "Find out which is right.",
    )
    DVH_IN_PERCENT = _note(
        "dvh.in-percent",
        "DVHMeanDose or DVHMaximumDose is tagged GY but fits the curve only as percent.",
        "Nothing; the values stored are not used.",
    )

    # Points
    POINTS_UPPER_BOUND = _note(
        "points.upper-bound",
        "A course is known only as one dose per organ: it is taken for the whole organ, so sums are upper bounds.",
        "Read them as such.",
    )
    POINTS_REPLACE = _note(
        "points.replace",
        "In an organ the mapped dose of a course is replaced by a point of its record, taken for the whole organ.",
        "Nothing, if the point is the highest dose of the organ. Volumes and pictures keep the mapped dose.",
    )
    POINTS_BELOW = _decision(
        "points.below-mapped",
        "A point that replaces the mapped dose of a course in an organ is lower than the highest mapped dose there.",
        "Check that it is the highest dose of the organ in the prior plan, and of all fractions.",
    )

    # Planning
    HOTTER_ELSEWHERE = _decision(
        "planning.hotter-elsewhere",
        "Outside the region where P is read an organ with optimization structures received more than P: there prior dose "
        "and the limit of the hottest structure exceed A.",
        "Enlarge 'margin_mm', name the target, or accept it if the new plan gives little there.",
    )
    LIMIT_ORGAN = _decision(
        "limit.other-organ",
        "By its name a structure is another organ than the one that its limit was published for.",
        "Choose the limit of the organ, or accept it if the name misleads.",
    )

    # Dates and decisions
    DATE_MISSING = _note("date.missing", "A course has no date; its interval is not known.", "State 'date' in the case.")
    DATE_DIFFERS = _note("date.differs", "Case and plan state different dates; the case's is used.", "Check it.")
    DATE_ORDER = _decision(
        "date.order", "A prior course is later than the new one.", "Check the dates and which plan is the new one."
    )
    DECISION_UNUSED = _note("decision.unused", "A decision in the case matches no finding.", "Correct or remove it.")

    # Export: what planning systems take
    EXPORT_PATIENT = _error(
        "export.patient",
        "Patient, study or frame of reference are not those of the CT.",
        "Do not import it; write it again on the right CT.",
    )
    EXPORT_FRAMES = _error(
        "export.several-frames",
        "The structure set holds ROIs of several frames of reference; Eclipse takes one per set.",
        "Write one set per CT.",
    )
    EXPORT_SLICE = _error(
        "export.slice",
        "A contour names no slice of the CT (ContourImageSequence), or does not lie on the slice that it names.",
        "Contour on the slices of the CT.",
    )
    EXPORT_VALUE = _error(
        "export.value-length",
        "A number of more than 16 bytes (DS) or a label of more than 16 characters (SH).",
        "Write it again with fewer digits or a shorter label.",
    )
    EXPORT_NAME = _decision(
        "export.name",
        "A ROI name is longer than 16 characters or has characters that some planning systems change.",
        "Rename the ROI, or confirm that the planning system keeps the name.",
    )
    EXPORT_NAME_TWICE = _error(
        "export.name-twice", "Two ROIs have the same name, letter case ignored.", "Rename one of them."
    )
    EXPORT_TYPE = _decision(
        "export.interpreted-type",
        "RTROIInterpretedType is empty or missing.",
        "Set it; CONTROL for optimization structures.",
    )
    EXPORT_EMPTY = _error(
        "export.empty-roi", "A ROI has no contours, or a closed contour has fewer than three points.", "Leave the ROI out."
    )
    EXPORT_CRUMBS = _note(
        "export.crumbs", "Contours of less than half a CT pixel.", "Remove them; a planning system may drop or distort them."
    )
    EXPORT_POINTS = _note("export.many-points", "A contour has 1000 points or more.", "Simplify it.")
    EXPORT_CONTOUR_TYPE = _decision(
        "export.contour-type",
        "CLOSEDPLANAR_XOR contours, which some readers pass over, or several kinds of contours within one ROI.",
        "Write holes as keyholes or as CLOSED_PLANAR loops.",
    )
    EXPORT_CHARACTERS = _error(
        "export.character-set",
        "Text cannot be read in the character set that the object declares.",
        "Declare the right SpecificCharacterSet.",
    )
    EXPORT_EXISTS = _error(
        "export.file-exists",
        "A file of that name is there; an object that somebody may have approved is never overwritten.",
        "Choose a new file.",
    )
    EXPORT_APPEND = _error(
        "export.append",
        "ROIs cannot be appended to a structure set of another patient, frame or CT, or to one that has the same name.",
        "Name the structure set of the current CT, or rename the ROI.",
    )
    EXPORT_PLAN = _error(
        "export.dose-plan",
        "A dose refers to no plan; Eclipse refuses a dangling reference.",
        "Write it with the plans that it was made of.",
    )
    EXPORT_DOSE_GRID = _error("export.dose-grid", "Dose grid, scaling or pixels cannot be used.", "Write it again.")
    EXPORT_DOSE_DERIVATION = _decision(
        "export.dose-derivation",
        "An EFFECTIVE or MULTI_PLAN dose does not say what it is made of (DerivationCodeSequence, CID 7220).",
        "Make sure that nobody takes it for a planned physical dose.",
    )
    EXPORT_REGISTRATION = _error(
        "export.registration",
        "A registration has a matrix that is no transform of its stated type, or a damaged grid, or does not connect two "
        "frames of reference.",
        "Write it again.",
    )
    EXPORT_REGISTRATION_IMAGES = _note(
        "export.registration-images",
        "A registration names no images.",
        "Nothing; some planning systems then list it under no CT.",
    )
    EXPORT_INEXPRESSIBLE = _error(
        "export.inexpressible",
        "A transform is no chain of matrices with at most one grid, which is all that DICOM can say.",
        "Resample it to one grid.",
    )
    EXPORT_CHANGED = _error(
        "export.changed",
        "What was read back is not what was written: volume by more than 1 % and more than a voxel, or outline or dose.",
        "Do not use the file.",
    )
    EXPORT_OUTSIDE = _error(
        "export.outside-ct",
        "A contour reaches more than a pixel beyond the slices of the CT, or a dose grid lies beside the CT.",
        "Make sure that it belongs to this CT and that its registration is right.",
    )
    EXPORT_ATTRIBUTE = _error(
        "export.attribute",
        "An attribute that is required is missing, or has a value that no reader can use.",
        "Do not import it; write it again.",
    )
    EXPORT_FRAME_REFERENCE = _error(
        "export.frame-reference",
        "A structure set does not name the frame of reference of its ROIs (ReferencedFrameOfReferenceSequence).",
        "Write it again on the right CT.",
    )
    EXPORT_NUMBER_TWICE = _error(
        "export.number-twice",
        "Two ROIs, or the contours of two ROIs, have the same number: one may take the other's contours.",
        "Write it again with numbers of their own.",
    )
    EXPORT_CONTOUR = _error(
        "export.contour",
        "A contour is of no kind that the standard knows, or has another number of points than it states.",
        "Do not import it; write it again.",
    )
    EXPORT_OPEN = _note(
        "export.open-contours",
        "A ROI has open lines and no closed contour: it encloses no volume.",
        "Close its contours if it is an organ.",
    )
    EXPORT_REGISTRATION_FAR = _error(
        "export.registration-far",
        "A registration moves points by more than 2 m.",
        "Do not import it; make sure of its units and that both frames of reference are the patient's.",
    )
