"""SimpleITK as its notebooks show it (60 rigid by mutual information, 65 B-splines, 66 demons), for CTs."""

from __future__ import annotations

import SimpleITK as sitk

SEED = 42


def rigid(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Notebook 60: Mattes mutual information on 1 % of the voxels, gradient descent, three levels."""
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.01, SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsGradientDescent(
        learningRate=1.0, numberOfIterations=100, convergenceMinimumValue=1e-6, convergenceWindowSize=10
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def bspline(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Notebook 65: control points every 50 mm, refined to 12.5 mm, LBFGS; mutual information instead of squares."""
    mesh = [int(n * mm / 50.0 + 0.5) for n, mm in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    start = sitk.BSplineTransformInitializer(image1=fixed, transformDomainMeshSize=mesh, order=3)
    method = sitk.ImageRegistrationMethod()
    method.SetInitialTransformAsBSpline(start, inPlace=False, scaleFactors=[1, 2, 4])
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.01, SEED)
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 1])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsLBFGS2(solutionAccuracy=1e-2, numberOfIterations=100, deltaConvergenceTolerance=0.01)
    return method.Execute(fixed, moving)


def demons(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Notebook 66: fast symmetric forces, 20 iterations a level, shrunk by 4, 2 and 1."""
    forces = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    forces.SetNumberOfIterations(20)
    forces.SetSmoothDisplacementField(True)
    forces.SetStandardDeviations(2.0)
    field = sitk.Image(fixed.GetSize(), sitk.sitkVectorFloat64)
    field.CopyInformation(fixed)
    for factor, sigma in ((4, 8.0), (2, 4.0), (1, 0.0)):
        here, there = (shrunk(image, factor, sigma) for image in (fixed, moving))
        field = forces.Execute(here, there, sitk.Resample(field, here))
    return sitk.DisplacementFieldTransform(sitk.Resample(field, fixed))


def shrunk(image: sitk.Image, factor: int, sigma_mm: float) -> sitk.Image:
    if sigma_mm:
        image = sitk.SmoothingRecursiveGaussian(image, sigma_mm)
    return sitk.Shrink(image, [factor] * 3) if factor > 1 else image
