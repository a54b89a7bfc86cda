"""First floor: DICOM files in and out. ``pydicom`` is imported inside functions only."""
