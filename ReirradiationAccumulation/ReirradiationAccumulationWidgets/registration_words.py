"""Methods, kinds, engines, views and states of registrations, as the window words them."""

from ReirradiationLib.model.registration import EngineName, RegistrationKind, RegistrationMethod
from ReirradiationLib.report.sign_off_state import SignOffState
from slicer.i18n import tr as _


def methodTitles():
    return {
        RegistrationMethod.SAME_FRAME: _("none: both CTs lie in one frame of reference"),
        RegistrationMethod.DICOM: _("DICOM REG"),
        RegistrationMethod.TRANSFORM_FILE: _("transform file"),
        RegistrationMethod.LANDMARKS: _("landmarks"),
        RegistrationMethod.IMAGES: _("images"),
    }


def kindTitles():
    return {RegistrationKind.RIGID: _("rigid"), RegistrationKind.DEFORMABLE: _("deformable")}


def engineTitles():
    return {
        EngineName.SIMPLEITK: "SimpleITK",
        EngineName.ELASTIX: "elastix",
        EngineName.SLICER_ELASTIX: "SlicerElastix",
        EngineName.BRAINSFIT: "BRAINSFit",
    }


def signOffWord(state):
    """For a table; everything that does not count as signed says so."""
    return {
        SignOffState.NOT_NEEDED: _("not needed"),
        SignOffState.MISSING: _("NOT SIGNED"),
        SignOffState.SIGNED: _("signed"),
        SignOffState.KEYLESS: _("without key"),
        SignOffState.OUTDATED: _("NOT SIGNED"),
        SignOffState.UNCOMPARED: _("register first"),
    }[state]


def signOffText(state, signOff, key):
    """In full; ``signOff`` is that of the case, ``key`` that of the registration."""
    signed = ""
    if signOff is not None:
        signed = _("{who}, {when}: {comment}").format(
            who=signOff.who, when=signOff.when.isoformat(), comment=signOff.comment
        )
    return {
        SignOffState.NOT_NEEDED: _(
            "Not signed. A DICOM REG or one frame of reference needs no signature, unless there was nothing to check it by."
        ),
        SignOffState.MISSING: _(
            "NOT SIGNED. Register, look at every organ that matters, then sign: no dose is mapped before."
        ),
        SignOffState.SIGNED: _("Signed, of this very registration. {signed}").format(signed=signed),
        SignOffState.KEYLESS: _("Signed without a key: it does not tell what was looked at. {signed}").format(signed=signed),
        SignOffState.OUTDATED: _(
            "NOT SIGNED: the signature is of another registration ({signedKey}), this one is {key}. {signed}"
        ).format(signedKey=signOff.key if signOff else "", key=key, signed=signed),
        SignOffState.UNCOMPARED: _(
            "Whether the signature is of this registration shows once it is registered. {signed}"
        ).format(signed=signed),
    }[state]
