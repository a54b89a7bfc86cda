"""Whether pictures can be drawn here. VTK crashes without OpenGL, so the question is asked in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from .vtk_messages import inside_slicer_application

PROBE_TIMEOUT_S = 60.0

PROBE = """
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderer
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(8, 8)
window.AddRenderer(vtkRenderer())
window.Render()
raise SystemExit(0 if window.SupportsOpenGL() else 3)
"""

REMEDY = (
    "Install OpenGL; on Debian or Ubuntu: apt install libegl1 libgl1, or libosmesa6 together with the environment "
    "variable VTK_DEFAULT_OPENGL_WINDOW=vtkOSOpenGLRenderWindow."
)


def opengl_unavailable_because() -> str | None:
    """Why nothing can be drawn here and what to install, or None if drawing works.

    Takes about a second. Within the 3D Slicer application drawing is taken to work.
    """
    if inside_slicer_application():
        return None
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE], capture_output=True, timeout=PROBE_TIMEOUT_S, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        return f"A trial picture was not drawn within {PROBE_TIMEOUT_S:.0f} s. {REMEDY}"
    except OSError as error:
        return f"A trial picture could not be drawn: {error}. {REMEDY}"
    if done.returncode != 0:
        return f"A trial picture could not be drawn (OpenGL is missing, exit code {done.returncode}). {REMEDY}"
    return None
