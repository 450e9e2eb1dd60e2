"""Who handles what about uploads and files."""

from __future__ import annotations

import base64
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts import files as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class FilesTable:
    """Who handles what about uploads and files."""

    records: Records

    @rpc(request=calls.BeginUpload, response=calls.Upload)
    def begin_upload(self, request: Request) -> Answer:
        return self.records.receiving.begin(request["filename"], request["purpose"])

    @rpc(request=calls.AppendUpload, response=calls.Upload)
    def append_upload(self, request: Request) -> Answer:
        return self.records.receiving.append(request["upload"], request["part"], request["content"])

    @rpc(request=calls.KeepFile, response=calls.KeptFile)
    def keep_file(self, request: Request) -> Answer:
        return self.records.files.keep(request["upload"])

    @rpc(request=calls.OpenFile, response=calls.OpenedFile)
    def open_file(self, request: Request) -> Answer:
        return self.records.files.open(request["file"])

    @rpc(request=calls.ReadFile, response=calls.FilePart)
    def read_file(self, request: Request) -> Answer:
        content = self.records.files.read(request["file"], request["part"])
        return {"content": base64.b64encode(content).decode()}

    @scheduled(every=3600.0, name="records.files")
    def sweep_files(self) -> None:
        self.records.files.sweep()
