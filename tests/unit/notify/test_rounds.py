"""One round of dealing out: calls of what a provider takes at once, the first in priority first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.channels.breaker import Limits
from services.notify.channels.lines import Gone, Line
from services.notify.channels.model import Channel
from services.notify.messages import model
from services.notify.messages.addressing import Addressed
from services.notify.messages.documents import Stored
from services.notify.messages.rounds import Allotment, Planned
from tests.mailing import purpose

NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)


def line(name: str, most_per_call: int = 1, one_text: bool = True) -> Line:
    way = Gone()
    way.most_per_call, way.one_text_per_call = most_per_call, one_text  # type: ignore[misc]  # of this one
    return Line(name, Channel.SMS, way, limits=Limits(), most_at_once=4)


def message(number: int, text: str = "明天停电", tried: tuple[str, ...] = ()) -> Stored:
    about = replace(purpose("round", number, "branch", f"person-{number}"), text=text)
    return Stored(about.message_id, 1, about, replace(model.created(NOW, NOW, None), tried=tried), None)


def dealt(allotment: Allotment, messages: list[Stored]) -> list[Planned]:
    """Those for which there was room."""
    planned = []
    for each in messages:
        address = Addressed(opened=f"1390000{each.id[:4]}")
        chosen = allotment.choose(each)
        if chosen is not None:
            planned.append(Planned(chosen, each, address))
    return planned


def test_what_says_the_same_to_many_goes_in_calls_of_as_many_as_the_provider_takes() -> None:
    aliyun = line("aliyun", 100)
    allotment = Allotment({aliyun: (9, 900)})
    planned = dealt(allotment, [message(number) for number in range(250)])
    assert [len(call.planned) for call in allotment.calls(planned)] == [100, 100, 50]
    assert len({call.reference for call in allotment.calls(planned)}) == 3


def test_a_message_alone_in_its_call_is_asked_about_by_its_own_reference() -> None:
    campus = line("campus")
    allotment = Allotment({campus: (2, 2)})
    messages = [message(number) for number in range(3)]
    planned = dealt(allotment, messages)
    assert [call.reference for call in allotment.calls(planned)] == [each.id for each in messages[:2]]


def test_the_first_in_priority_is_filled_first_and_who_did_not_take_a_message_comes_last() -> None:
    first, second = line("first"), line("second")
    planned = dealt(Allotment({first: (2, 2), second: (9, 9)}), [message(n) for n in range(3)])
    assert [each.line.name for each in planned] == ["first", "first", "second"]
    again = dealt(Allotment({first: (9, 9), second: (9, 9)}), [message(7, tried=("first",))])
    assert [each.line.name for each in again] == ["second"]
    both = dealt(Allotment({first: (9, 9), second: (9, 9)}), [message(8, tried=("first", "second"))])
    assert [each.line.name for each in both] == ["first"], "both had it: it begins again"


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["甲", "乙", "丙"]), max_size=40),
    st.lists(
        st.tuples(st.integers(1, 7), st.booleans(), st.integers(0, 5), st.integers(0, 20)),
        min_size=1,
        max_size=3,
    ),
)
def test_each_message_is_in_one_call_and_no_call_is_more_than_its_provider_takes(
    texts: list[str], providers: list[tuple[int, bool, int, int]]
) -> None:
    rooms = {
        line(f"p{at}", most, one_text): (calls, messages)
        for at, (most, one_text, calls, messages) in enumerate(providers)
    }
    allotment = Allotment(rooms)
    most = allotment.most
    planned = dealt(allotment, [message(number, text) for number, text in enumerate(texts)])
    calls = allotment.calls(planned)
    assert allotment.calls(planned) == calls, "the same whenever it is asked"
    assert len(planned) <= most
    assert Counter(one.stored.id for call in calls for one in call.planned) == Counter(
        each.stored.id for each in planned
    )
    for provider, (may_call, may_send) in rooms.items():
        ours = [call for call in calls if call.line is provider]
        assert len(ours) <= may_call
        assert sum(len(call.planned) for call in ours) <= may_send
        for call in ours:
            assert len(call.planned) <= provider.way.most_per_call
            if provider.way.one_text_per_call:
                assert len({one.stored.purpose.text for one in call.planned}) == 1
