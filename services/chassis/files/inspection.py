"""What a file is, and what of it is kept; runs in a process of its own, since a picture is heavy work.

Nothing of a file is ever executed or shown here; pictures alone are decoded, and kept without what a
camera wrote into them.
"""

from __future__ import annotations

import base64
import io
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError

from services.chassis.errors import Invalid
from services.chassis.files import model as rules

MOST_PIXELS = 50_000_000
MOST_ENTRIES = 10_000
_MOST_TYPES_BYTES = 1024 * 1024
_END_OF_ARCHIVE = b"PK\x05\x06"
_FORMATS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
_SAVED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "image/jpeg": ("JPEG", {"quality": 90}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"quality": 90}),
}
_MODES = {
    "image/jpeg": ("L", "RGB"),
    "image/png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "image/webp": ("RGB", "RGBA"),
}


def inspect(argument: Mapping[str, str]) -> dict[str, Any]:
    """The file of ``content`` (base64), called ``name``, as ``{media_type, content}``.

    ``content`` is None where it is kept as it came. Raises ``Invalid``: ``upload.unknown_kind`` where name,
    bytes and content do not agree, ``upload.too_many_pixels``.
    """
    content = base64.b64decode(argument["content"])
    extension = rules.extension_of(argument["name"])
    kind = rules.KINDS[extension]
    kept = None
    if kind.family != "pdf":
        rules.require_no_other(content)
    if kind.family == "text":
        rules.require_text(content)
    else:
        _require_sniffed(content, extension)
        if kind.family == "pdf":
            rules.require_pdf(content)
            if zipfile.is_zipfile(io.BytesIO(content)):
                raise rules.unknown_kind()
        elif kind.family == "office":
            _require_office(content, kind)
        else:
            kept = base64.b64encode(_pixels(content, kind.media_type)).decode()
    return {"media_type": kind.media_type, "content": kept}


def _require_sniffed(content: bytes, extension: str) -> None:
    try:
        found = {each.extension for each in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        found = set()
    if extension not in found:
        raise rules.unknown_kind()


def _require_office(content: bytes, kind: rules.Kind) -> None:
    """A whole archive with the parts of this kind and without macros, and nothing before or behind it."""
    if not content.startswith(b"PK\x03\x04") or content[-22:-18] != _END_OF_ARCHIVE:
        raise rules.unknown_kind()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {each.filename for each in entries}
            if len(entries) > MOST_ENTRIES or len(names) < len(entries) or kind.part not in names:
                raise rules.unknown_kind()
            with archive.open("[Content_Types].xml") as part:
                types = part.read(_MOST_TYPES_BYTES)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise rules.unknown_kind() from None
    macros = b"macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names)
    if macros or f"{kind.media_type}.main+xml".encode() not in types:
        raise rules.unknown_kind()


def _pixels(content: bytes, media_type: str) -> bytes:
    """The picture drawn anew, upright: what else the file held (place, device, thumbnails) stays behind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            with Image.open(io.BytesIO(content), formats=_FORMATS[media_type]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise _too_many_pixels()
                upright = ImageOps.exif_transpose(picture)
                return _drawn(upright, media_type)
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, IndexError, EOFError):
        # A damaged file raises whatever its decoder stumbles over.
        raise rules.unknown_kind() from None


def _drawn(picture: Image.Image, media_type: str) -> bytes:
    if picture.mode not in _MODES[media_type]:
        alpha = media_type != "image/jpeg" and "A" in picture.getbands()
        picture = picture.convert("RGBA" if alpha else "RGB")
    # Encoders write some of this out again, a comment for one. How a palette is transparent is the picture.
    picture.info = {name: value for name, value in picture.info.items() if name == "transparency"}
    form, options = _SAVED[media_type]
    drawn = io.BytesIO()
    picture.save(drawn, form, **options)
    return drawn.getvalue()


def _too_many_pixels() -> Invalid:
    told = ["upload.too_many_pixels"]
    return Invalid(told[0], params={"most": MOST_PIXELS // 1_000_000}, fields={"file": told})
