"""A pack tells whether it is what was made: every byte, every name, and nothing besides."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.archives import MANIFEST, Entry, Packing, digest, examine, is_safe
from services.chassis.cli import main

FILES = {
    "records.xlsx": b"PK rows" * 100,
    "attachments/2026-03-10 党课/签到表.pdf": b"%PDF signed",
    "empty": b"",
}
Files = dict[str, bytes]


def pack(files: Mapping[str, bytes]) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a pack and its manifest."""
    packing = Packing(
        {"kind": "jishi.ledger", "year": 2026}, (Entry(path, [content]) for path, content in files.items())
    )
    return b"".join(packing.pieces()), packing.manifest


def repacked(content: bytes, change: Callable[[Files], None]) -> bytes:
    """The same pack after somebody changed what is in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, each in files.items():
            archive.writestr(zipfile.ZipInfo(name), each)
    return written.getvalue()


@pytest.fixture
def found(tmp_path: Path) -> Callable[[bytes], list[tuple[str, str | None]]]:
    def examined(content: bytes) -> list[tuple[str, str | None]]:
        file = tmp_path / "pack.zip"
        file.write_bytes(content)
        return [(each.problem, each.path) for each in examine(file).problems]

    return examined


Found = Callable[[bytes], list[tuple[str, str | None]]]


def test_what_was_made_is_whole_and_any_unzip_reads_it(found: Found) -> None:
    content, manifest = pack(FILES)
    assert found(content) == []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*FILES, MANIFEST]
        assert {name: archive.read(name) for name in FILES} == FILES
    assert [each["path"] for each in manifest["files"]] == sorted(FILES)


def test_the_same_content_makes_the_same_bytes() -> None:
    assert pack(FILES) == pack(FILES)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_single_byte_of_a_file_or_of_the_manifest_changes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, _ = pack(FILES)
    name = data.draw(st.sampled_from([*(name for name, each in FILES.items() if each), MANIFEST]))

    def tamper(files: Files) -> None:
        at = data.draw(st.integers(0, len(files[name]) - 1))
        other = data.draw(st.integers(1, 255))
        files[name] = files[name][:at] + bytes([files[name][at] ^ other]) + files[name][at + 1 :]

    file = tmp_path_factory.mktemp("packs") / "pack.zip"
    file.write_bytes(repacked(content, tamper))
    was, now = (
        json.loads(zipfile.ZipFile(each).read(MANIFEST)) if name == MANIFEST and _is_json(each) else None
        for each in (io.BytesIO(content), file)
    )
    if name != MANIFEST or was != now:  # a blank for a blank says the same
        assert examine(file).problems


def _is_json(pack: Any) -> bool:
    try:
        json.loads(zipfile.ZipFile(pack).read(MANIFEST))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (lambda files: files.pop("empty"), [("missing", "empty")]),
        (lambda files: files.update({"more.txt": b"x"}), [("extra", "more.txt")]),
        (lambda files: files.update({"records.xlsx": b"other"}), [("altered", "records.xlsx")]),
        (lambda files: files.pop(MANIFEST), [("manifest_missing", None)]),
        (lambda files: files.update({MANIFEST: b"[" * 5000}), [("manifest_unreadable", MANIFEST)]),
        (lambda files: files.update({MANIFEST: b"{}"}), [("manifest_unreadable", MANIFEST)]),
        (lambda files: files.update({"../out": b"x"}), [("unsafe_path", "../out"), ("extra", "../out")]),
        (lambda files: files.update({"EMPTY": b""}), [("duplicate", "EMPTY")]),
    ],
)
def test_what_is_gone_added_or_altered_is_named(
    found: Found, change: Callable[[Files], None], problems: list[tuple[str, str | None]]
) -> None:
    assert found(repacked(pack(FILES)[0], change)) == problems


def _manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Files], None]:
    def altered(files: Files) -> None:
        manifest = json.loads(files[MANIFEST])
        change(manifest)
        files[MANIFEST] = json.dumps(manifest).encode()

    return altered


def test_a_manifest_that_says_something_else_is_noticed(found: Found) -> None:
    later = _manifest(lambda manifest: manifest.update(year=2027))
    assert found(repacked(pack(FILES)[0], later)) == [("manifest_altered", MANIFEST)]
    newer = _manifest(lambda manifest: manifest.update(format=2))
    assert found(repacked(pack(FILES)[0], newer)) == [("format_unknown", MANIFEST)]


@pytest.mark.parametrize("where", ["before", "between", "behind", "comment"])
def test_what_stands_beside_the_entries_is_noticed(found: Found, where: str) -> None:
    content, hidden = pack(FILES)[0], b"hidden from every manifest"
    if where == "before":
        altered = hidden + content
    elif where == "behind":
        altered = content[:-2] + len(hidden).to_bytes(2, "little") + hidden
    else:
        kept = io.BytesIO(content)
        with zipfile.ZipFile(kept, "a") as archive:
            if where == "comment":
                archive.comment = hidden
            else:
                archive.start_dir += len(hidden)  # the directory is written anew, behind a gap
                archive._didModify = True  # type: ignore[attr-defined]
        altered = kept.getvalue()
    assert ("surplus", None) in found(altered)


def test_a_second_entry_of_the_same_name_is_noticed(found: Found) -> None:
    content = io.BytesIO(pack(FILES)[0])
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("empty", b"what is shown instead")
    assert ("duplicate", "empty") in found(content.getvalue())


def test_a_link_is_no_file(found: Found) -> None:
    content, link = io.BytesIO(pack(FILES)[0]), zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert ("unsafe_path", "link") in found(content.getvalue())


def test_what_would_grow_beyond_measure_is_refused_unread(found: Found) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("zeros", bytes(40 * 1024 * 1024))
    assert found(written.getvalue()) == [("bomb", None)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", pack(FILES)[0][:-30]])
def test_what_is_no_zip_is_told_to_be_none(found: Found, content: bytes) -> None:
    assert found(content) == [("unreadable", None)]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2_000))
def test_no_garbage_makes_it_stumble(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, at: int
) -> None:
    content = pack(FILES)[0]
    file = tmp_path_factory.mktemp("packs") / "pack.zip"
    file.write_bytes(content[:at] + garbage + content[at + len(garbage) :])
    examine(file)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("attachments/党课/a.pdf", True),
        ("a", True),
        ("", False),
        ("/a", False),
        ("a/", False),
        ("a//b", False),
        ("a/../b", False),
        ("./a", False),
        ("C:a", False),
        ("a\\b", False),
        ("a\nb", False),
        ("a\x00b", False),
        ("a ", False),
        ("a.", False),
        ("x" * 241, False),
    ],
)
def test_a_path_stays_where_it_is_unpacked(path: str, safe: bool) -> None:
    assert is_safe(path) is safe


def test_a_path_that_is_unsafe_or_taken_is_never_written() -> None:
    for paths in (["../a"], ["a", "A"], [MANIFEST]):
        with pytest.raises(ValueError, match="path"):
            list(Packing({}, [Entry(path, []) for path in paths]).pieces())


def test_a_pack_is_written_chunk_by_chunk() -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(64 * 1024)

    longest = max(len(piece) for piece in Packing({}, [Entry("large", chunks())]).pieces())
    assert longest < 256 * 1024


# -- jishi verify ----------------------------------------------------------------------------------


def verified(tmp_path: Path, content: bytes, *options: str) -> Result:
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    return CliRunner().invoke(main, ["verify", str(file), *options])


def test_a_whole_pack_exits_with_0_and_says_its_digest(tmp_path: Path) -> None:
    content, manifest = pack(FILES)
    said = verified(tmp_path, content)
    assert said.exit_code == 0
    assert manifest["digest"] in said.output
    told = json.loads(verified(tmp_path, content, "--json", "--digest", manifest["digest"]).output)
    assert told["state"] == "whole"
    assert told["files"] == len(FILES)
    assert told["manifest"]["year"] == 2026
    assert told["problems"] == []


def test_a_broken_pack_exits_with_1_and_names_what_is_wrong(tmp_path: Path) -> None:
    content = repacked(
        pack(FILES)[0], lambda files: files.update({"records.xlsx": b"", "[red]\x1b[2J": b"x"})
    )
    said = verified(tmp_path, content)
    assert said.exit_code == 1
    assert "records.xlsx" in said.output
    assert "[red]" in said.output
    assert "\x1b[2J" not in said.output
    told = json.loads(verified(tmp_path, content, "--json").output)
    assert told["state"] == "broken"
    assert {"path": "records.xlsx", "problem": "altered"} in told["problems"]


def test_a_pack_whose_manifest_was_written_anew_does_not_have_the_digest_that_was_noted(
    tmp_path: Path,
) -> None:
    _, noted = pack(FILES)
    forged, _ = pack({**FILES, "records.xlsx": b"other rows"})
    assert verified(tmp_path, forged).exit_code == 0
    said = verified(tmp_path, forged, "--digest", noted["digest"])
    assert said.exit_code == 1
    assert "noted" in said.output


def test_what_is_not_understood_exits_with_2(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "nowhere.zip")]).exit_code == 2
    assert verified(tmp_path, pack(FILES)[0], "--digest", "short").exit_code == 2
    assert CliRunner().invoke(main, ["verify", "--help"]).exit_code == 0


def test_the_digest_covers_everything_but_itself() -> None:
    _, manifest = pack(FILES)
    assert manifest["digest"] == digest(manifest) == digest({**manifest, "digest": "x"})
    assert digest({**manifest, "year": 2025}) != manifest["digest"]
