"""The job that makes a ledger pack: what its owner may read of an organisation's year, as it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.archives import Entry, Packing
from services.chassis.context import Context
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.files.kept import Files
from services.chassis.grants import denied
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.offload import Fed, offloaded
from services.chassis.policies import Pack, in_force
from services.contracts.kinds import ROLES
from services.records.access import ADMINISTRATORS, HERE, WRITERS, Access
from services.records.directory.store import Directory
from services.records.exports.asking import Answer, Asking
from services.records.exports.columns import columns_of
from services.records.exports.exporting import KEPT, WRITE, WRITING_SECONDS, begun
from services.records.exports.model import MOST_ROWS
from services.records.exports.sheets import Sheets
from services.records.exports.table import LISTS
from services.records.ledger import model as rules

KIND = "ledger pack"
ZIP = "application/zip"


class Ledgers:
    """Packs are made anew whenever somebody asks, from the same lists and under the same rules of reading."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        files: Files,
        packs: Mapping[str, Pack],
    ) -> None:
        self._packs = packs  # all that some part applies, those of parts that are made later included
        self._application = application
        self._directory = directory
        self._access = access
        self._files = files
        self._asking = Asking(application)
        application.jobs.work(KIND, self.step)
        files.guard(KIND, self._require_owner)

    def start(self, request: Answer) -> Answer:
        """Queue the job. Asks for a writer of the organisation, or a post strictly above it."""
        actor, today = context.actor(), self._application.clock.today()
        node = self._directory.organisation_named_in("organisation", request["organisation"]).id
        above = self._application.authority.may(actor, ROLES, node, above=True)
        if not above and not self._access.may_write(actor, node):
            raise denied((*WRITERS, *ADMINISTRATORS), HERE)
        if request["year"] > today.year:
            code = "ledger.year_unfit"
            raise Invalid.at("year", code, accepted=f"… {today.year}")
        params = {**request, "organisation": node, "held": self._asking.posts_held()}
        return {"job": self._application.jobs.create(KIND, actor, params)}

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``. Nothing is kept on the way: who takes it over begins anew."""
        with (
            context.entered(Context(actor=job.owner, correlationid=job.id)),
            offloaded(WRITE, timeout=WRITING_SECONDS, waiting=checkpoint) as work,
        ):
            year = Year(self._application, self._directory, self._access, self._asking, job, checkpoint)
            year.write(work)
            entries = self._entries(work, year, checkpoint)
            packing = Packing(self._about(job, year), entries)
            pieces = (piece for piece in packing.pieces() if piece)
            code = self._directory.organisations.get(job.params["organisation"]).state["code"]
            name = f"ledger-{code}-{job.params['year']}.zip"
            file = self._files.store(name, ZIP, pieces, KIND, job.id, forget_after=KEPT)
            digest = packing.manifest["digest"]
            said = f"{job.params['year']}: {year.rows} rows, {digest}"
            node = job.params["organisation"]
            self._application.audit.append("ledger.made", job.owner, "organisation", node, said)
        return {"file": file["file"], "name": name, "rows": year.rows, "digest": digest}

    def _entries(self, work: Fed, year: Year, checkpoint: Checkpoint) -> Iterator[Entry]:
        yield Entry(rules.BOOK, begun(work, checkpoint))
        for path, file in year.attachments:
            opened = self._files.open(file)
            yield Entry(path, (self._files.read(file, part) for part in range(opened["parts"])))
            checkpoint()

    def _about(self, job: Job, year: Year) -> Answer:
        params = job.params
        node = self._directory.organisations.get(params["organisation"])
        day = min(self._application.clock.today(), date(params["year"], 12, 31))
        packs = in_force(self._packs.values(), day, self._application.authority.path(node.id))
        return {
            "kind": "jishi.ledger",
            "organisation": {"id": node.id, "code": node.state["code"], "name": node.state["name"]},
            "year": params["year"],
            "below": params["below"],
            "made_on": self._application.clock.today().isoformat(),
            "made_by": job.owner,
            "packs": [each.id for each in packs],
            "left_out": sorted(year.left_out),
        }

    def _require_owner(self, job: str) -> None:
        if self._application.jobs.view(job).owner != context.actor():
            raise NotFound("jobs.not_found")


class Year:
    """One reading of a year: its sheets in their order, what is attached, and what may not be read."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        asking: Asking,
        job: Job,
        checkpoint: Checkpoint,
    ) -> None:
        self.rows, self._bytes = 0, 0
        self.attachments: list[tuple[str, str]] = []
        self.left_out: set[str] = set()
        self._sheets = Sheets(directory, access, application.catalogue, job.params["language"])
        self._asking = asking
        self._job = job
        self._checkpoint = checkpoint
        self._today = application.clock.today().isoformat()
        below = access.within(job.params["organisation"])
        self._nodes = sorted(below) if job.params["below"] else [job.params["organisation"]]
        self._approved: list[str] = []

    def write(self, work: Fed) -> None:
        """Every sheet, one after the other; raises ``Invalid("ledger.too_large")``."""
        columns = columns_of(self._asking.shape("get_organisation"), LISTS["organisations"])
        work.feed(self._sheets.head("list.organisations", columns))
        for node in self._nodes:
            self._feed(work, columns, [self._ask("get_organisation", {"organisation": node})])
        for part in rules.PARTS:
            listed = LISTS[part.name]
            columns = columns_of(self._asking.shape(listed.method), listed)
            work.feed(self._sheets.head(f"list.{part.name}", columns))
            for node in self._nodes:
                for items in self._items(part, node):
                    self._feed(work, columns, items)
        work.feed(self._sheets.head("list.minutes", rules.MINUTES))
        for activity in self._approved:
            self._feed(work, rules.MINUTES, [self._minutes(activity)])
        work.feed(self._sheets.head("list.thought_reports", rules.REPORTS))
        for node in self._nodes:
            self._feed(work, rules.REPORTS, self._reports(node))

    def _feed(self, work: Fed, columns: Any, items: list[Answer]) -> None:
        self.rows += len(items)
        if self.rows > MOST_ROWS:
            raise Invalid("ledger.too_large")
        work.feed(self._sheets.rows(columns, items))
        # Of a year that is read again, what was read before is no progress.
        self._checkpoint(done=max(self._job.done, self.rows))

    def _items(self, part: rules.Part, node: str) -> Iterator[list[Answer]]:
        year, held = self._job.params["year"], self._job.params["held"]
        for query in part.queries(node, year):
            try:
                for items in self._asking.items(LISTS[part.name].method, query, held):
                    kept = [each for each in items if part.keeps(each, year)]
                    if part.name == "activities":
                        self._approved += [each["id"] for each in kept if each["state"] == "approved"]
                    yield kept
            except (Forbidden, NotFound) as refused:
                if refused.code == "export.posts_changed":
                    raise
                self.left_out.add(part.name)
                return

    def _minutes(self, activity: str) -> Answer:
        found = self._ask("get_activity", {"activity": activity})
        attached = found.get("attachments") or []
        paths = [
            rules.attachment_path(activity, found["held_on"], number, each["name"])
            for number, each in enumerate(attached, 1)
        ]
        self._bytes += sum(each["size"] for each in attached)
        if self._bytes > rules.MOST_BYTES:
            raise Invalid("ledger.too_large")
        self.attachments += zip(paths, (each["file"] for each in attached), strict=True)
        decided = "\n".join(each["text"] for each in found.get("decisions") or [])
        return {**found, "decided": decided, "files": "\n".join(paths)}

    def _reports(self, node: str) -> list[Answer]:
        """How many of each quarter, and of nobody in particular."""
        counted: list[Answer] = []
        for period in rules.quarters(self._job.params["year"], self._today):
            try:
                told = self._ask("list_thought_duties", {"organisation": node, "period": period})
            except (Forbidden, NotFound) as refused:
                if refused.code == "export.posts_changed":
                    raise
                self.left_out.add("thought_reports")
                return []
            duties = Counter(each["duty"] for each in told["items"])
            counted += [
                {"organisation": node, "period": period, "duty": duty, "count": count}
                for duty, count in sorted(duties.items())
            ]
        return counted

    def _ask(self, method: str, request: Answer) -> Answer:
        return self._asking.ask(method, request, self._job.params["held"])
