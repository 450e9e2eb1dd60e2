"""Files through the service: sealed, looked into, claimed once, read with their holder, and forgotten."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from services.chassis import context
from services.chassis.context import Context
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.files import kept as rules
from services.chassis.files.kept import Files
from services.chassis.files.limits import MOST_PART_BYTES
from services.chassis.files.sealed import UNCLAIMED
from services.chassis.transactions import in_transaction
from tests.component.records.surroundings import Campus, Faculty

PDF = b"%PDF-1.4\n" + b"SecretMinutes\n" * 60_000 + b"%%EOF\n"


def sent(campus: Campus, person: str, content: bytes = PDF, name: str = "记录.pdf") -> dict[str, Any]:
    return campus.call(person, "keep_file", upload=received(campus, person, content, name))


def received(campus: Campus, person: str, content: bytes, name: str = "记录.pdf") -> str:
    upload = campus.call(person, "begin_upload", filename=name, purpose="file")["upload"]
    for part, start in enumerate(range(0, len(content), MOST_PART_BYTES)):
        piece = base64.b64encode(content[start : start + MOST_PART_BYTES]).decode()
        campus.call(person, "append_upload", upload=upload, part=part, content=piece)
    return str(upload)


def read(campus: Campus, person: str, file: str) -> bytes:
    parts = campus.call(person, "open_file", file=file)["parts"]
    answers = [campus.call(person, "read_file", file=file, part=part) for part in range(parts)]
    return b"".join(base64.b64decode(each["content"]) for each in answers)


def claimed(campus: Campus, person: str, files: list[str], holder: str = "h-1") -> list[dict[str, Any]]:
    with context.entered(Context(actor=person)):
        return campus.application.files.claim(files, "thing", holder)


def things(campus: Campus, *readers: str, audited: bool = False) -> Files:
    """The files, where ``readers`` read what a thing holds."""

    def require_readable(holder: str) -> None:
        if context.actor() not in readers:
            raise NotFound("things.not_found")

    campus.application.files.guard("thing", require_readable, audited=audited)
    return campus.application.files


def left(campus: Campus) -> list[int]:
    database = campus.application.database
    content = database["upload_parts"].find({"sealed": {"$exists": True}})
    return [len(list(each)) for each in (database["files"].find(), database["file_parts"].find(), content)]


def test_a_file_is_kept_sealed_and_a_picture_without_its_place_for_their_sender_alone(
    campus: Campus, faculty: Faculty
) -> None:
    upload = received(campus, faculty.secretary, PDF)
    file = campus.call(faculty.secretary, "keep_file", upload=upload)
    assert file == campus.call(faculty.secretary, "keep_file", upload=upload)
    digest = hashlib.sha256(PDF).hexdigest()
    assert file | {"file": ""} == {
        "file": "",
        "name": "记录.pdf",
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": digest,
    }
    assert read(campus, faculty.secretary, file["file"]) == PDF
    everything = str(list(campus.application.database["file_parts"].find())).encode()
    assert b"SecretMinutes" not in everything
    assert left(campus)[1:] == [2, 0], "nothing stays in the upload"
    for method, asked in (("open_file", {}), ("read_file", {"part": 0})):
        with pytest.raises(NotFound, match=r"files\.not_found"):
            campus.call(campus.administrator, method, file=file["file"], **asked)
    with pytest.raises(NotFound, match=r"uploads\.not_found"):
        campus.call(faculty.dean, "keep_file", upload=upload)

    exif = Image.Exif()
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8825)[29] = "2026:09:01"
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(drawn, "JPEG", exif=exif)
    file = sent(campus, faculty.secretary, drawn.getvalue(), "../现场.JPG")
    content = read(campus, faculty.secretary, file["file"])
    assert b"2026:09:01" not in content
    assert b"SecretPhoneMaker" not in content
    assert (file["name"], file["size"]) == ("现场.JPG", len(content))
    assert file["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_claimed_file_is_read_with_its_holder_and_belongs_to_no_other(
    campus: Campus, faculty: Faculty
) -> None:
    things(campus, faculty.member, audited=True)
    mine, other = (sent(campus, faculty.secretary)["file"] for _ in range(2))
    foreign = sent(campus, faculty.dean)["file"]
    for wrong, code in (
        ([mine, foreign], "file.unknown"),
        ([mine, "no such file"], "file.unknown"),
        ([mine, mine], "file.twice"),
    ):
        with pytest.raises(Invalid) as refused:
            claimed(campus, faculty.secretary, wrong)
        assert refused.value.fields == {"attachments.1": [code]}
    assert [each["file"] for each in claimed(campus, faculty.secretary, [other, mine])] == [other, mine]
    assert claimed(campus, faculty.dean, [mine]), "whoever else writes the same holder keeps what it has"
    with pytest.raises(Invalid, match=r"file\.unknown"):
        claimed(campus, faculty.secretary, [mine], "h-2")
    assert read(campus, faculty.member, mine) == PDF
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(faculty.secretary, "open_file", file=mine)
    opened = campus.application.audit.read("thing", "h-1")
    assert [(each.action, each.actor) for each in opened] == [("file.read", faculty.member)]

    # A change that is refused claims nothing.
    free = sent(campus, faculty.secretary)["file"]

    def refused_change() -> None:
        campus.application.files.claim([free], "thing", "h-1")
        raise Conflict("thing.state")

    with context.entered(Context(actor=faculty.secretary)), pytest.raises(Conflict):
        in_transaction(campus.application.database, refused_change)
    assert claimed(campus, faculty.secretary, [free], "h-2")


def test_what_nobody_claims_is_forgotten_after_a_day_with_nothing_left_behind(
    campus: Campus, faculty: Faculty
) -> None:
    files = things(campus, faculty.secretary)
    first, second = (sent(campus, faculty.secretary)["file"] for _ in range(2))
    claimed(campus, faculty.secretary, [second])
    made = files.store("台账.zip", "application/zip", [b"a" * 700_000, b"b"], "thing", "h-1")
    passing = files.store(
        "passing.zip", "application/zip", [b"c"], "thing", "h-1", forget_after=timedelta(days=7)
    )
    cut_short = files.store("cut.zip", "application/zip", iter([b"d"]), "thing", "h-1")["file"]
    half = {"$set": {"whole": False, "expires_at": campus.clock.now() + UNCLAIMED}}
    campus.application.database["files"].update_one({"_id": cut_short}, half)

    campus.clock.advance(timedelta(days=1))
    files.sweep()
    for gone in (first, cut_short):
        with pytest.raises(NotFound, match=r"files\.not_found"):
            campus.call(faculty.secretary, "open_file", file=gone)
        assert not list(campus.application.database["file_parts"].find({"file": gone}))
    assert left(campus)[:2] == [3, 5]
    assert read(campus, faculty.secretary, second) == PDF
    assert read(campus, faculty.secretary, made["file"]) == b"a" * 700_000 + b"b"
    assert b"".join(files.content(passing["file"])) == b"c"
    with pytest.raises(Invalid, match=r"file\.unknown"):
        claimed(campus, faculty.secretary, [first])

    campus.clock.advance(timedelta(days=7))
    files.sweep()
    assert left(campus)[:2] == [2, 4]


def test_what_is_no_attachment_is_refused_in_words(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = {"filename": "run.exe", "purpose": "file"}
    with pytest.raises(Invalid, match=r"upload\.unknown_kind"):
        campus.call(faculty.secretary, "begin_upload", **begin)
    with pytest.raises(Invalid, match=r"upload\.unknown_kind") as refused:
        sent(campus, faculty.secretary, b"MZ\x90\x00" + b"\x00" * 100)
    assert refused.value.text is not None
    assert ".pdf" in refused.value.text["zh"]
    with pytest.raises(Invalid, match=r"upload\.empty"):
        sent(campus, faculty.secretary, b"")
    monkeypatch.setattr("services.chassis.files.uploads.MOST_UPLOAD_BYTES", len(PDF))
    with pytest.raises(Invalid, match=r"upload\.too_large"):
        sent(campus, faculty.secretary, PDF + b"\n")
    monkeypatch.setattr(rules, "MOST_UNCLAIMED", 1)
    sent(campus, faculty.member)
    with pytest.raises(Conflict, match=r"files\.too_many_unclaimed"):
        sent(campus, faculty.member)
    monkeypatch.setattr("services.chassis.files.uploads.MOST_OPEN", 1)
    with pytest.raises(Conflict, match=r"upload\.too_many_open"):
        received(campus, faculty.member, PDF)
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "begin_upload", filename="a.xlsx", purpose="roster")
