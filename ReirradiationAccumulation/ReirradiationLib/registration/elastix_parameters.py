"""Our parameter map for elastix: a short B-spline registration of two CTs by mutual information."""

from __future__ import annotations

from ..model.registration import RegistrationKind
from .engine import SEED

GRID_MM = 20.0
"""Distance of the B-spline's control points at the last resolution."""

SAMPLES = 5000
ITERATIONS = 250
HISTOGRAM_BINS = 64
"""32 bins, the usual number, are twice as far from the truth."""


def deformable_parameters(seed: int = SEED) -> dict[str, tuple[str, ...]]:
    """The parameters by name, each a list of words as elastix wants them.

    Three resolutions, in which the grid of control points is halved from 80 to 20 mm; new random samples in every
    iteration, by a seed; adaptive stochastic gradient descent.

    References
    ----------
    Klein S et al., IEEE Trans Med Imaging 29:196 (2010): elastix. Klein S et al., Int J Comput Vis 81:227 (2009): the
    optimizer.
    """
    words = {
        "FixedInternalImagePixelType": "float",
        "MovingInternalImagePixelType": "float",
        "UseDirectionCosines": "true",
        "Registration": "MultiResolutionRegistration",
        "FixedImagePyramid": "FixedSmoothingImagePyramid",
        "MovingImagePyramid": "MovingSmoothingImagePyramid",
        "NumberOfResolutions": "3",
        "ImagePyramidSchedule": "4 4 4 2 2 2 1 1 1",
        "Transform": "BSplineTransform",
        "FinalGridSpacingInPhysicalUnits": f"{GRID_MM:g}",
        "GridSpacingSchedule": "4 2 1",
        "HowToCombineTransforms": "Compose",
        "AutomaticTransformInitialization": "false",
        "Metric": "AdvancedMattesMutualInformation",
        "NumberOfHistogramBins": f"{HISTOGRAM_BINS}",
        "Interpolator": "LinearInterpolator",
        "BSplineInterpolationOrder": "1",
        "Optimizer": "AdaptiveStochasticGradientDescent",
        "MaximumNumberOfIterations": f"{ITERATIONS}",
        "ImageSampler": "RandomCoordinate",
        "NumberOfSpatialSamples": f"{SAMPLES}",
        "NewSamplesEveryIteration": "true",
        "RandomSeed": f"{seed}",
        "ErodeMask": "false",
        "Resampler": "DefaultResampler",
        "ResampleInterpolator": "FinalLinearInterpolator",
        "FinalBSplineInterpolationOrder": "1",
        "DefaultPixelValue": "-1000",
        "WriteResultImage": "false",
    }
    return {name: tuple(value.split()) for name, value in words.items()}


RIGID_CHANGES = {
    "Transform": ("EulerTransform",),
    "AutomaticTransformInitialization": ("true",),
    "AutomaticTransformInitializationMethod": ("CenterOfGravity",),
    "AutomaticScalesEstimation": ("true",),
}
GRID_NAMES = ("FinalGridSpacingInPhysicalUnits", "GridSpacingSchedule")


def rigid_parameters(seed: int = SEED) -> dict[str, tuple[str, ...]]:
    """Six parameters instead of a grid, begun at the centres of mass; all else as in the deformable ones."""
    shared = {name: words for name, words in deformable_parameters(seed).items() if name not in GRID_NAMES}
    return {**shared, **RIGID_CHANGES}


def parameter_texts(kind: RegistrationKind) -> tuple[str, ...]:
    """The parameter files of a kind of registration as text, for the elastix program."""
    parameters = rigid_parameters() if kind is RegistrationKind.RIGID else deformable_parameters()
    return ("".join(f"({name} {' '.join(map(_word, words))})\n" for name, words in parameters.items()),)


def _word(word: str) -> str:
    """Numbers stand plain, everything else in quotation marks."""
    try:
        float(word)
    except ValueError:
        return f'"{word}"'
    return word
