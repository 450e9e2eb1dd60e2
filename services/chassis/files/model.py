"""What a file may be, by its name and by its bytes. No I/O; what needs a parser is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.errors import Invalid
from services.chassis.files.limits import EXTENSIONS

MOST_NAME = 200
_HEAD_BYTES = 1024
_OFFICE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True)
class Kind:
    """A kind of file: how it is told to others, and how it is looked into."""

    media_type: str
    family: str  # "picture", "pdf", "office" or "text"
    part: str = ""  # of an office document, the part that makes it this kind


_JPEG = Kind("image/jpeg", "picture")
KINDS: Mapping[str, Kind] = {
    ".pdf": Kind("application/pdf", "pdf"),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".png": Kind("image/png", "picture"),
    ".webp": Kind("image/webp", "picture"),
    ".docx": Kind(f"{_OFFICE}wordprocessingml.document", "office", "word/document.xml"),
    ".xlsx": Kind(f"{_OFFICE}spreadsheetml.sheet", "office", "xl/workbook.xml"),
    ".pptx": Kind(f"{_OFFICE}presentationml.presentation", "office", "ppt/presentation.xml"),
    ".txt": Kind("text/plain", "text"),
    ".csv": Kind("text/csv", "text"),
}


# Kinds of which nothing is kept but what is seen: pixels that were drawn anew, plain words.
STRIPPED = (".jpg", ".jpeg", ".png", ".webp", ".txt")
_EXTENSION_OF = {KINDS[each].media_type: each for each in reversed(STRIPPED)}


def is_stripped(media_type: str) -> bool:
    """Whether a file of this kind, as it is kept, says nothing of who made it but what is seen in it."""
    return media_type in _EXTENSION_OF


def numbered(number: int, media_type: str) -> str:
    """What a file is called whose name might tell whose it is: ``1.jpg``; an unknown kind has no end."""
    return f"{number}{_EXTENSION_OF.get(media_type, '')}"


def unknown_kind() -> Invalid:
    """What is said of a file that is not what its name says, or is of no kind that is taken."""
    accepted = ", ".join(EXTENSIONS)
    return Invalid.at("file", "upload.unknown_kind", accepted=accepted)


def extension_of(name: str) -> str:
    """How ``name`` ends, in lower case; raises ``Invalid("upload.unknown_kind")`` for what is not taken."""
    extension = "." + name.rpartition(".")[2].lower()
    if extension not in KINDS:
        raise unknown_kind()
    return extension


def cleaned(name: str) -> str:
    """``name`` as it may be shown and saved: no folders, nothing invisible, no leading dot; its end is kept.

    What turns the direction of writing is invisible too: it makes ``annexe.pdf`` of ``annfdp.exe``.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(" " if c in ':*?"<>|' else c for c in last if c.isprintable())
    return seen.lstrip(". ").rstrip()[-MOST_NAME:]


def require_pdf(content: bytes) -> None:
    """From its first byte to its last a PDF: what follows its end is for another reader than it shows."""
    end = content.rfind(b"%%EOF")
    if not content.startswith(b"%PDF-") or end < 0 or content[end + 5 :].strip(b"\r\n\t \x00"):
        raise unknown_kind()


def require_no_other(content: bytes) -> None:
    """Nothing that begins as another kind further in: readers of PDF look for it in the first KiB."""
    if b"%PDF-" in content[:_HEAD_BYTES]:
        raise unknown_kind()


def require_text(content: bytes) -> None:
    """Words alone, in UTF-8 or GB 18030: no markup, no script, no control characters."""
    text = _decoded(content)
    begun = text.lstrip("\ufeff \r\n\t")
    if begun.startswith(("<", "#!", "%!")) or any(
        (ord(c) < 32 and c not in "\n\r\t\f") or ord(c) == 127 for c in text
    ):
        raise unknown_kind()


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unknown_kind()
