"""What is attached is read with what it is attached to; who has no name leaves none in a file."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import openpyxl
import pytest
from PIL import Image

from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.files import inspection
from services.feedback.opinions import attachments
from services.feedback.opinions.receipts import opinion_of

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def looked_into_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process for each small file would take longer than all that is done with it."""

    def here(_: str, argument: dict[str, str], **__: Any) -> Any:
        return inspection.inspect(argument)

    monkeypatch.setattr("services.chassis.files.kept.offload", here)


def picture(colour: str = "red") -> bytes:
    """What a telephone takes: with the name of its owner and the place."""
    exif = Image.Exif()
    exif[0x013B] = "SecretAuthor"
    exif.get_ifd(0x8825)[29] = "2026:03:01"
    drawn = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(drawn, "JPEG", exif=exif)
    return drawn.getvalue()


def sent(box, person: str, content: bytes, name: str) -> str:
    upload = box.call(person, "begin_upload", filename=name)["upload"]
    box.call(person, "append_upload", upload=upload, part=0, content=base64.b64encode(content).decode())
    return box.call(person, "keep_file", upload=upload)["file"]


def read(box, person: str, file: str) -> bytes:
    parts = box.call(person, "open_file", file=file)["parts"]
    answers = [box.call(person, "read_file", file=file, part=part) for part in range(parts)]
    return b"".join(base64.b64decode(each["content"]) for each in answers)


def attach(box, receipt: str, content: bytes, name: str = "IMG_my-name.jpg") -> dict[str, Any]:
    text = base64.b64encode(content).decode()
    return box.call(None, "attach_by_receipt", code=receipt, filename=name, content=text)


def test_what_is_attached_by_name_is_read_with_the_opinion_and_in_confidence_names_nobody(box):
    database = box.application.database
    files = [sent(box, "member", PDF, "证明.pdf"), sent(box, "member", picture(), "我的照片.jpg")]
    with pytest.raises(NotFound):
        read(box, "secretary", files[0])
    said = box.say("member", mode="named", attachments=files)
    assert [each["name"] for each in said["attachments"]] == ["证明.pdf", "我的照片.jpg"]
    assert read(box, "secretary", files[0]) == read(box, "member", files[0]) == PDF
    with pytest.raises(NotFound, match=r"files\.not_found"):
        read(box, "neighbour", files[0])
    noted = [each for each in database["audit"].find() if each["action"] == "file.read"]
    assert [(each["actor"], each["object_id"]) for each in noted] == [("secretary", said["id"])]
    with pytest.raises(Invalid) as refused:
        box.say("member", attachments=[files[0]])
    assert refused.value.fields == {"attachments.0": ["file.unknown"]}

    # In confidence what could tell whose it is is not taken, nor kept.
    secret = [sent(box, "member", picture("blue"), "张三拍的.jpg"), sent(box, "member", PDF, "a.pdf")]
    with pytest.raises(Invalid) as refused:
        box.say("member", mode="confidential", attachments=secret)
    assert refused.value.fields == {"attachments.1": ["file.tells_its_author"]}
    hidden = box.say("member", mode="confidential", attachments=secret[:1], key="once")
    assert hidden == box.say("member", mode="confidential", attachments=secret[:1], key="once")
    assert [each["name"] for each in hidden["attachments"]] == ["1.jpg"]
    assert b"SecretAuthor" not in read(box, "secretary", secret[0])
    kept = [*database["files"].find({"holder_id": hidden["id"]}), *database["uploads"].find()]
    assert secret[0] not in str(list(database["uploads"].find())), "nor who sent it"
    assert "member" not in str(kept)
    assert "张三" not in str(list(database["files"].find()))


def test_what_is_attached_by_a_receipt_comes_with_its_batch_and_keeps_nothing_of_its_sender(box):
    database = box.application.database
    receipt = box.say(None)["receipt"]
    assert attach(box, receipt, picture())["attached"] == 1
    assert attach(box, receipt, picture(), "again.jpg")["attached"] == 1, "the same content once"
    for content, name, code in (
        (PDF, "a.pdf", "file.tells_its_author"),
        (b"MZ", "a.jpg", "upload.unknown_kind"),
        (b"", "a.jpg", "upload.empty"),
        (b"\xff" * (1024 * 1024 + 1), "a.jpg", "opinion.attachment_too_large"),
    ):
        with pytest.raises(Invalid) as refused:
            attach(box, receipt, content, name)
        assert refused.value.code in (code, "request.invalid")
    opinion = opinion_of(receipt)
    (waiting,) = database["files"].find()
    with pytest.raises(NotFound):
        read(box, "secretary", waiting["_id"])
    box.release()
    (attached,) = box.call("secretary", "get_opinion", opinion=opinion)["attachments"]
    assert (attached["name"], attached["file"] == waiting["_id"]) == ("1.jpg", False)
    content = read(box, "secretary", attached["file"])
    assert hashlib.sha256(content).hexdigest() == attached["sha256"]
    assert not any(each in content for each in (b"SecretAuthor", b"2026:03:01"))
    assert database["files"].count_documents({}) == database["file_parts"].count_documents({}) == 1
    (kept,) = database["files"].find()
    assert kept.keys() & {"expires_at", "stored_at"} == set(), "no instant"
    assert kept["owner"] is None
    assert database["uploads"].count_documents({}) == 0

    # Later it waits for the next batch.
    assert attach(box, receipt, picture("green"))["held"] == 1
    assert len(box.call("secretary", "get_opinion", opinion=opinion)["attachments"]) == 1
    held = [each["_id"] for each in database["files"].find() if each["_id"] != attached["file"]]
    box.application.talking.release_held()
    both = box.call("secretary", "get_opinion", opinion=opinion)["attachments"]
    assert [each["name"] for each in both] == ["1.jpg", "2.jpg"]
    assert both[1]["file"] not in held
    assert database["files"].count_documents({}) == 2
    assert database["files"].count_documents({"expires_at": {"$exists": True}}) == 0
    for number in range(3):
        attach(box, receipt, f"{number}".encode(), f"{number}.txt")
    with pytest.raises(Conflict, match="attachments_full"):
        attach(box, receipt, b"one more", "6.txt")


def test_a_release_that_is_cut_off_between_copy_and_write_loses_no_file(box, monkeypatch):
    receipt = box.say(None)["receipt"]
    attach(box, receipt, b"seen", "a.txt")
    box.application.attachments.copies(
        opinion_of(receipt),
        attachments.store.read(box.application.opinions.get(opinion_of(receipt))).attachments,
    )
    box.release()
    (attached,) = box.call("secretary", "get_opinion", opinion=opinion_of(receipt))["attachments"]
    assert read(box, "secretary", attached["file"]) == b"seen"
    lost = [each for each in box.application.database["files"].find() if each["_id"] != attached["file"]]
    assert [("expires_at" in each) for each in lost] == [True], "the copy of before is swept within a day"


def test_a_result_has_files_for_its_evidence_which_its_readers_open(box):
    said = box.say("member")
    measure = box.answer(said["id"])["id"]
    first, other = sent(box, "publicist", PDF, "清单.pdf"), sent(box, "publicist", PDF + b"\n", "b.pdf")
    handed = box.call("publicist", "hand_in_result", measure=measure, text="Done.", attachments=[first])
    assert [each["name"] for each in handed["result"]["attachments"]] == ["清单.pdf"]
    assert read(box, "dean", first) == PDF
    for stranger in ("member", "neighbour"):
        with pytest.raises(NotFound):
            read(box, stranger, first)
    box.call("secretary", "review_result", measure=measure, accepted=False, reason="Which chairs?")
    box.call("publicist", "hand_in_result", measure=measure, text="Done.", attachments=[other])
    with pytest.raises(NotFound):
        read(box, "dean", first)
    inside = sent(box, "publicist", PDF + b"\n\n", "名单.pdf")
    box.call("secretary", "review_result", measure=measure, accepted=False, reason="Who got them?")
    box.call("publicist", "hand_in_result", measure=measure, text="Done.", attachments=[other, inside])
    with pytest.raises(Invalid, match="file_unknown") as refused:
        box.call("secretary", "review_result", measure=measure, accepted=True, show=[other, first])
    assert refused.value.fields == {"show.1": ["measure.file_unknown"]}
    for file in (other, inside):  # nothing is shown before it is published
        with pytest.raises(NotFound):
            box.call(None, "open_public_file", file=file)
    box.call("secretary", "review_result", measure=measure, accepted=True, show=[other])

    # Whoever spoke and everybody else read what the reviewer shows, and nothing of what they do not.
    (shown,) = box.call(None, "public_measures")["items"]
    assert (shown["evidence"], [each["name"] for each in shown["files"]]) == (2, ["b.pdf"])
    answer = box.call("member", "get_opinion", opinion=said["id"])["answer"]
    assert answer["files"] == shown["files"]
    (part,) = range(box.call(None, "open_public_file", file=other)["parts"])
    content = box.call(None, "read_public_file", file=other, part=part)["content"]
    assert base64.b64decode(content) == PDF + b"\n" == read(box, "neighbour", other)
    for asked in ("open_public_file", "read_public_file"):
        with pytest.raises(NotFound):
            box.call(None, asked, file=inside, **({"part": 0} if asked.startswith("read") else {}))
    with pytest.raises(NotFound):
        read(box, "member", inside)
    assert read(box, "dean", inside) == PDF + b"\n\n"


def test_trends_become_a_sheet_that_shows_what_their_pages_show_and_runs_nothing(box):
    trends, names = box.application.trends, box.application.names
    names.learn([("branch", "=HYPERLINK(1)", 0)])
    path = ["university", "faculty", "branch"]
    for number in range(7):
        entry = {"_id": f"o{number}", "path": path, "on": "2026-01-12"}
        trends._count(entry, {"category:service": 1})
    for number in range(3):
        entry = {"_id": f"n{number}", "path": [*path[:2], "next-door"], "on": "2026-01-12"}
        trends._count(entry, {"category:service": 1})
    with pytest.raises(Exception, match="permission"):
        box.call("member", "export_trends", organisation="faculty")
    made = box.call("dean", "export_trends", organisation="faculty", language="en")
    with pytest.raises(NotFound):
        read(box, "secretary", made["file"])
    sheet = openpyxl.load_workbook(io.BytesIO(read(box, "dean", made["file"]))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [(row[0], row[-1]) for row in rows[1:]] == [("faculty", 10)], "the branch would tell of three"
    for number in range(2):
        entry = {"_id": f"m{number}", "path": [*path[:2], "next-door"], "on": "2026-01-12"}
        trends._count(entry, {"category:service": 1})
    made = box.call("dean", "export_trends", organisation="faculty")
    sheet = openpyxl.load_workbook(io.BytesIO(read(box, "dean", made["file"]))).active
    told = {row[0].value: row[-1].value for row in sheet.iter_rows(min_row=2)}
    assert told == {"faculty": 12, "'=HYPERLINK(1)": 7, "next-door": 5}
    page = box.call("dean", "get_trends", organisation="branch")
    assert [row["total"] for row in page["rows"]] == [7]
