"""Packs: zip files that hold a manifest of all that is in them; written as a stream, examined offline."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from services.chassis.wire import canonical

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 256 * 1024
MOST_ENTRIES = 100_000
MOST_MANIFEST = 64 * 1024 * 1024
MOST_PATH = 240
# What a pack holds is packed already: whatever grows more than this is no pack of ours.
MOST_GROWTH, GROWTH_FREE = 100, 16 * 1024 * 1024
# What a zip holds beside contents: of each entry two headers, its name in both, and a trailer; at the end one
# record, and more of both where it is too large for the old format.
_HEADERS, _TRAILER, _END = 30 + 46, 16, 22
_LARGE, _LARGE_END, _LARGE_ENTRY = 0xFFFF_FFFF, 98, 12
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    EOFError,
)


@dataclass(frozen=True)
class Entry:
    """A file of a pack. ``content`` is read once, as the pack is written."""

    path: str
    content: Iterable[bytes]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a pack. ``path`` is as the pack has it, or None where it is about all of it."""

    problem: str
    path: str | None = None


@dataclass(frozen=True)
class Examined:
    """What a pack is found to be. ``manifest`` is None where it cannot be read."""

    manifest: dict[str, Any] | None
    files: int
    problems: list[Problem]


def digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a manifest, its own digest left out: it covers every file's hash.

    It is no signature: whoever changes a pack can reckon it anew. Compare it with one noted elsewhere.
    """
    covered = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(canonical(covered)).hexdigest()


def is_safe(path: str) -> bool:
    """Whether a path stays below wherever a pack is unpacked, on every system."""
    parts = path.split("/")
    return (
        0 < len(path) <= MOST_PATH
        and path.isprintable()
        and not any(each in path for each in '\\:*?"<>|')
        and all(part.strip(" .") == part and part for part in parts)
        and not PurePosixPath(path).is_absolute()
    )


class Packing:
    """Writes one pack: read ``pieces`` to the end, then ``manifest`` says what is in it."""

    def __init__(self, about: Mapping[str, Any], entries: Iterable[Entry]) -> None:
        self.manifest: dict[str, Any] = {"format": FORMAT, **about}
        self._entries = entries

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the zip, the manifest last; never more than a chunk of a file is held.

        Raises ``ValueError`` for a path that is unsafe or taken.
        """
        sink, files = _Sink(), list[dict[str, Any]]()
        taken = {MANIFEST}
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as archive:
            for entry in self._entries:
                if not is_safe(entry.path) or entry.path.casefold() in taken:
                    raise ValueError("a path of a pack is unsafe or taken")
                taken.add(entry.path.casefold())
                hashed, size = hashlib.sha256(), 0
                with archive.open(entry.path, "w") as target:
                    for chunk in entry.content:
                        hashed.update(chunk)
                        size += len(chunk)
                        target.write(chunk)
                        yield sink.taken()
                files.append({"path": entry.path, "size": size, "sha256": hashed.hexdigest()})
            self.manifest["files"] = sorted(files, key=lambda each: str(each["path"]))
            self.manifest["digest"] = digest(self.manifest)
            text = json.dumps(self.manifest, ensure_ascii=False, indent=2, sort_keys=True)
            archive.writestr(zipfile.ZipInfo(MANIFEST), text.encode())
        yield sink.taken()


class _Sink(io.RawIOBase):
    """Where a zip is written that is passed on at once: it cannot be sought in."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._waiting += content
        return len(content)

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


# -- examining -------------------------------------------------------------------------------------


def examine(pack: Path) -> Examined:
    """Read a pack from its first byte to its last. Nothing is unpacked, and no entry is trusted.

    Problems: ``unreadable``, ``too_many_entries``, ``bomb``, ``surplus``, ``unsafe_path``, ``duplicate``,
    ``manifest_missing``, ``manifest_unreadable``, ``manifest_altered``, ``format_unknown``, ``missing``,
    ``extra``, ``altered``.
    """
    try:
        with zipfile.ZipFile(pack) as archive:
            return _examined(archive, pack.stat().st_size)
    except UNREADABLE:
        return Examined(None, 0, [Problem("unreadable")])


def _examined(archive: zipfile.ZipFile, size: int) -> Examined:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        return Examined(None, len(entries), [Problem("too_many_entries")])
    grown, packed = sum(each.file_size for each in entries), sum(each.compress_size for each in entries)
    if packed > size or grown > size * MOST_GROWTH + GROWTH_FREE:
        return Examined(None, len(entries), [Problem("bomb")])
    problems = [Problem("surplus")] if size - packed > _most_beside(entries, size) else []
    problems += [Problem("unsafe_path", each.filename) for each in entries if not _is_plain(each)]
    known: dict[str, zipfile.ZipInfo] = {}
    problems += [
        Problem("duplicate", each.filename)
        for each in entries
        if known.setdefault(each.filename.casefold(), each) is not each
    ]
    manifest, wrong = _manifest(archive, known.get(MANIFEST))
    if manifest is None:
        return Examined(None, len(entries), [*problems, *wrong])
    found = {name: each for name, each in known.items() if name != MANIFEST}
    named = {each["path"].casefold(): each for each in manifest["files"]}
    problems += wrong
    problems += [Problem("missing", each["path"]) for name, each in named.items() if name not in found]
    problems += [Problem("extra", each.filename) for name, each in found.items() if name not in named]
    for name, said in named.items():
        entry = found.get(name)
        if entry is not None and (entry.filename != said["path"] or not _is_as_said(archive, entry, said)):
            problems.append(Problem("altered", entry.filename))
    return Examined(manifest, len(found), problems)


def _most_beside(entries: Sequence[zipfile.ZipInfo], size: int) -> int:
    """How many bytes of a pack belong to no content: what is more was put before, between or behind it."""
    most = _END + sum(_HEADERS + _TRAILER + 2 * len(each.orig_filename.encode()) for each in entries)
    large = size > _LARGE or len(entries) > 0xFFFF
    return most + _LARGE_END + _LARGE_ENTRY * len(entries) if large else most


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    mode = entry.external_attr >> 16
    # A name is cut at its first zero byte as it is read: what the pack has is ``orig_filename``.
    return is_safe(entry.orig_filename) and stat.S_IFMT(mode) in (0, stat.S_IFREG)


def _manifest(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None
) -> tuple[dict[str, Any] | None, list[Problem]]:
    if entry is None or entry.filename != MANIFEST:
        return None, [Problem("manifest_missing")]
    unreadable = [Problem("manifest_unreadable", MANIFEST)]
    if entry.file_size > MOST_MANIFEST:
        return None, unreadable
    try:
        with archive.open(entry) as file:
            manifest = json.loads(b"".join(_chunks(file, MOST_MANIFEST)).decode())
        if not _is_manifest(manifest):
            return None, unreadable
        if manifest["format"] != FORMAT:
            return None, [Problem("format_unknown", MANIFEST)]
        if manifest["digest"] != digest(manifest):
            return manifest, [Problem("manifest_altered", MANIFEST)]
    except (*UNREADABLE, RecursionError):
        return None, unreadable
    return manifest, []


def _is_manifest(found: Any) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("files"), list):
        return False
    files = found["files"]
    shaped = all(
        isinstance(each, dict)
        and isinstance(each.get("path"), str)
        and type(each.get("size")) is int
        and isinstance(each.get("sha256"), str)
        for each in files
    )
    folded: bool = shaped and len({each["path"].casefold() for each in files}) == len(files)
    return folded and type(found.get("format")) is int and isinstance(found.get("digest"), str)


def _is_as_said(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, said: Mapping[str, Any]) -> bool:
    hashed, size = hashlib.sha256(), 0
    try:
        with archive.open(entry) as file:
            for chunk in _chunks(file, said["size"]):
                hashed.update(chunk)
                size += len(chunk)
    except UNREADABLE:
        return False
    return (size, hashed.hexdigest()) == (said["size"], said["sha256"])


def _chunks(file: IO[bytes], most: int) -> Iterator[bytes]:
    """What ``file`` holds; raises ``ValueError`` beyond ``most`` bytes, whatever it said of itself."""
    size = 0
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise ValueError("longer than it says")
        yield chunk
