"""The step "Biology": which structures are evaluated, by which α/β, recovery and limits."""

from ReirradiationLib.model.errors import ReirradiationError
from ReirradiationLib.model.protocol_choices import load_choices
from ReirradiationLib.model.structure_rows import structure_rows
from slicer.i18n import tr as _

from .biology_limits import LimitsPart
from .biology_own_limit import OwnLimitPart
from .biology_recovery import RecoveryPart
from .biology_structures import StructuresPart
from .panel_parts import FilledWith, PartedPanel


class BiologyPanel(PartedPanel):
    """The parts show the structure that is selected in the first of them."""

    uiFile = "AccumulationBiology.ui"

    def __init__(self, window):
        PartedPanel.__init__(self, window)
        self.choices = None  # ProtocolChoices of the case, None if there is no case or its tables cannot be used
        self.whyNoChoices = ""
        self.rows = ()  # StructureRow of every structure
        self.selected = None  # the one that is selected
        self._choicesOf, self._namesOf = FilledWith(), (None, ())
        self.parts = [partClass(self) for partClass in (StructuresPart, RecoveryPart, LimitsPart, OwnLimitPart)]

    def show(self):
        self._loadChoices()
        case = self.document.case if self.document else None
        self.rows = ()
        if case is not None and self.choices is not None:
            self.rows = structure_rows(case, self._names(case), self.choices)
        self.select(self.selected.name if self.selected else None)
        PartedPanel.show(self)

    def select(self, name):
        """Let the parts show that structure, or the first one."""
        named = [row for row in self.rows if row.name == name]
        self.selected = next(iter(named or self.rows), None)

    def selectionChanged(self, name):
        """The user has selected a structure."""
        self.select(name)
        for part in self.parts:
            part.showSelected()
        self.updateButtons()

    def isRead(self):
        """Whether all structures of the structure set are known."""
        return self.document is not None and self._namesOf[0] == self.document.case.current

    def isDrawn(self, row):
        """Whether the structure has contours, as far as the structure set is known."""
        return not self.isRead() or row.name in self._namesOf[1]

    def whyNot(self):
        """Why nothing of a structure can be changed now, or an empty text."""
        noChoices = "" if self.choices is not None else _("The tables of the protocol are not read yet.")
        return self.window.whyNoCase() or self.whyNoChoices or noChoices

    def _names(self, case):
        """The names of the structure set, remembered when it was read: what the case uses of them may change since."""
        records = self.session.records
        if records is not None:
            names = tuple(one.name for one in records.records.structures.structures if one.contours_mm)
            self._namesOf = (case.current, names)
        return self._namesOf[1] if self._namesOf[0] == case.current else ()

    def _loadChoices(self):
        folder = self.document.case.protocol_folder if self.document else None
        if not self._choicesOf.isNew(self.document and self.document.path, folder, self._stamps(folder)):
            return
        self.choices, self.whyNoChoices = None, ""
        if self.document is not None:
            try:
                self.choices = load_choices(folder)
            except ReirradiationError as error:  # shown in the place of the structures
                self.whyNoChoices = str(error)

    @staticmethod
    def _stamps(folder):
        """When the institution last wrote its tables: somebody may edit them while the window is open."""
        files = sorted(folder.glob("*.csv")) if folder else ()
        return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
