"""The sample data "Reirradiation: spine, two courses": a case to go through all steps with, as files that can be edited."""

import hashlib
import itertools
import logging
import os
import pathlib
import shutil
import tempfile
import zipfile

import slicer
from slicer.i18n import tr as _

MODULE = "ReirradiationAccumulation"
CATEGORY = "Reirradiation"
FOLDER = "Reirradiation-spine-two-courses"
ARCHIVE = "Reirradiation-spine-two-courses-1.zip"  # other content, another number; "make sample-data" packs it
URL = f"https://github.com/SlicerReirradiation/SlicerReirradiation/releases/download/SampleData/{ARCHIVE}"
SHA256 = "e0fac2d4ae7a58e8d9eeb822eead1cddb6e41e60f3d169f2c7fbb3630b57d9b4"
CASE = "case.json"
SOURCE_TREE_VARIABLE = "REIRRADIATION_SOURCE_TREE"
PARTS = ("case.json", "case_from_images.json", "README.md", "LICENSE.TotalSegmentator", "course1", "course2")
THUMBNAIL = pathlib.Path(__file__).resolve().parents[1] / "Resources" / "Icons" / "SampleDataSpine.png"


def registerSampleData():
    """Offer the case in the module Sample Data; for "startupCompleted()"."""
    import SampleData

    if hasattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory"):  # since Slicer 5.11
        SampleData.SampleDataLogic.registerCustomSampleDataCategory(CATEGORY, title=_("Reirradiation"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=_("Reirradiation: spine, two courses"),
        thumbnailFileName=str(THUMBNAIL),
        uris=URL,
        fileNames=ARCHIVE,
        checksums=f"SHA256:{SHA256}",
        loadFileType="ZipFile",
        customDownloader=onSampleDataButton,
    )


def onSampleDataButton(source=None):
    """Put the case into the cache folder, load it where SlicerRT can, and open it in the module; returns [case file]."""
    with slicer.util.tryWithErrorDisplay(_("The sample data could not be prepared."), waitCursor=True):
        caseFile = sampleCase()
        if slicer.util.mainWindow() is not None:
            loadDicom(caseFile.parent)
            openInModule(caseFile)
        return [str(caseFile)]


def sampleCase():
    """The case file of a complete and unchanged sample case, from the source tree or downloaded."""
    cache = pathlib.Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory())
    cache.mkdir(parents=True, exist_ok=True)
    original = sourceTreeFolder()
    if original is not None:
        return placed(cache, lambda folder: copyParts(original, folder))
    archive = downloadedArchive(cache)
    return placed(cache, lambda folder: zipfile.ZipFile(archive).extractall(folder))


def placed(cache, fill):
    """The case file in a folder of the cache that ``fill(folder)`` filled; what a user changed there is left alone."""
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=cache) as unfinished:
        new = pathlib.Path(unfinished) / FOLDER
        fill(new)
        for number in itertools.count(1):
            folder = cache / (FOLDER if number == 1 else f"{FOLDER}-{number}")
            if isSame(folder, new):
                return folder / CASE
            if not folder.exists():
                new.rename(folder)
                return folder / CASE


def isSame(folder, new):
    """Whether a folder holds every file of another one as it is there."""
    files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
    return all((folder / name).is_file() and (folder / name).read_bytes() == (new / name).read_bytes() for name in files)


def sourceTreeFolder():
    """The case in the source tree, or None: it is not part of the installed extension.

    It is the tree that this file lies in, or the one that ctest names: there this file lies in the build tree.
    """
    named = os.environ.get(SOURCE_TREE_VARIABLE)
    trees = ([pathlib.Path(named)] if named else []) + list(pathlib.Path(__file__).resolve().parents)
    candidates = (tree / "Testing" / "Data" / "demo_case" for tree in trees)
    return next((folder for folder in candidates if (folder / CASE).is_file()), None)


def copyParts(original, folder):
    """Copy what the archive holds too: without the truth and what was computed there."""
    folder.mkdir()
    for name in PARTS:
        copy = shutil.copytree if (original / name).is_dir() else shutil.copyfile
        copy(original / name, folder / name)


def downloadedArchive(cache):
    """The archive in the cache folder, downloaded if it is not there.

    :raises RuntimeError: if it cannot be downloaded, or is not what was published
    """
    import SampleData

    try:
        SampleData.SampleDataLogic().downloadFileIntoCache(URL, ARCHIVE, f"SHA256:{SHA256}")
    except ValueError as error:
        text = _("{url} could not be downloaded. Download it elsewhere, and put it into the folder {folder}.")
        raise RuntimeError(text.format(url=URL, folder=cache)) from error
    archive = cache / ARCHIVE
    if not archive.is_file() or hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        text = _("{url} is not the file that was published with this version. Nothing of it is used.")
        raise RuntimeError(text.format(url=URL))
    return archive


def loadDicom(folder):
    """Import the files into the DICOM database, where they lie, and load them; without SlicerRT or a database do nothing."""
    database = getattr(slicer, "dicomDatabase", None)
    if not hasattr(slicer.modules, "dicomrtimportexport") or database is None or not database.isOpen:
        logging.info("Sample data: not loaded into the scene, since SlicerRT or the DICOM database is not there")
        return
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(str(folder))
    DICOMUtils.loadSeriesByUID(seriesOf(folder))


def seriesOf(folder):
    """The SeriesInstanceUIDs of the files in a folder; the database may know the same objects from another one."""
    from pydicom import dcmread

    tags = ["SeriesInstanceUID"]
    return sorted({str(dcmread(file, specific_tags=tags).SeriesInstanceUID) for file in folder.rglob("*.dcm")})


def openInModule(caseFile):
    """Show the module and open the case as by its button, which is disabled while another case is not saved."""
    slicer.util.selectModule(MODULE)
    ui = slicer.util.getModuleWidget(MODULE).ui
    ui.casePathLineEdit.currentPath = str(caseFile)
    ui.openCaseButton.click()
