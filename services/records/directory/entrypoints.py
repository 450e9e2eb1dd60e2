"""Who handles what about organisations, people and posts."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import directory as calls
from services.contracts.records_rpc.parts import Nothing
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class DirectoryTable:
    """Who handles what about organisations, people and posts."""

    records: Records

    @rpc(request=calls.CreateOrganisation, response=calls.Organisation)
    def create_organisation(self, request: Request) -> Answer:
        return self.records.organisations.create(request)

    @rpc(request=calls.ChangeOrganisation, response=calls.Organisation)
    def change_organisation(self, request: Request) -> Answer:
        return self.records.organisations.change(request)

    @rpc(request=calls.GetOrganisation, response=calls.Organisation)
    def get_organisation(self, request: Request) -> Answer:
        return self.records.organisations.get(request["organisation"])

    @rpc(request=calls.ListOrganisations, response=calls.Organisations)
    def list_organisations(self, request: Request) -> Answer:
        return self.records.organisations.listed(request)

    @rpc(request=calls.CreatePerson, response=calls.Person)
    def create_person(self, request: Request) -> Answer:
        return self.records.people.create(request)

    @rpc(request=calls.ChangePerson, response=calls.Person)
    def change_person(self, request: Request) -> Answer:
        return self.records.people.change(request)

    @rpc(request=calls.GetPerson, response=calls.Person)
    def get_person(self, request: Request) -> Answer:
        return self.records.people.get(request["person"])

    @rpc(request=calls.ListPeople, response=calls.People)
    def list_people(self, request: Request) -> Answer:
        return self.records.people.listed(request)

    @rpc(request=calls.SearchPeople, response=calls.People)
    def search_people(self, request: Request) -> Answer:
        return self.records.people.search(request)

    @rpc(request=calls.RevealPerson, response=calls.Revealed)
    def reveal_person(self, request: Request) -> Answer:
        return self.records.people.reveal(request)

    @rpc(request=calls.IdentifyPerson, response=calls.Identified, public=True)
    def identify_person(self, request: Request) -> Answer:
        return self.records.callers.identify(request["number"])

    @rpc(request=Nothing, response=calls.Myself)
    def who_am_i(self, request: Request) -> Answer:
        return self.records.callers.who_am_i()

    @rpc(request=calls.GivePost, response=calls.Post)
    def give_post(self, request: Request) -> Answer:
        return self.records.posts.give(request)

    @rpc(request=calls.WithdrawPost, response=calls.Post)
    def withdraw_post(self, request: Request) -> Answer:
        return self.records.posts.withdraw(request)

    @rpc(request=calls.ProlongPost, response=calls.Post)
    def prolong_post(self, request: Request) -> Answer:
        return self.records.posts.prolong(request)

    @rpc(request=calls.ListEndingPosts, response=calls.Posts)
    def list_ending_posts(self, request: Request) -> Answer:
        return self.records.terms.ending(request)

    @rpc(request=calls.ListVacancies, response=calls.Organisations)
    def list_vacancies(self, request: Request) -> Answer:
        return self.records.terms.vacancies(request)

    @rpc(request=calls.ListPosts, response=calls.Posts)
    def list_posts(self, request: Request) -> Answer:
        return self.records.posts.listed(request)
