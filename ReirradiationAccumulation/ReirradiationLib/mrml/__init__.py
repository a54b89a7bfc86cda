"""The bridge to MRML: model objects ⇄ nodes, the scene file, offscreen pictures.

The only room that imports ``slicer``, and it does so inside functions, so that importing the room costs nothing. It
uses nothing but the ``slicer.vtk*`` classes and therefore runs the same on the ``slicer-core`` wheel and within 3D Slicer,
but for the registration engines of the application, which say so where they are not available.
RAS, the frame of MRML, exists only here.
"""
