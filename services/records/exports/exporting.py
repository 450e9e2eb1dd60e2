"""The job that makes a spreadsheet of a list, as the list shows itself to whoever asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.errors import Invalid, NotFound
from services.chassis.files.kept import Files
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.job_pulse import pulsed
from services.chassis.offload import Fed, offloaded
from services.records.access import Access
from services.records.directory.store import Directory
from services.records.exports.asking import Answer, Asking
from services.records.exports.columns import columns_of
from services.records.exports.model import MOST_ROWS
from services.records.exports.sheets import Sheets
from services.records.exports.table import LISTS

KIND = "export"
QUERY = "export query"  # the field under which filters are sealed: they may name a person
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITE = "services.chassis.sheets.writing:write"
WRITING_SECONDS = 3600.0
KEPT = timedelta(days=7)
_ABOUT_A_PERSON = ("person", "author")


class Exports:
    """Spreadsheets of lists. Whoever made one fetches it, and nobody else.

    No row is kept on the way: a job that another worker takes over reads the list again, so that nothing
    is left behind but the file.
    """

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        files: Files,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self.asking = Asking(application)
        self._application = application
        self._directory = directory
        self._access = access
        self._files = files
        self.most_rows = most_rows
        application.jobs.work(KIND, self.step)
        files.guard(KIND, self._require_owner)

    def start(self, request: Answer) -> Answer:
        """Queue the job; whatever the list refuses is refused at once."""
        actor, name, query = context.actor(), request["list"], request["query"]
        if name not in LISTS:
            code = "export.unknown_list"
            raise Invalid.at("list", code, accepted=", ".join(LISTS))
        self.asking.try_out(LISTS[name].method, query)
        sealed = self._application.vault.seal(QUERY, json.dumps(query, ensure_ascii=False))
        params = {
            "list": name,
            "query_sealed": sealed,
            "language": request["language"],
            "held": self.asking.posts_held(),
        }
        return {"job": self._application.jobs.create(KIND, actor, params)}

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``."""
        query = json.loads(self._application.vault.open(QUERY, job.params["query_sealed"]))
        title = f"list.{job.params['list']}"
        with (
            context.entered(Context(actor=job.owner, correlationid=job.id)),
            offloaded(WRITE, timeout=WRITING_SECONDS, waiting=checkpoint) as work,
        ):
            rows = self._feed(job, query, work, checkpoint)
            self._note(job, query, rows)
            name = f"{self._sheets(job).text(title)}.xlsx"
            content = begun(work, checkpoint)
            file = self._files.store(name, XLSX, content, KIND, job.id, forget_after=KEPT)
        return {"file": file["file"], "name": name, "rows": rows}

    def _feed(self, job: Job, query: Answer, work: Fed, checkpoint: Checkpoint) -> int:
        listed = LISTS[job.params["list"]]
        columns = columns_of(self.asking.shape(listed.method), listed)
        sheets, rows = self._sheets(job), 0
        work.feed(sheets.head(f"list.{job.params['list']}", columns))
        for items in self.asking.items(listed.method, query, job.params["held"]):
            rows += len(items)
            if rows > self.most_rows:
                raise Invalid("export.too_many", params={"most": self.most_rows})
            work.feed(sheets.rows(columns, items))
            # Of a list that is read again, what was read before is no progress.
            checkpoint(done=max(job.done, rows))
        return rows

    def _require_owner(self, job: str) -> None:
        if self._application.jobs.view(job).owner != context.actor():
            raise NotFound("jobs.not_found")

    def _sheets(self, job: Job) -> Sheets:
        return Sheets(self._directory, self._access, self._application.catalogue, job.params["language"])

    def _note(self, job: Job, query: Answer, rows: int) -> None:
        """On record before anything leaves: which list, of what, how many; never what filters ask for."""
        person = next((query[name] for name in _ABOUT_A_PERSON if name in query), None)
        where = query.get("organisation") or query.get("within") or "all"
        kind, about = ("person", person) if person else ("organisation", where)
        by = ", ".join(["", *sorted(query.keys() - {"organisation", "within", *_ABOUT_A_PERSON})])
        said = f"{job.params['list']}: {rows}{by}"
        self._application.audit.append("list.exported", job.owner, kind, about, said)


def begun(work: Fed, checkpoint: Callable[..., None]) -> Iterator[bytes]:
    """The answer of ``work``, once it has begun to come: saving a large book takes a while."""
    content = work.answer()
    return chain([pulsed(checkpoint, next, content, b"")], content)
