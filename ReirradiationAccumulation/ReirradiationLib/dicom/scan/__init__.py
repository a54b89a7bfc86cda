"""Folders of DICOM files, header by header, to courses and what is wrong with them."""
