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
from services.chassis.working_days import WorkingCalendar
from services.contracts.feedback_events import OpinionReceived
from services.feedback.clock import model as clock
from services.feedback.clock.model import Limits
from services.feedback.measures.model import Measure, Owner, cancel, plan
from services.feedback.measures.results import answer_of, hand_in, review
from services.feedback.opinions import dialogue, steps
from services.feedback.opinions import model as opinions_model
from services.feedback.opinions.dialogue import Bounds
from services.feedback.opinions.model import NOBODY, Opinion, Voice, is_kept_from, receive
from services.feedback.opinions.routing import Level, responsible

BEGIN = date(2026, 1, 1)
PATHS = [("u",), ("u", "f"), ("u", "f", "b"), ("u", "f", "c")]
NEXT = {
    "received": {"received", "triaged", "declined", "adopted", "merged"},
    "triaged": {"triaged", "declined", "adopted", "merged"},
    "adopted": {"adopted", "answered", "triaged"},
    "declined": {"declined", "triaged"},
    "answered": {"answered", "triaged"},
    "merged": {"merged", "triaged"},
}
VOICES = {
    "named": Voice(mode="named", author="author", speaker="mark"),
    "confidential": Voice(mode="confidential", speaker="mark", sealed_author="sealed"),
    "anonymous": NOBODY,
}
BOUNDS = Bounds(
    reopen_days=15, most_reopenings=2, most_messages=20, most_attachments=3, pack="p", article="a"
)
LIMITS = Limits(days={"ordinary": 5, "complex": 10, "urgent": 3}, soon=1, pack="p", article="a")
CALENDAR = WorkingCalendar()


def copied(files):
    """As they are written anew when their batch is released."""
    return {each["file"]: {**each, "file": f"{each['file']}'"} for each in files}


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
            said = [(each.text, each.author, each.speaker, each.concerns) for each in (before, changed)]
            assert said[0] == said[1]
            assert set(before.kept_from) <= set(changed.kept_from)
            assert changed.clock[: len(before.clock)] == before.clock, "history is never rewritten"
        self.said[changed.id] = changed
        self.events.setdefault(changed.id, []).extend(events)

    @rule(days=st.integers(0, 20))
    def time_passes(self, days):
        self.today += timedelta(days=days)

    def _change(self, name, change, **given):
        if name in self.said:
            with suppress(Refusal):
                self._keep(*change(self.said[name], **given))

    @rule(
        target=opinions,
        path=st.sampled_from(PATHS),
        about_head=st.booleans(),
        voice=st.sampled_from(sorted(VOICES)),
        text=st.text(min_size=1, max_size=30),
    )
    def speak(self, path, about_head, voice, text):
        name = f"opinion-{len(self.said)}"
        with suppress(Refusal):
            self._keep(
                *receive(
                    id=name,
                    concerns=path[-1],
                    organisation=responsible([Level(each, "") for each in path], about_head=about_head),
                    category="other",
                    about_head=about_head,
                    text=text,
                    today=self.today,
                    voice=VOICES[voice],
                    post_holders=["the-head"],
                )
            )
        return name

    @rule()
    def a_batch_is_released(self):
        for opinion in list(self.said.values()):
            self._keep(*opinions_model.release(opinion, copied(opinion.attachments)))
            held = copied(dialogue.held_files(self.said[opinion.id]))
            given = {"copies": held, "answering": self._answering(opinion.id)}
            self._change(opinion.id, dialogue.release_held, bounds=BOUNDS, today=self.today, **given)

    @rule(name=opinions, speed=st.sampled_from(sorted(LIMITS.days)))
    def triage(self, name, speed):
        self._change(name, steps.triage, category=None, topics=["t"], speed=speed, today=self.today)

    @rule(name=opinions, to=st.sampled_from("ufbc"))
    def hand_on(self, name, to):
        self._change(
            name,
            steps.reassign,
            organisation=to,
            reason="…",
            by="handler",
            today=self.today,
            most=3,
        )

    @rule(name=opinions, other=opinions)
    def merge(self, name, other):
        if {name, other} <= set(self.said):
            with suppress(Refusal):
                standing = steps.absorb(self.said[other], self.said[name])
                merged = steps.merge(self.said[name], into=other, today=self.today)
                self._keep(*standing)
                self._keep(*merged)

    @rule(name=opinions, reason=st.text(min_size=1, max_size=9))
    def decline(self, name, reason):
        self._change(name, steps.decline, reason=reason, today=self.today)

    @rule(name=opinions, awaiting=st.sampled_from(["author", "others"]))
    def pause(self, name, awaiting):
        self._change(name, steps.pause, reason="…", awaiting=awaiting, today=self.today)

    @rule(name=opinions)
    def resume(self, name):
        self._change(name, steps.resume, today=self.today)

    @rule(name=opinions, who=st.sampled_from(["author", "handler"]))
    def reply(self, name, who):
        if name in self.said and who == "author" and self.said[name].anonymous:
            self._change(name, dialogue.hold, what="reply", bounds=BOUNDS, today=self.today, text="…")
        else:
            self._change(name, dialogue.reply, who=who, by=who, text="…", today=self.today, bounds=BOUNDS)

    @rule(name=opinions, rating=st.sampled_from(["satisfied", "dissatisfied"]))
    def rate(self, name, rating):
        given = {"answering": self._answering(name)}
        self._change(name, dialogue.rate, rating=rating, today=self.today, bounds=BOUNDS, **given)

    @rule(name=opinions)
    def reopen(self, name):
        given = {"answering": self._answering(name)}
        self._change(name, dialogue.reopen, reason="…", today=self.today, bounds=BOUNDS, **given)

    @rule(name=opinions, content=st.sampled_from("abcd"))
    def attach(self, name, content):
        if name in self.said and self.said[name].anonymous:
            file = {"file": f"{name}-{content}", "sha256": content}
            self._change(name, dialogue.attach, file=file, today=self.today, bounds=BOUNDS)

    def _answering(self, name):
        into = self.said[name].merged_into if name in self.said else None
        return self.said[into] if into else None

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
                owner=Owner(person="owner", belongs=True, posts=owner_posts),
                due_on=self.today + timedelta(days=days),
                opinions=[self.said[each] for each in names if each in self.said],
                today=self.today,
            )
            # As the store does it: all of it or nothing.
            adopted = [
                steps.adopt(self.said[each], answer_of(measure), today=self.today)
                for each in measure.opinions
            ]
            for each in adopted:
                self._keep(*each)
            self.planned[name] = measure
            self.events[name] = events
        return name

    @rule(name=measures)
    def cancel(self, name):
        if name in self.planned:
            with suppress(Refusal):
                measure, events = cancel(self.planned[name], reason="…", by="secretary", today=self.today)
                for each in measure.opinions:
                    self._keep(*steps.give_back(self.said[each], measure=name, reason="…", today=self.today))
                self.planned[name] = measure
                self.events[name].extend(events)

    @rule(name=measures, result=st.text(min_size=1, max_size=9))
    def hand_in(self, name, result):
        if name in self.planned:
            with suppress(Refusal):
                measure, events = hand_in(
                    self.planned[name], result=result, links=[], by="owner", today=self.today
                )
                self.planned[name] = measure
                self.events[name].extend(events)

    @rule(name=measures, accepted=st.booleans(), by=st.sampled_from(["owner", "secretary"]))
    def review(self, name, accepted, by):
        if name in self.planned:
            with suppress(Refusal):
                measure, events = review(
                    self.planned[name], accepted=accepted, reason="…", by=by, today=self.today
                )
                if accepted:
                    concluded = [
                        steps.conclude(self.said[each], measure=name, result=measure.result, today=self.today)
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
    def who_has_no_name_has_no_file_that_lies_where_it_came_in(self):
        for opinion in self.said.values():
            assert len(opinion.attachments) + len(dialogue.held_files(opinion)) <= BOUNDS.most_attachments
            assert all(each["file"].endswith("'") == opinion.released for each in opinion.attachments)

    @invariant()
    def every_refusal_has_a_reason_and_every_result_a_text(self):
        for opinion in self.said.values():
            assert (opinion.state == "declined") == bool(opinion.declined_because)
        for measure in self.planned.values():
            assert measure.state != "published" or (measure.result and measure.reviews[-1]["by"] != "owner")

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
        for opinion in self.said.values():
            told = [event.contract for event in self.events[opinion.id]]
            assert told.count(OpinionReceived) == opinion.released == bool(told)
            assert not told or told[0] is OpinionReceived

    @invariant()
    def the_clock_stands_exactly_where_nobody_owes_an_answer(self):
        for opinion in self.said.values():
            state = clock.read(opinion.clock, CALENDAR, LIMITS, self.today).state
            assert (state == "stopped") == (opinion.state not in ("received", "triaged"))

    @invariant()
    def what_is_merged_is_counted_by_the_one_that_stands_for_it(self):
        for opinion in self.said.values():
            assert (opinion.state == "merged") == (opinion.merged_into is not None)
            if opinion.merged_into is not None:
                other = self.said[opinion.merged_into]
                assert opinion.id in other.duplicates
                assert set(opinion.kept_from) <= set(other.kept_from)
                assert other.state != "merged"

    @invariant()
    def what_is_not_released_is_anonymous_and_nobody_has_dealt_with_it(self):
        for opinion in self.said.values():
            assert opinion.released or (opinion.anonymous and opinion.state == "received")

    @invariant()
    def nothing_tells_who_spoke_without_a_name_or_in_confidence(self):
        clock = FixedClock(datetime(2026, 1, 1, 10, 11, 12, 345000, tzinfo=UTC))
        for opinion in self.said.values():
            if opinion.mode != "named":
                for event in self.events[opinion.id]:
                    sealed = seal(event, subject=opinion.id, sequence=1, clock=clock, actor="author")
                    assert "actor" not in sealed
                    assert sealed["time"] == "2025-12-31T16:00:00.000Z", "midnight on campus"


Box.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
test_the_box_keeps_its_promises = Box.TestCase
