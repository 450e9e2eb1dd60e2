"""A roster passes through in parts: whole, named, of a kind that its bytes show, and not a byte too long."""

from __future__ import annotations

import base64
import os

import pytest
import requests

from tests.component.gateway.conftest import Door
from tests.component.gateway.stand_ins import FILE

FILES = "/api/v1/files"
PDF = b"%PDF-1.4\n" + os.urandom(700_000) + b"\n%%EOF\n"
ROSTER = "/api/v1/imports/roster"
XLSX = b"PK\x03\x04" + os.urandom(1_300_000)
CSV = "姓名,学号\n某人,1001\n".encode()


def received(door: Door, request: dict) -> bytes:
    parts = door.records.parts[request["upload"]]
    return b"".join(base64.b64decode(parts[number]) for number in range(len(parts)))


def test_a_form_is_taken_in_parts_and_the_import_started(door: Door) -> None:
    response = door.ask("POST", ROSTER, files={"file": ("2026 花名册.xlsx", XLSX)}, data={"note": "x"})
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/jobs/{response.json()['job']}"
    method, request, _ = door.records.seen[-1]
    assert method == "start_import"
    assert request["filename"] == "2026 花名册.xlsx"
    assert received(door, request) == XLSX


def test_a_raw_body_is_taken_by_the_name_in_the_address(door: Door) -> None:
    response = door.ask("POST", f"{ROSTER}?filename=roster.csv", data=CSV)
    assert response.status_code == 202
    assert received(door, door.records.seen[-1][1]) == CSV


def test_the_same_upload_with_the_same_key_is_the_same_job(door: Door) -> None:
    jobs = {
        door.ask(
            "POST", ROSTER, files={"file": ("a.xlsx", XLSX)}, headers={"Idempotency-Key": "once"}
        ).json()["job"]
        for _ in range(2)
    }
    assert len(jobs) == 1


def test_a_name_cannot_lead_elsewhere(door: Door) -> None:
    door.ask("POST", f"{ROSTER}?filename=../../etc/a%00b.csv", data=CSV)
    assert door.records.seen[-1][1]["filename"] == "ab.csv"


@pytest.mark.parametrize("address", [ROSTER, f"{ROSTER}?filename="])
def test_a_raw_body_without_a_name_is_told_which_parameter_names_it(door: Door, address: str) -> None:
    response = door.ask("POST", address, data=CSV, headers={"Accept-Language": "en"})
    assert (response.status_code, response.json()["code"]) == (422, "upload.no_filename")
    assert list(response.json()["fields"]) == ["filename"]
    assert "?filename=" in response.json()["detail"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", CSV), ("a.csv", XLSX), ("a.csv", b"a\x00b"), ("a.exe", XLSX), ("a.html", CSV)],
)
def test_another_kind_of_file_is_415(door: Door, name: str, content: bytes) -> None:
    response = door.ask("POST", f"{ROSTER}?filename={name}", data=content)
    assert response.status_code == 415
    assert response.json()["code"] == "upload.unknown_kind"
    assert door.records.seen == []


FORM = "multipart/form-data; boundary=b"
NO_FILE = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (FORM, b"--b\r\nno such header", "upload.malformed"),
        (FORM, NO_FILE[:-6], "upload.malformed"),
        ("multipart/form-data", b"--b--", "upload.malformed"),
        (FORM, NO_FILE, "upload.no_file"),
        ("application/octet-stream", b"", "upload.no_file"),
    ],
)
def test_a_form_that_cannot_be_read_is_400(door: Door, content_type: str, body: bytes, code: str) -> None:
    response = door.ask("POST", ROSTER, data=body, headers={"Content-Type": content_type})
    assert response.status_code == 400
    assert response.json()["code"] == code


@pytest.mark.parametrize("form", [True, False])
def test_a_file_over_the_limit_is_413_whatever_carries_it(door: Door, form: bool) -> None:
    huge = XLSX[:4] + b"x" * (20 * 1024 * 1024)
    if form:
        response = door.ask("POST", ROSTER, files={"file": ("a.xlsx", huge)})
    else:
        response = door.ask("POST", f"{ROSTER}?filename=a.xlsx", data=huge)
    assert response.status_code == 413
    assert all(method != "start_import" for method, _, _ in door.records.seen)


def test_without_a_session_not_a_byte_is_taken(door: Door) -> None:
    response = door.ask("POST", f"{ROSTER}?filename=a.csv", person=None, data=CSV)
    assert response.status_code == 401
    assert door.records.seen == []


def test_a_file_to_attach_goes_the_same_way_and_is_kept(door: Door) -> None:
    response = door.ask("POST", FILES, files={"file": ("记录.pdf", PDF)})
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/v1/files/{response.json()['file']}"
    method, request, _ = door.records.seen[-1]
    assert method == "keep_file"
    assert received(door, request) == PDF
    assert door.records.seen[0][1] == {"filename": "记录.pdf", "purpose": "file"}


def test_a_file_that_is_never_attached_is_415_before_it_is_sent_on(door: Door) -> None:
    response = door.ask("POST", f"{FILES}?filename=a.exe", data=PDF)
    assert (response.status_code, response.json()["code"]) == (415, "upload.unknown_kind")
    assert ".docx" in response.json()["detail"]
    assert door.records.seen == []


def test_a_file_is_given_out_in_full_to_be_saved_and_never_shown_in_place(door: Door) -> None:
    response = door.ask("GET", f"{FILES}/whole", stream=True)
    assert response.status_code == 200
    assert response.content == b"".join(FILE)
    assert response.headers["Content-Length"] == str(len(response.content))
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    plain, full = response.headers["Content-Disposition"].removeprefix("attachment; ").split("; ")
    assert plain == 'filename="__ ____.pdf"'
    assert full == "filename*=UTF-8''%E4%BC%9A%E8%AE%AE%20%22%E8%AE%B0%E5%BD%95%22.pdf"


def test_a_file_that_ends_in_the_middle_does_not_look_whole(door: Door) -> None:
    with pytest.raises(requests.RequestException):
        _ = door.ask("GET", f"{FILES}/cut-off", stream=True).content
    missing = door.ask("GET", f"{FILES}/none")
    assert (missing.status_code, missing.json()["code"]) == (404, "files.not_found")
    assert door.ask("GET", f"{FILES}/whole", person=None).status_code == 401
