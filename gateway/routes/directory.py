"""Addresses of organisations, people and posts."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import directory as rpc
from services.contracts.records_rpc import membership
from services.contracts.records_rpc.parts import Nothing

_ADMINISTRATOR = "administrator at the organisation or above"
_WRITER = "writer of the organisation (secretary, deputy, commissioner, group leader) or administrator above"

ORGANISATIONS = (
    Route(
        "POST",
        "/api/v1/organisations",
        "Found an organisation",
        "organisations",
        call=Call("records.create_organisation", rpc.CreateOrganisation, rpc.Organisation),
        status=201,
        location="/api/v1/organisations/{id}",
        permission=_ADMINISTRATOR,
    ),
    Route(
        "GET",
        "/api/v1/organisations",
        "Organisations, by code",
        "organisations",
        call=Call("records.list_organisations", rpc.ListOrganisations, rpc.Organisations),
    ),
    Route(
        "GET",
        "/api/v1/organisations/{organisation}",
        "One organisation",
        "organisations",
        call=Call("records.get_organisation", rpc.GetOrganisation, rpc.Organisation),
    ),
    Route(
        "PATCH",
        "/api/v1/organisations/{organisation}",
        "Change what is given of an organisation",
        "organisations",
        call=Call("records.change_organisation", rpc.ChangeOrganisation, rpc.Organisation),
        expects="expected_version",
        permission=_ADMINISTRATOR,
    ),
)

PEOPLE = (
    Route(
        "GET",
        "/api/v1/me",
        "Who I am: my posts and organisations",
        "people",
        call=Call("records.who_am_i", Nothing, rpc.Myself),
    ),
    Route(
        "POST",
        "/api/v1/people",
        "Enter a person",
        "people",
        call=Call("records.create_person", rpc.CreatePerson, rpc.Person),
        status=201,
        location="/api/v1/people/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/people",
        "People, by number",
        "people",
        call=Call("records.list_people", rpc.ListPeople, rpc.People),
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/people/search",
        "Who has a number, a phone or an identity number",
        "people",
        call=Call("records.search_people", rpc.SearchPeople, rpc.People),
        permission="of oneself, or a post at their organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/people/{person}/reveal",
        "Show phone or identity number itself, on record",
        "people",
        call=Call("records.reveal_person", rpc.RevealPerson, rpc.Revealed),
        permission="oneself; administrator or organiser at the organisation or above; for phones secretary",
    ),
    Route(
        "GET",
        "/api/v1/people/{person}",
        "One person; phone and identity number are masked",
        "people",
        call=Call("records.get_person", rpc.GetPerson, rpc.Person),
        permission="oneself, or " + _WRITER,
    ),
    Route(
        "GET",
        "/api/v1/memberships",
        "Who belonged to an organisation within some days, with which status",
        "people",
        call=Call("records.list_memberships", membership.ListMemberships, membership.Memberships),
        permission="a post at the organisation or above",
    ),
    Route(
        "GET",
        "/api/v1/people/{person}/history",
        "Where a person belonged, with which status, from when to when",
        "people",
        call=Call("records.get_membership_history", membership.GetHistory, membership.History),
        permission="oneself, or a post at their organisation or above",
    ),
    Route(
        "PATCH",
        "/api/v1/people/{person}",
        "Change what is given of a person",
        "people",
        call=Call("records.change_person", rpc.ChangePerson, rpc.Person),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/posts",
        "Give a post",
        "posts",
        call=Call("records.give_post", rpc.GivePost, rpc.Post),
        status=201,
        permission="a level strictly above, or " + _ADMINISTRATOR,
    ),
    Route(
        "GET",
        "/api/v1/posts",
        "Posts of an organisation, of a person, or my own",
        "posts",
        call=Call("records.list_posts", rpc.ListPosts, rpc.Posts),
    ),
    Route(
        "GET",
        "/api/v1/posts/ending",
        "Posts whose term ends soon",
        "posts",
        call=Call("records.list_ending_posts", rpc.ListEndingPosts, rpc.Posts),
        permission="a post at the organisation or above",
    ),
    Route(
        "GET",
        "/api/v1/posts/vacancies",
        "Branches without a secretary",
        "posts",
        call=Call("records.list_vacancies", rpc.ListVacancies, rpc.Organisations),
        permission="a post at the organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/posts/{post}/prolong",
        "Give a post another last day",
        "posts",
        call=Call("records.prolong_post", rpc.ProlongPost, rpc.Post),
        expects="expected_version",
        permission="a level strictly above, or " + _ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/posts/{post}/withdraw",
        "End a post today",
        "posts",
        call=Call("records.withdraw_post", rpc.WithdrawPost, rpc.Post),
        expects="expected_version",
        permission="a level strictly above, or " + _ADMINISTRATOR,
    ),
)

ROUTES = (*ORGANISATIONS, *PEOPLE)
