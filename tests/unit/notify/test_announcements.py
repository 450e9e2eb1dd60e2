"""An announcement that failed, and the jobs that are to make what it lacks."""

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from services.contracts.notify_rpc import Announce
from services.notify.announcements.model import State, begun, failed, handed_over, resumed


def test_a_job_that_failed_makes_nothing_however_late_it_is_known_to_resume() -> None:
    first = replace(begun("branch", "明天停电", ("inbox",)), job="first")
    lacking = failed(first, "first", "jobs.internal")
    assert (lacking.state, lacking.reason) == (State.FAILED, "jobs.internal")
    assert resumed(lacking, "first") == lacking
    # The second fails before it is kept which one resumes; its command comes again.
    again = failed(lacking, "second", "node.not_found")
    assert (again.state, again.job, again.reason) == (State.FAILED, "second", "node.not_found")
    assert resumed(again, "second") == again
    third = resumed(again, "third")
    assert (third.state, third.job, third.reason) == (State.RUNNING, "third", None)
    assert failed(third, "second", "node.not_found") == third, "another one makes them"
    assert handed_over(again).state is State.HANDED_OVER, "made before it was kept which one resumes"


def test_what_everybody_is_told_is_plain_text() -> None:
    said = {"organisation": "branch", "text": "人数 < 5，见《通知》"}
    assert Announce().load(said)["text"] == said["text"]
    with pytest.raises(ValidationError) as refused:
        Announce().load({**said, "text": "明天<b>停电</b>"})
    assert refused.value.messages == {"text": ["text.markup"]}
