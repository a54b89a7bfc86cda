"""Pictures without identifiers: names are replaced before anything is drawn, for nothing can be taken out of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from ..model.image import Image, Patient
from ..model.registration_picture import RegistrationPictureRequest
from ..model.scene import PictureMaker, PictureRequest
from .identifiers import Identifiers

NOBODY = Patient("", "", "", "")
Request = TypeVar("Request", PictureRequest, RegistrationPictureRequest)


class AnonymousPictureMaker:
    """A :class:`~ReirradiationLib.model.scene.PictureMaker` that lets another one draw under neutral names.

    Parameters
    ----------
    maker : PictureMaker
    identifiers : Identifiers
    """

    def __init__(self, maker: PictureMaker, identifiers: Identifiers) -> None:
        self._maker = maker
        self._identifiers = identifiers
        self._images: dict[int, tuple[Image, Image]] = {}

    def unavailable_because(self) -> str | None:
        """Why no picture can be drawn here."""
        return self._maker.unavailable_because()

    def draw_all(self, requests: Sequence[PictureRequest], width: int, height: int) -> tuple[bytes, ...]:
        """The pictures as JPEG bytes."""
        return self._maker.draw_all([self._neutral(one) for one in requests], width, height)

    def draw_registration(self, request: RegistrationPictureRequest, width: int, height: int) -> bytes:
        """The picture of a registration as PNG bytes."""
        return self._maker.draw_registration(self._neutral(request), width, height)

    def _neutral(self, request: Request) -> Request:
        return replace(request, **{f.name: self._cleaned(getattr(request, f.name)) for f in fields(request)})

    def _cleaned(self, value: Any) -> Any:
        """Doses and structures by other names; of the CT only voxels and geometry are drawn."""
        if isinstance(value, Image):
            return self._nobodys(value)
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self._identifiers.cleaned(value)
        if isinstance(value, tuple):
            return tuple(self._cleaned(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type):
            former = {field.name: getattr(value, field.name) for field in fields(value)}
            neutral = {name: self._cleaned(item) for name, item in former.items() if _may_hold_names(item)}
            return replace(value, **neutral) if any(neutral[name] is not former[name] for name in neutral) else value
        return value

    def _nobodys(self, image: Image) -> Image:
        """The same neutral CT for the same CT: pictures of one CT share a scene. The CT itself is kept, so its id is too."""
        if id(image) not in self._images:
            self._images[id(image)] = (image, replace(image, patient=NOBODY, description="CT", study_date=""))
        return self._images[id(image)][1]


def _may_hold_names(value: Any) -> bool:
    return isinstance(value, (str, tuple, Image)) or is_dataclass(value)


def anonymous_maker(maker: PictureMaker | None, identifiers: Identifiers) -> PictureMaker | None:
    """The same maker under neutral names; None where there is none."""
    return AnonymousPictureMaker(maker, identifiers) if maker is not None else None
