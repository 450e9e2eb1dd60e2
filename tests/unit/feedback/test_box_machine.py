"""Whatever is done to opinions and measures in whatever order, these promises hold."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from services.chassis.clock import FixedClock
from services.chassis.contract import NewEvent
from services.chassis.envelope import seal
from services.chassis.errors import Refusal
from services.contracts.feedback_events import OpinionAdopted, OpinionDeclined, OpinionReceived
from services.feedback.measures.model import Measure, answer_of, plan, publish
from services.feedback.opinions.model import Opinion, adopt, conclude, decline, is_kept_from, receive, release

BEGIN = date(2026, 1, 1)
PATHS = [("u",), ("u", "f"), ("u", "f", "b"), ("u", "f", "c")]
NEXT = {
    "received": {"declined", "adopted"},
    "adopted": {"answered"},
    "declined": set(),
    "answered": set(),
}


class Box(RuleBasedStateMachine):
    """The resonance box, driven at random: refused commands are part of the play."""

    opinions = Bundle("opinions")
    measures = Bundle("measures")

    def __init__(self) -> None:
        super().__init__()
        self.today = BEGIN
        self.said: dict[str, Opinion] = {}
        self.planned: dict[str, Measure] = {}
        self.events: dict[str, list[NewEvent]] = {}

    def _keep(self, changed: Opinion, events: list[NewEvent]) -> None:
        before = self.said.get(changed.id)
        if before is not None:
            assert changed.state in NEXT[before.state]
            assert (changed.text, changed.author, changed.organisation) == (
                before.text,
                before.author,
                before.organisation,
            )
        self.said[changed.id] = changed
        self.events.setdefault(changed.id, []).extend(events)

    @rule(days=st.integers(0, 400))
    def time_passes(self, days):
        self.today += timedelta(days=days)

    @rule(
        target=opinions,
        path=st.sampled_from(PATHS),
        about_head=st.booleans(),
        author=st.none() | st.just("author"),
        text=st.text(min_size=1, max_size=30),
    )
    def speak(self, path, about_head, author, text):
        name = f"opinion-{len(self.said)}"
        with suppress(Refusal):
            self._keep(
                *receive(
                    id=name,
                    path=path,
                    category="other",
                    about_head=about_head,
                    text=text,
                    today=self.today,
                    author=author,
                    post_holders=["the-head"],
                )
            )
        return name

    @rule()
    def a_batch_is_released(self):
        for opinion in list(self.said.values()):
            self.said[opinion.id], events = release(opinion)
            self.events[opinion.id].extend(events)

    @rule(name=opinions, reason=st.text(min_size=1, max_size=9))
    def decline(self, name, reason):
        if name in self.said:
            with suppress(Refusal):
                self._keep(*decline(self.said[name], reason=reason, today=self.today))

    @rule(
        target=measures,
        names=st.lists(opinions, max_size=3, unique=True),
        organisation=st.sampled_from("ufbc"),
        owner_posts=st.lists(st.sampled_from("ufbc"), max_size=2),
        days=st.integers(-2, 1200),
    )
    def plan(self, names, organisation, owner_posts, days):
        name = f"measure-{len(self.planned)}"
        with suppress(Refusal):
            measure, events = plan(
                id=name,
                organisation=organisation,
                title="A measure",
                owner="owner",
                owner_belongs=True,
                owner_posts=owner_posts,
                due_on=self.today + timedelta(days=days),
                opinions=[self.said[each] for each in names if each in self.said],
                today=self.today,
            )
            # As the store does it: all of it or nothing.
            adopted = [adopt(self.said[each], answer_of(measure)) for each in measure.opinions]
            for each in adopted:
                self._keep(*each)
            self.planned[name] = measure
            self.events[name] = events
        return name

    @rule(name=measures, result=st.text(min_size=1, max_size=9))
    def publish(self, name, result):
        if name in self.planned:
            with suppress(Refusal):
                measure, events = publish(self.planned[name], result=result, today=self.today)
                concluded = [
                    conclude(self.said[each], measure=name, result=result, today=self.today)
                    for each in measure.opinions
                ]
                for each in concluded:
                    self._keep(*each)
                self.planned[name] = measure
                self.events[name].extend(events)

    @invariant()
    def an_opinion_is_answered_exactly_when_its_measure_is_published(self):
        for opinion in self.said.values():
            measure = self.planned.get(opinion.answer.measure) if opinion.answer else None
            assert (opinion.state in {"adopted", "answered"}) == (measure is not None)
            if measure is not None:
                assert opinion.id in measure.opinions
                assert opinion.answer == answer_of(measure)
                assert (opinion.state == "answered") == (measure.state == "published")

    @invariant()
    def every_refusal_has_a_reason_and_every_result_a_text(self):
        for opinion in self.said.values():
            assert (opinion.state == "declined") == bool(opinion.declined_because)
        for measure in self.planned.values():
            assert (measure.state == "published") == bool(measure.result)

    @invariant()
    def nothing_about_a_head_reaches_their_organisation(self):
        for opinion in self.said.values():
            if opinion.about_head:
                assert opinion.organisation != opinion.concerns
                assert is_kept_from(opinion.kept_from, "a-successor", [opinion.concerns])
                assert is_kept_from(opinion.kept_from, "the-head", ["f"])

    @invariant()
    def each_change_said_so_once_and_within_the_contract(self):
        clock = FixedClock(datetime(2026, 1, 1, 10, 11, 12, 345000, tzinfo=UTC))
        for name, events in self.events.items():
            for position, event in enumerate(events, 1):
                seal(event, subject=name, sequence=position, clock=clock, actor="author")
        expected = {
            "received": [OpinionReceived],
            "declined": [OpinionReceived, OpinionDeclined],
            "adopted": [OpinionReceived, OpinionAdopted],
            "answered": [OpinionReceived, OpinionAdopted],
        }
        for opinion in self.said.values():
            said = expected[opinion.state] if opinion.released else []
            assert [event.contract for event in self.events[opinion.id]] == said

    @invariant()
    def what_is_not_released_is_anonymous_and_nobody_has_dealt_with_it(self):
        for opinion in self.said.values():
            assert opinion.released or (opinion.anonymous and opinion.state == "received")

    @invariant()
    def nothing_tells_who_spoke_without_a_name(self):
        clock = FixedClock(datetime(2026, 1, 1, 10, 11, 12, 345000, tzinfo=UTC))
        for opinion in self.said.values():
            if opinion.anonymous:
                for event in self.events[opinion.id]:
                    sealed = seal(event, subject=opinion.id, sequence=1, clock=clock, actor="author")
                    assert "actor" not in sealed
                    assert sealed["time"] == "2025-12-31T16:00:00.000Z", "midnight on campus"


Box.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_box_keeps_its_promises = Box.TestCase
