"""Who handles what about uploads and files."""

from __future__ import annotations

import base64
from typing import Any

from services.chassis.files.uploads import Upload
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts import files as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class FilesTable:
    """Who handles what about uploads and files."""

    feedback: Feedback

    @rpc(request=calls.BeginFile, response=calls.Upload)
    def begin_upload(self, request: Request) -> Answer:
        return _uploaded(self.feedback.files.begin(request["filename"]))

    @rpc(request=calls.AppendUpload, response=calls.Upload)
    def append_upload(self, request: Request) -> Answer:
        return _uploaded(self.feedback.files.append(request["upload"], request["part"], request["content"]))

    @rpc(request=calls.KeepFile, response=calls.KeptFile)
    def keep_file(self, request: Request) -> Answer:
        return self.feedback.files.keep(request["upload"])

    @rpc(request=calls.OpenFile, response=calls.OpenedFile)
    def open_file(self, request: Request) -> Answer:
        return self.feedback.files.open(request["file"])

    @rpc(request=calls.ReadFile, response=calls.FilePart)
    def read_file(self, request: Request) -> Answer:
        content = self.feedback.files.read(request["file"], request["part"])
        return {"content": base64.b64encode(content).decode()}

    @rpc(request=calls.OpenFile, response=calls.OpenedFile, public=True)
    def open_public_file(self, request: Request) -> Answer:
        return self.feedback.files.open_to_all(request["file"])

    @rpc(request=calls.ReadFile, response=calls.FilePart, public=True)
    def read_public_file(self, request: Request) -> Answer:
        content = self.feedback.files.read_by_all(request["file"], request["part"])
        return {"content": base64.b64encode(content).decode()}

    @scheduled(every=3600.0, name="feedback.files")
    def sweep_files(self) -> None:
        self.feedback.files.sweep()


def _uploaded(upload: Upload) -> Answer:
    return {"upload": upload.id, "size": upload.size}
