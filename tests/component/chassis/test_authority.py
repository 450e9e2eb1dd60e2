"""Authority as a projection: events in any order, answers fresh after a change, refusals typed."""

from datetime import date, timedelta

import eventlet
import pytest
from bson.errors import InvalidDocument

from services.chassis.authority import Authority
from services.chassis.clock import FixedClock
from services.chassis.errors import Forbidden, NotFound
from services.chassis.said import grant_said, member_said, node_said
from services.chassis.store import Store
from services.chassis.testing import wait_for
from services.chassis.transactions import in_transaction

SINCE = date(2026, 1, 1)


@pytest.fixture
def authority(database: Store, clock: FixedClock) -> Authority:
    """root → faculty → branch → group; a secretary of the branch, an administrator of the root."""
    authority = Authority(database, clock)
    authority.declare()
    path: list[str] = []
    for node in ("root", "faculty", "branch", "group"):
        parent = path[-1] if path else None
        path = [*path, node]
        authority.apply([node_said(node, parent=parent, path=path, kind="k", active=True, sequence=1)])
    authority.apply([node_said("other", parent="faculty", path=["root", "faculty", "other"], sequence=1)])
    grant(authority, "g1", "secretary of branch", "secretary", "branch")
    grant(authority, "g2", "admin", "administrator", "root")
    return authority


def grant(authority: Authority, id: str, person: str, role: str, node: str, **rest: object) -> bool:  # noqa: A002
    given: dict = {"since": SINCE, "sequence": 1, **rest}
    return bool(authority.apply([grant_said(id, person=person, role=role, node=node, **given)]))


def test_a_grant_reaches_its_node_and_all_below_and_nothing_else(authority: Authority) -> None:
    may = {
        node: authority.may("secretary of branch", ["secretary"], node)
        for node in ("root", "faculty", "branch", "group", "other", "unknown")
    }
    assert [node for node, allowed in may.items() if allowed] == ["branch", "group"]


def test_who_reviews_sits_strictly_above(authority: Authority) -> None:
    assert not authority.may("secretary of branch", ["secretary"], "branch", above=True)
    assert authority.may("secretary of branch", ["secretary"], "group", above=True)
    assert authority.may("admin", ["administrator"], "branch", above=True)


def test_refusals_are_typed(authority: Authority) -> None:
    authority.require("admin", ["administrator"], "group")
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        authority.require("admin", ["secretary"], "group")
    with pytest.raises(Forbidden):
        authority.require(None, ["secretary"], "group")
    with pytest.raises(NotFound, match=r"node\.not_found"):
        authority.require("admin", ["administrator"], "unknown")


def test_a_term_counts_from_its_first_to_its_last_day(authority: Authority, clock: FixedClock) -> None:
    today = clock.today()
    grant(authority, "g3", "p", "organiser", "faculty", since=today, until=today)
    assert authority.may("p", ["organiser"], "branch")
    clock.advance(timedelta(days=1))
    assert not authority.may("p", ["organiser"], "branch")
    assert authority.grants("p") == []
    assert authority.holders("faculty", ["organiser"]) == []


def test_a_withdrawn_grant_is_withdrawn_at_once_here_and_soon_elsewhere(
    authority: Authority, database: Store, clock: FixedClock
) -> None:
    elsewhere = Authority(database, clock)
    assert elsewhere.may("admin", ["administrator"], "branch")
    grant(authority, "g2", "admin", "administrator", "root", active=False, sequence=2)
    assert not authority.may("admin", ["administrator"], "branch")
    wait_for(lambda: not elsewhere.may("admin", ["administrator"], "branch"))


def test_a_node_that_changed_is_seen_elsewhere_though_what_came_with_it_could_not_be_kept(
    authority: Authority, database: Store, clock: FixedClock
) -> None:
    elsewhere = Authority(database, clock)
    assert elsewhere.may("admin", ["administrator"], "branch")
    told = [node_said("root", parent=None, path=["root"], active=False, sequence=2)]
    with pytest.raises(InvalidDocument):
        authority.apply([*told, member_said("p1", object(), sequence=1)])  # type: ignore[arg-type]
    assert authority.apply(told) == []
    wait_for(lambda: not elsewhere.may("admin", ["administrator"], "branch"))


def test_stale_and_repeated_events_change_nothing(authority: Authority) -> None:
    assert grant(authority, "g2", "admin", "administrator", "root", active=False, sequence=3)
    assert not grant(authority, "g2", "admin", "administrator", "root", active=True, sequence=2)
    assert not grant(authority, "g2", "admin", "administrator", "root", active=True, sequence=3)
    assert not authority.may("admin", ["administrator"], "branch")


def test_a_grant_at_a_dissolved_node_counts_for_nothing(authority: Authority) -> None:
    authority.apply([node_said("branch", parent="faculty", path=[], active=False, sequence=2)])
    assert not authority.may("secretary of branch", ["secretary"], "group")
    assert authority.grants("secretary of branch") == []
    assert authority.may("admin", ["administrator"], "group")


def test_a_moved_subtree_moves_with_its_grants(authority: Authority) -> None:
    authority.apply([node_said("faculty 2", parent="root", path=["root", "faculty 2"], sequence=1)])
    grant(authority, "g4", "dean", "secretary", "faculty")
    assert authority.may("dean", ["secretary"], "group")
    authority.apply(
        [node_said("branch", parent="faculty 2", path=["root", "faculty 2", "branch"], sequence=2)]
    )
    assert not authority.may("dean", ["secretary"], "group")
    assert authority.path("group") == ["root", "faculty 2", "branch", "group"]


def test_trees_people_and_scopes(authority: Authority) -> None:
    assert set(authority.subtree("faculty")) == {"faculty", "branch", "group", "other"}
    assert authority.scope("secretary of branch") == {"branch", "group"}
    assert authority.scope("secretary of branch", ["administrator"]) == set()
    assert authority.holders("branch", ["secretary", "organiser"]) == ["secretary of branch"]
    with pytest.raises(NotFound):
        authority.subtree("unknown")
    with pytest.raises(NotFound):
        authority.path("unknown")


def test_members_belong_to_one_node(authority: Authority) -> None:
    authority.apply([member_said("p1", "branch", sequence=1)])
    authority.apply([member_said("p1", "other", sequence=3)])
    assert not authority.apply([member_said("p1", "branch", sequence=2)])
    assert (authority.belongs("p1"), authority.belongs("p2")) == ("other", None)
    assert authority.members("other") == ["p1"]
    authority.apply([member_said("p1", "other", active=False, sequence=4)])
    assert authority.belongs("p1") is None


def test_an_event_applied_in_a_transaction_is_seen_after_it(authority: Authority, database: Store) -> None:
    assert not authority.may("new", ["secretary"], "group")

    def apply_and_fail() -> None:
        grant(authority, "g9", "new", "secretary", "branch")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(database, apply_and_fail)
    assert not authority.may("new", ["secretary"], "group")

    def apply_while_others_ask() -> None:
        grant(authority, "g9", "new", "secretary", "branch")
        assert not eventlet.spawn(authority.may, "new", ["secretary"], "group").wait()

    in_transaction(database, apply_while_others_ask)
    assert authority.may("new", ["secretary"], "group")


def test_the_tree_is_read_anew_only_where_it_changed(database: Store, clock: FixedClock) -> None:
    here, there = Authority(database, clock), Authority(database, clock)
    here.apply([node_said("root", parent=None, kind="committee", sequence=1)])
    assert there.subtree("root") == ["root"]
    database["authority_nodes"].update_one({"_id": "root"}, {"$set": {"kind": "unseen"}})
    there._known_until = 0.0
    seen = there.node("root")
    assert seen is not None
    assert seen.kind == "committee"
    here.apply([node_said("branch", parent="root", kind="branch", sequence=1)])
    there._known_until = 0.0
    assert there.subtree("root") == ["root", "branch"]
    assert not here.apply([node_said("branch", parent="root", kind="branch", sequence=1)])
    assert database["authority_revision"].find_one({})["revision"] == 2


def test_many_nodes_are_applied_at_once_and_none_is_refused(authority: Authority) -> None:
    def apply(position: int) -> bool:
        name = f"n{position}"
        return authority.apply([node_said(name, parent="root", path=["root", name], sequence=1)])

    waiting = [eventlet.spawn(apply, position) for position in range(40)]
    assert all(each.wait() for each in waiting)
    assert len(authority.subtree("root")) == 5 + 40


def test_one_node_applied_by_many_at_once_is_applied_once(authority: Authority) -> None:
    waiting = [
        eventlet.spawn(authority.apply, [node_said("n", parent="root", path=["root", "n"], sequence=1)])
        for _ in range(20)
    ]
    assert sum(len(each.wait()) for each in waiting) == 1


def test_a_node_changed_without_a_word_is_seen_all_the_same(
    authority: Authority, database: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.authority.READ_ANEW_SECONDS", 0.0)
    elsewhere = Authority(database, clock)
    assert elsewhere.may("admin", ["administrator"], "branch")
    # As a release before there were revisions writes it, or one that dies before it tells.
    database["authority_nodes"].update_one({"_id": "root"}, {"$set": {"active": False}})
    wait_for(lambda: not elsewhere.grants("admin"))


def test_a_post_that_is_given_costs_no_reading_of_the_whole_tree(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.authority.CACHED_SECONDS", 600.0)
    assert authority.may("admin", ["administrator"], "branch")
    assert not authority.may("new", ["secretary"], "branch")
    read: list[str] = []
    monkeypatch.setattr(authority, "_read_tree", lambda: read.append("the tree"))
    authority.apply([member_said("new", "branch")])
    assert grant(authority, "g9", "new", "secretary", "branch")
    assert authority.may("new", ["secretary"], "branch")
    assert read == []
    authority.apply([node_said("branch", parent="faculty", active=False, sequence=2)])
    authority.may("new", ["secretary"], "branch")
    assert read


def test_the_nodes_of_one_transaction_are_told_once_and_those_of_the_next_again(
    authority: Authority, database: Store
) -> None:
    def revision() -> int:
        return int((database["authority_revision"].find_one() or {})["revision"])

    def apply(first: int) -> None:
        for position in range(first, first + 5):
            authority.apply(
                [node_said(f"n{position}", parent="root", path=["root", f"n{position}"], sequence=1)]
            )

    before = revision()
    in_transaction(database, lambda: apply(0))
    in_transaction(database, lambda: apply(5))
    assert revision() == before + 2
