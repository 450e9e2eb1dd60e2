"""Announcing: makes the messages of an announcement in a job, and takes back what has not gone out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from time import monotonic
from typing import Any

from services.chassis.authority import Authority
from services.chassis.clock import Clock
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Documents
from services.chassis.errors import Conflict, Contended, NotFound
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.jobs import Jobs
from services.contracts.notify_events import AnnouncementChanged
from services.notify.announcements import model
from services.notify.announcements.model import Announcement, State
from services.notify.messages import model as messages_model
from services.notify.messages.model import Message
from services.notify.messages.store import Messages

ANNOUNCERS = ("administrator", "secretary")
AT_ONCE = 200
MAKE, TAKE_BACK = "announcement", "announcement.stop"
LOOK_AGAIN_SECONDS = 1.0


class Announcing:
    """Announcements of the service. ``wake`` is called when messages were made; ``signature`` is what goes
    before an SMS today."""

    def __init__(
        self,
        documents: Documents,
        messages: Messages,
        authority: Authority,
        jobs: Jobs,
        clock: Clock,
        *,
        wake: Callable[[], None],
        signature: Callable[[], str],
    ) -> None:
        self._documents = documents
        self._messages = messages
        self._authority = authority
        self._jobs = jobs
        self._clock = clock
        self._wake = wake
        self._signature = signature
        self._known_stopped: dict[str, tuple[bool, float]] = {}
        jobs.work(MAKE, self._make, failed=self._failed)
        jobs.work(TAKE_BACK, self._take_back)

    # -- commands ------------------------------------------------------------------------------

    def announce(
        self, person: str, organisation: str, text: str, channels: tuple[str, ...]
    ) -> dict[str, Any]:
        """Begin to tell everybody of ``organisation`` and below.

        The job knows all that is to be said: a worker may take it up before the announcement itself is kept,
        and whoever keeps both may die in between. Whoever comes first keeps it.
        """
        self._authority.require(person, ANNOUNCERS, organisation)
        id = self._documents.id_for_command()  # noqa: A001 - the field's name
        made = model.begun(organisation, text, channels)
        said = {"organisation": organisation, "text": made.text, "channels": list(channels), "by": person}
        job = self._jobs.create(MAKE, person, {"announcement": id, **said})
        self._keep(id, job, said)
        return self.view(person, id)

    def stop(self, person: str, id: str) -> dict[str, Any]:  # noqa: A002 - the field's name
        """Send nothing more of it."""
        announcement = self._seen(person, id)
        self._jobs.stop(announcement.job)
        self._change(id, model.stopped)
        self._known_stopped[id] = (True, monotonic())
        self._jobs.create(TAKE_BACK, None, {"announcement": id})
        return self.view(person, id)

    def resume(self, person: str, id: str) -> dict[str, Any]:  # noqa: A002 - the field's name
        """Make the messages that a failed one lacks; raises ``Conflict`` unless it failed.

        As for a new one the job comes first: who dies in between leaves one that is made all the same.
        """
        announcement = self._seen(person, id)
        job = self._jobs.repeated(MAKE)
        if job is None:
            if announcement.state is not State.FAILED:
                raise Conflict("announcement.not_failed", params={"state": str(announcement.state)})
            said = self._documents.get(id).state
            kept = {name: said[name] for name in ("organisation", "text", "channels", "by")}
            job = self._jobs.create(MAKE, person, {"announcement": id, **kept})
        elif self._jobs.view(job).state == "failed":  # it was resumed, and has failed again since
            return self.view(person, id)
        self._change(id, partial(model.resumed, job=job))
        return self.view(person, id)

    def view(self, person: str, id: str) -> dict[str, Any]:  # noqa: A002 - the field's name
        """The announcement with its progress."""
        announcement = self._seen(person, id)
        job = self._jobs.view(announcement.job)
        counted = self._messages.states_of(id)
        return {
            **asdict(announcement),
            "id": id,
            "state": str(announcement.state),
            "channels": list(announcement.channels),
            "done": job.done,
            "total": job.total,
            "messages": [{"state": state, "count": counted[state]} for state in sorted(counted)],
        }

    def _seen(self, person: str, id: str) -> Announcement:  # noqa: A002 - the field's name
        announcement = model.of_state(self._documents.get(id).state)
        if not self._authority.may(person, ANNOUNCERS, announcement.organisation):
            raise NotFound("announcements.not_found")
        return announcement

    def is_stopped(self, id: str) -> bool:  # noqa: A002 - the field's name
        """Whether nothing more of it is to be sent; a stop in another process is seen within a second."""
        known, at = self._known_stopped.get(id, (False, -LOOK_AGAIN_SECONDS))
        if known or monotonic() < at + LOOK_AGAIN_SECONDS:
            return known
        found = self._documents.find_one({"_id": id})
        known = found is not None and found.state["state"] == State.STOPPED
        self._known_stopped[id] = (known, monotonic())
        return known

    def _change(self, id: str, become: Callable[[Announcement], Announcement]) -> None:  # noqa: A002 - the field's name
        """Write what ``become`` makes of it, and tell of it where that is something else."""

        def change(state: dict[str, Any]) -> Change | None:
            before = model.of_state(state)
            after = become(before)
            if after == before:
                return None
            became = {"state": str(after.state), "job": after.job, "reason": after.reason}
            return Change({**state, **became}, [_changed(id, after)])

        self._documents.change(id, change)

    # -- jobs ----------------------------------------------------------------------------------

    def _keep(self, id: str, job: str, said: Mapping[str, Any]) -> None:  # noqa: A002 - the field's name
        """Keep what is announced, unless it is kept already."""
        made = model.begun(said["organisation"], said["text"], tuple(said["channels"]))
        state = {**asdict(made), "state": str(made.state), "job": job, "by": said["by"]}
        try:
            self._documents.create(id, state, [_changed(id, made)])
        except Conflict as taken:
            if taken.code != "announcements.exists":
                raise

    def _make(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """Make the messages in the order of the recipients' ids: after a crash those after the last."""
        id = job.params["announcement"]  # noqa: A001 - the field's name
        if self._documents.find_one({"_id": id}) is None:
            self._keep(id, job.id, job.params)
        announcement = model.of_state(self._documents.get(id).state)
        nodes = self._authority.subtree(announcement.organisation)
        everybody = sorted({person for node in nodes for person in self._authority.members(node)})
        checkpoint(total=len(everybody))
        left = [person for person in everybody if person > (job.cursor or "")]
        done, signature = len(everybody) - len(left), self._signature()
        for first in range(0, len(left), AT_ONCE):
            some = left[first : first + AT_ONCE]
            now = self._clock.now()
            new = messages_model.created(now, now, None)
            made = [model.purpose(id, announcement, person, signature) for person in some]
            self._messages.create_many([(each, new) for each in made])
            self._wake()
            done += len(some)
            checkpoint(cursor=some[-1], done=done)
        self._change(id, model.handed_over)
        return {}

    def _failed(self, job: Job, code: str) -> None:
        id = job.params["announcement"]  # noqa: A001 - the field's name
        if self._documents.find_one({"_id": id}) is None:
            self._keep(id, job.id, job.params)
        self._change(id, partial(model.failed, job=job.id, reason=code))

    def _take_back(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """Suppress what has not gone out; what a sender takes up meanwhile is stopped by the gate."""
        waiting = self._messages.waiting_for(job.params["announcement"])
        held: set[str] = set()
        for first in range(0, len(waiting), AT_ONCE):
            some = waiting[first : first + AT_ONCE]
            held |= self._messages.change_many(dict.fromkeys(some, self._taken_back)).held
            checkpoint(done=first + len(some), total=len(waiting))
        if held:
            raise Contended("store.contended")  # by whoever died: the job is taken up again
        return {}

    def _taken_back(self, message: Message) -> Message:
        return messages_model.suppress(message, "announcement_stopped", self._clock.now())


def _changed(id: str, announcement: Announcement) -> NewEvent:  # noqa: A002 - the field's name
    return AnnouncementChanged.of(
        announcement=id, organisation=announcement.organisation, state=str(announcement.state)
    )
