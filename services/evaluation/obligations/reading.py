"""What is owed, to those who may read it: lists, one with its reasons, and a caller's own duties."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.chassis import context
from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.grants import denied
from services.chassis.pages import Findable, OneAfterAnother, page
from services.evaluation.access import RESPONSIBLE, Access
from services.evaluation.duties import model as duties
from services.evaluation.duties.deeds import deeds_of
from services.evaluation.duties.store import Sheets
from services.evaluation.obligations import explaining
from services.evaluation.obligations.exempting import Exempting
from services.evaluation.obligations.model import CASE, OUTSTANDING, OVERDUE, Counted, Obligation
from services.evaluation.obligations.store import ObligationRows, PersonalRows
from services.evaluation.projection.model import owed_by
from services.evaluation.projection.store import Standings
from services.evaluation.projection.units import Units
from services.evaluation.rulebook import Packs

Answer = dict[str, Any]
_FILTERS = ("state", "rule", "year", "period")
_LATEST_FIRST = (("due_on", -1),)


class Owing:
    """Every answer is checked against the caller's posts and membership, at the time of asking."""

    def __init__(
        self,
        *,
        clock: Clock,
        catalogue: Catalogue,
        access: Access,
        packs: Packs,
        rows: ObligationRows,
        personal: PersonalRows,
        standings: Standings,
        sheets: Sheets,
        units: Units,
        exempting: Exempting,
    ) -> None:
        self._clock = clock
        self._texts = catalogue
        self._access = access
        self._packs = packs
        self._rows = rows
        self._personal = personal
        self._standings = standings
        self._sheets = sheets
        self._units = units
        self._exempting = exempting

    # -- lists ---------------------------------------------------------------------------------

    def list_obligations(self, request: Mapping[str, Any]) -> Answer:
        """What organisations owe; what is for posts alone only where all that is asked for is below one."""
        scope = self._scope(request)
        wanted = {} if self._access.posts_reach().issuperset(scope) else {"posts_only": None}
        return self._page_of(self._rows, scope, wanted, request)

    def list_personal(self, request: Mapping[str, Any]) -> Answer:
        """What persons owe: one's own, or of those below a post that is responsible for them."""
        person, organisation = request.get("person"), request.get("organisation")
        if organisation is not None:
            within = self._access.responsible_below(organisation)
        elif person != context.actor():
            within = self._access.responsible()
        else:
            within = None
        if person is None:
            return self._page_of(self._personal, within or (), {}, request)
        wanted: dict[str, Any] = {"person": person}
        if within is not None:
            wanted["organisation"] = {"$in": sorted(within)}
        return self._page(self._personal, wanted, request)

    def my_duties(self, request: Mapping[str, Any]) -> Answer:
        organisations = self._access.duties()
        owed = [*self._rows.outstanding(organisations), *self._personal.owed_by(str(context.actor()))]
        owed.sort(key=lambda each: (each.state["due_on"], each.id))
        counts = {state: sum(each.state["state"] == state for each in owed) for state in OUTSTANDING}
        urgent = sorted(owed, key=lambda each: each.state["state"] != OVERDUE)
        return {
            "today": self._clock.today(),
            "organisations": sorted(organisations),
            "counts": counts,
            "items": [self._shown(each) for each in urgent[: request["limit"]]],
        }

    # -- one -----------------------------------------------------------------------------------

    def get_obligation(self, request: Mapping[str, Any]) -> Answer:
        return self._shown(self._readable(request["obligation"]))

    def explain_obligation(self, request: Mapping[str, Any]) -> Answer:
        """The rule, its article, period and calendar, what counted, what did not, what would fulfil it."""
        row = self._readable(request["obligation"])
        found, others, records = self._computed(row)
        shown = self._shown(row)
        flavour = explaining.flavour(found)
        taken = explaining.amount(found, records)
        facts = {
            **shown,
            "title_zh": shown["title"]["zh"],
            "title_en": shown["title"]["en"],
            "taken": taken // 60 if flavour == "minutes" else taken,
            "hours": found.rule.needed // 60,
            "lacking": max(found.rule.needed - taken, 0) // (60 if flavour == "minutes" else 1),
            "make_up_until": shown["make_up_until"] or found.due_on,
        }
        wanted = explaining.wants(found)
        return {
            "obligation": shown,
            "reasons": self._reasons(found, facts, flavour),
            "records": [_record(each, found) for each in explaining.taken(found, records)],
            "not_counted": [
                {**_record(each.record, found), "reason": self._why_not(each)}
                for each in explaining.uncounted(found, others, records)
            ],
            "would_fulfil": self._texts.render(f"obligation.wants.{wanted}", facts) if wanted else None,
            "calendar": self._calendar(found),
            "source": self._packs.source(found.rule.pack, found.rule.id),
        }

    def _reasons(self, found: Obligation, facts: Answer, flavour: str) -> list[dict[str, str]]:
        window = "window_case" if found.rule.every == CASE else "window"
        codes = [f"owed.{found.rule.id}", window, f"because_{flavour}.{found.state}"]
        if explaining.early(found):
            codes.append("early")
        exemption = self._exempting.explain(found.exemption) if found.exemption else None
        if exemption is not None:
            codes[-1] = "exemption"
            facts = {**facts, **{name: exemption[name] for name in ("first_on", "last_on", "decided_on")}}
        if explaining.provisional(found):
            codes.append("provisional")
        return [self._texts.render(f"obligation.{code}", facts) for code in codes]

    def _why_not(self, each: explaining.Uncounted) -> dict[str, str]:
        record = each.record
        facts = {"period": each.period or "", "present": record.present, "expected": record.expected}
        return self._texts.render(f"obligation.uncounted.{each.reason}", facts)

    def _calendar(self, found: Obligation) -> Answer:
        return {
            "days": "working" if found.rule.working else "calendar",
            "term": explaining.term_of(found.calendar, found.period.first),
            "provisional": explaining.provisional(found),
        }

    # -- within --------------------------------------------------------------------------------

    def _computed(self, row: Document) -> tuple[Obligation, list[Obligation], Sequence[Counted]]:
        """The obligation as computed from what is known now, what else its rule asks, all records."""
        state, rulebook = row.state, self._packs.rulebook
        records: Sequence[Counted]
        if state.get("person") or state.get("case"):
            met = self._sheets.one(state.get("person") or state["organisation"])
            owed = duties.owed_by(met.standing, rulebook) if met else []
            records = deeds_of(met.standing.unit, met.standing.things) if met else []
        else:
            placed = self._units.placed([state["organisation"]]).get(state["organisation"])
            kept = self._standings.one(placed.unit) if placed else None
            owed = owed_by(kept.standing, rulebook) if kept else []
            records = list(kept.standing.evidence.values()) if kept else []
        found = next((each for each in owed if each.id == row.id), None)
        if found is None:
            raise NotFound("obligation.not_found")
        others = [each for each in owed if each.rule.id == found.rule.id and each.owner == found.owner]
        return found, others, records

    def _page_of(
        self,
        rows: ObligationRows,
        organisations: Collection[str],
        wanted: Mapping[str, Any],
        request: Mapping[str, Any],
    ) -> Answer:
        """One organisation after another: by due date alone, all that a campus owes would be sorted first."""
        found = OneAfterAnother(rows, "organisation", organisations)
        return self._page(found, wanted, request, [("organisation", 1), *_LATEST_FIRST])

    def _page(
        self,
        rows: Findable,
        wanted: Mapping[str, Any],
        request: Mapping[str, Any],
        order: Sequence[tuple[str, int]] = _LATEST_FIRST,
    ) -> Answer:
        filters = {name: request[name] for name in _FILTERS if name in request}
        found = page(
            rows, {**wanted, **filters}, order=order, limit=request["limit"], cursor=request.get("cursor")
        )
        return {"items": [self._shown(each) for each in found.documents], "next": found.next}

    def _scope(self, request: Mapping[str, Any]) -> Collection[str]:
        if not request.get("organisation"):
            return self._access.own() if request.get("mine") else self._access.readable()
        scope = self._access.below(request["organisation"])
        return scope & self._access.own() if request.get("mine") else scope

    def _readable(self, obligation: str) -> Document:
        actor = context.actor()
        found = self._rows.one(obligation) or self._personal.get(obligation)
        organisation, person = found.state["organisation"], found.state.get("person")
        if person is not None:
            if person != actor and organisation not in self._access.responsible():
                raise denied(RESPONSIBLE, "here_or_above")
        elif found.state.get("posts_only"):
            self._access.require_post(organisation)
        else:
            self._access.require(organisation)
        return found

    def _shown(self, row: Document) -> Answer:
        state = row.state
        return {
            **dict.fromkeys(("person", "case", "exemption")),
            **{name: value for name, value in state.items() if name != "posts_only"},
            "id": row.id,
            "version": row.version,
            "title": self._texts.render(f"title.{state['rule']}"),
        }


def _record(record: Counted, obligation: Obligation) -> Answer:
    return {
        "activity": record.activity,
        "organisation": obligation.organisation if obligation.person else record.organisation,
        "kind": record.kind,
        "held_on": record.held_on,
        "late": bool(getattr(record, "late", False)),
    }
