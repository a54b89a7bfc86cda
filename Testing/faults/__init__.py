"""Faults of DICOM objects and of cases: a catalogue of named ones, and random ones."""
