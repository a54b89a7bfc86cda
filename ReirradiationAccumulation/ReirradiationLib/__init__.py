"""Dose accumulation and planning aids for reirradiation.

The library behind the 3D Slicer modules, the Slicer Python console and the ``reirradiation`` command line. The rooms
and who may import whom are described in ``docs/house.md``. Research software, not a medical device.
"""

__version__ = "0.1.0"
