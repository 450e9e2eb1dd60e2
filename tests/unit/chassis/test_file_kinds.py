"""A file is what its name, its bytes and its content agree that it is; of a picture only its pixels stay."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.chassis.errors import Invalid
from services.chassis.files import inspection, model
from services.chassis.files.limits import EXTENSIONS

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
EXE = b"MZ\x90\x00\x03" + b"\x00" * 400 + b"PE\x00\x00"


def inspected(name: str, content: bytes) -> bytes:
    """What is kept of the file."""
    found = inspection.inspect({"name": name, "content": base64.b64encode(content).decode()})
    return content if found["content"] is None else base64.b64decode(found["content"])


def picture(form: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "red").save(drawn, form, **options)
    return drawn.getvalue()


def placed() -> Image.Exif:
    """What a telephone writes: who made it, where, and which way up."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhoneMaker"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (31.0, 46.0, 7.0)
    exif.get_ifd(0x8825)[29] = "2026:09:01"
    return exif


def office(part: str, content_type: str, *more: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        types = f'<Types><Override PartName="/{part}" ContentType="{content_type}.main+xml"/></Types>'
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(part, "<a/>")
        for name in more:
            archive.writestr(name, "x")
    return made.getvalue()


def document(extension: str, *more: str) -> bytes:
    kind = model.KINDS[extension]
    return office(kind.part, kind.media_type, *more)


SOUND = {
    ".pdf": PDF,
    ".jpg": picture("JPEG"),
    ".jpeg": picture("JPEG"),
    ".png": picture("PNG"),
    ".webp": picture("WEBP"),
    ".docx": document(".docx"),
    ".xlsx": document(".xlsx"),
    ".pptx": document(".pptx"),
    ".txt": "会议记录\n".encode(),
    ".csv": "姓名,缺席原因\n".encode("gb18030"),
}


def test_every_kind_that_is_taken_is_tried() -> None:
    assert set(SOUND) == set(EXTENSIONS) == set(model.KINDS)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_sound_file_of_each_kind_is_taken_and_under_no_name_of_another_kind(extension: str) -> None:
    assert inspected(f"a{extension.upper()}", SOUND[extension])
    for other in EXTENSIONS:
        alike = {model.KINDS[extension].media_type, model.KINDS[other].media_type}
        if len(alike) == 1 or alike == {"text/plain", "text/csv"}:
            continue
        with pytest.raises(Invalid, match=r"upload\.unknown_kind"):
            inspected(f"a{other}", SOUND[extension])


def test_a_workbook_that_a_program_wrote_is_taken() -> None:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    assert inspected("a.xlsx", made.getvalue()) == made.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("minutes.pdf", EXE),
        ("minutes.txt", EXE),
        ("minutes.exe", EXE),
        ("minutes", PDF),
        ("minutes.zip", document(".docx")),
        ("two-readers.pdf", PDF + document(".docx")),
        ("ends-alike.pdf", PDF + document(".docx")[:-2] + b"\x06\x00%%EOF\n"),
        ("begins-late.pdf", b"\x00" * 10 + PDF),
        ("cut-off.pdf", PDF[:-10]),
        ("two-readers.docx", document(".docx", "%PDF-1.4")),
        ("something-behind.docx", document(".docx") + b"MZ"),
        ("something-before.docx", b"MZ" + document(".docx")),
        ("macros.docx", document(".docx", "word/vbaProject.bin")),
        ("macros.xlsx", office("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled")),
        ("no-document.docx", office("a.xml", model.KINDS[".docx"].media_type)),
        ("page.txt", b"  <html><script>alert(1)</script>"),
        ("script.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("control.csv", b"a,b\x00c\n"),
        ("no-text.txt", b"\xff\xff\xff"),
        ("cut-off.png", picture("PNG")[:60]),
        ("animated.jpg", picture("GIF")),
    ],
)
def test_what_only_says_that_it_is_such_a_file_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid, match=r"upload\.unknown_kind") as refused:
        inspected(name, content)
    assert ".pdf" in refused.value.params["accepted"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_of_a_picture_neither_place_nor_device_nor_what_hangs_behind_it_is_kept(form: str) -> None:
    content = picture(form, exif=placed(), comment=b"SecretRemark", icc_profile=b"SecretProfile" * 20)
    content += document(".docx", "SecretAnnex.txt") if form == "JPEG" else b""
    assert b"SecretPhoneMaker" in content
    kept = inspected(f"a.{form.lower()}", content)
    assert b"Secret" not in kept
    assert b"Exif" not in kept
    assert b"2026:09:01" not in kept
    again = Image.open(io.BytesIO(kept))
    assert again.format == form
    assert not again.getexif()
    assert again.size == (20, 40), "turned upright before it was forgotten which way up it was"
    assert inspected(f"a.{form.lower()}", content) == kept


def test_a_transparent_picture_and_one_of_few_colours_stay_what_they_are() -> None:
    for mode in ("RGBA", "P", "L", "1"):
        drawn = io.BytesIO()
        Image.new(mode, (3, 3)).save(drawn, "PNG")
        assert Image.open(io.BytesIO(inspected("a.png", drawn.getvalue()))).mode == mode


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_100, 60_000])
def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_drawn(side: int) -> None:
    with pytest.raises(Invalid, match=r"upload\.too_many_pixels") as refused:
        inspected("a.png", bomb(side, side))
    assert refused.value.params == {"most": 50}


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/会议记录.pdf", "会议记录.pdf"),
        ("C:\\files\\a.pdf", "a.pdf"),
        ("..a.pdf", "a.pdf"),
        ("annex\u202efdp.exe", "annexfdp.exe"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ('a"b|c.pdf', "a b c.pdf"),
    ],
)
def test_a_name_leads_nowhere_and_hides_nothing(given_name: str, shown: str) -> None:
    assert model.cleaned(given_name) == shown


@given(st.text(max_size=300))
def test_a_cleaned_name_stays_as_it_is_and_is_short_enough(name: str) -> None:
    cleaned = model.cleaned(name)
    assert len(cleaned) <= model.MOST_NAME
    assert "/" not in cleaned
    assert "\\" not in cleaned
    assert not cleaned.startswith(".")
    assert cleaned.isprintable()


@given(st.sampled_from(EXTENSIONS), st.binary(max_size=2_000))
def test_whatever_the_bytes_are_they_are_kept_or_refused_and_never_a_surprise(
    extension: str, tail: bytes
) -> None:
    for content in (tail, SOUND[extension] + tail, SOUND[extension][: len(tail)] + tail):
        with suppress(Invalid):
            inspected(f"a{extension}", content)
