"""A second opinion on an RTDOSE: raw bytes and our own formulas, to hold a reading against."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from ReirradiationLib.model.image import Dose

from .elements import BIG_ENDIAN, RLE


def disagreement(path: Path, dose: Dose) -> str:
    """What a dose says otherwise than the file does; empty if they agree.

    Every stored plane is looked up in the dose: its values and the places of its corners. The dose must be finite,
    not negative and not zero everywhere, and planes between the stored ones must lie between their values.
    """
    dataset = pydicom.dcmread(path, force=True)
    if str(dataset.DoseUnits).strip() != "GY":
        return f"units {dataset.DoseUnits}"
    stored_gy = _stored_gy(dataset)
    voxels = dose.voxels_gy
    if not np.isfinite(voxels).all() or voxels.min() < 0 or not voxels.any():
        return "values that no dose has"
    frames = len(stored_gy)
    origin, offsets = np.array(_numbers(dataset.ImagePositionPatient)), _offsets(dataset, frames)
    row, column = np.array(_numbers(dataset.ImageOrientationPatient)).reshape(2, 3)
    spacing_j, spacing_i = _numbers(dataset.PixelSpacing)
    places = np.rint(np.abs(offsets) / dose.geometry.spacing_mm[2]).astype(int) if frames > 1 else np.zeros(1, dtype=int)
    if places[-1] + 1 != len(voxels):
        return f"{len(voxels)} planes, by the offsets {places[-1] + 1}"
    for frame, place in enumerate(places):
        if not np.allclose(voxels[place], stored_gy[frame], rtol=1e-6, atol=0.0):
            return f"other values in frame {frame}"
        for j, i in ((0, 0), (0, voxels.shape[2] - 1), (voxels.shape[1] - 1, 0)):
            ours = origin + i * spacing_i * row + j * spacing_j * column + offsets[frame] * np.cross(row, column)
            theirs = dose.geometry.to_lps(np.array([[i, j, place]], dtype=np.float64))[0]
            reach = abs(i * spacing_i) + abs(j * spacing_j) + abs(offsets[frame])
            if np.abs(ours - theirs).max() > 0.011 + 2e-3 * reach + 1e-9 * np.abs(origin).max():
                return f"frame {frame} at {theirs} instead of {ours}"
    for start, end, low in zip(places, places[1:], voxels[places], strict=False):
        between = voxels[start : end + 1]
        bounds = np.minimum(low, voxels[end]), np.maximum(low, voxels[end])
        if (between < bounds[0] * (1 - 1e-6)).any() or (between > bounds[1] * (1 + 1e-6)).any():
            return f"values between frames at {start} and {end} that neither has"
    return ""


def _stored_gy(dataset: Any) -> np.ndarray:
    """Stored integers times DoseGridScaling, (frames, rows, columns)."""
    frames = int(dataset.get("NumberOfFrames", None) or 1)
    rows, columns, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    count = frames * rows * columns
    syntax = str(dataset.file_meta.TransferSyntaxUID) if "TransferSyntaxUID" in dataset.file_meta else ""
    raw = dataset.PixelData
    if syntax == RLE:
        raw = b"".join(_rle_frames(raw, frames, rows * columns, bits // 8))
    elif not count * bits // 8 <= len(raw) <= count * bits // 8 + 1:
        raise AssertionError(f"{len(raw)} bytes of pixel data for {count} voxels of {bits} bits")
    order = ">" if syntax == BIG_ENDIAN else "<"
    sign = "i" if int(dataset.PixelRepresentation) else "u"
    stored = np.frombuffer(raw, dtype=f"{order}{sign}{bits // 8}", count=count)
    return stored.reshape(frames, rows, columns).astype(np.float64) * _numbers(dataset.DoseGridScaling)[0]


def _offsets(dataset: Any, frames: int) -> np.ndarray:
    """Signed distance of each frame along row × column."""
    if frames == 1:
        return np.zeros(1)
    offsets = np.array(_numbers(dataset.GridFrameOffsetVector))
    if len(offsets) != frames:
        raise AssertionError(f"{len(offsets)} offsets for {frames} frames")
    if abs(offsets[0]) <= 0.01:
        return np.asarray(offsets - offsets[0])
    row, column = np.array(_numbers(dataset.ImageOrientationPatient)).reshape(2, 3)
    z, normal_z = _numbers(dataset.ImagePositionPatient)[2], np.cross(row, column)[2]
    if abs(offsets[0] - z) > 0.01 or abs(abs(normal_z) - 1.0) > 0.01:
        raise AssertionError(f"offsets that start with {offsets[0]} at z = {z}")
    return np.asarray((offsets - offsets[0]) * np.sign(normal_z))


def _rle_frames(raw: bytes, frames: int, pixels: int, bytes_per_pixel: int) -> list[bytes]:
    """PS3.5 annex G: one item per frame after the offset table, one segment per byte of a pixel, highest first."""
    items, at = [], 0
    while at + 8 <= len(raw):
        group, element, length = struct.unpack("<HHL", raw[at : at + 8])
        if (group, element) != (0xFFFE, 0xE000):
            break
        items.append(raw[at + 8 : at + 8 + length])
        at += 8 + length
    decoded = []
    for item in items[1 : frames + 1]:
        number, *starts = struct.unpack("<16L", item[:64])
        ends = [*starts[1:number], len(item)]
        planes = [_unpacked(item[start:end], pixels) for start, end in zip(starts, ends, strict=False)]
        if number != bytes_per_pixel:
            raise AssertionError(f"{number} segments for {bytes_per_pixel} bytes")
        decoded.append(np.stack([np.frombuffer(plane, dtype=np.uint8) for plane in planes[::-1]], axis=1).tobytes())
    if len(decoded) != frames:
        raise AssertionError(f"{len(decoded)} RLE frames for {frames}")
    return decoded


def _unpacked(segment: bytes, count: int) -> bytes:
    out, at = bytearray(), 0
    while at < len(segment) and len(out) < count:
        head = segment[at]
        if head < 128:
            out += segment[at + 1 : at + 2 + head]
            at += 2 + head
        else:
            if head > 128:
                out += segment[at + 1 : at + 2] * (257 - head)
            at += 2 if head > 128 else 1
    if len(out) < count:
        raise AssertionError(f"an RLE segment of {len(out)} bytes for {count} pixels")
    return bytes(out[:count])


def _numbers(value: Any) -> list[float]:
    values = [value] if isinstance(value, (str, bytes, float, int)) else value
    return [float(one if isinstance(one, bytes) else str(one)) for one in values]
