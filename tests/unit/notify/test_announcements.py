"""An announcement that failed, and the jobs that are to make what it lacks."""

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from services.contracts.notify_rpc import Announce
from services.notify.announcements.model import State, begun, failed, handed_over, purpose, resumed


@pytest.mark.parametrize(
    ("channels", "text"),
    [
        (("inbox",), "明天停电"),
        (("inbox", "sms"), "【党建记实】明天停电"),
        (("sms",), "【党建记实】明天停电"),
    ],
)
def test_what_goes_by_sms_is_signed_and_fills_a_providers_copy_as_it_was_written(
    channels: tuple[str, ...], text: str
) -> None:
    made = purpose("a", begun("branch", "明天停电", channels), "member", "【党建记实】")
    assert (made.text, made.variables) == (text, {"text": "明天停电"})


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
