"""Addresses of member development."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import forms
from gateway.response import Response
from gateway.routes.downloads import attachment
from gateway.routing import Call, Route
from services.contracts.records_rpc import development as rpc
from services.contracts.records_rpc import development_ahead as ahead
from services.contracts.records_rpc import dossier_materials as papers

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

_KEEPER = "secretary, deputy or organisation commissioner of the branch, or an administrator there or above"
_ABOVE = (
    "reviewer strictly above (secretary, deputy, organiser, administrator), who holds no post of the branch"
)
_BY_STEP = f"by the step's actor: branch: {_KEEPER}; above: {_ABOVE}; never the person of the dossier"
_READER = "the person, or keepers, organisers, administrators and inspectors at the branch or above"

TEMPLATE = Call("records.get_material_template", papers.GetMaterialTemplate, papers.MaterialTemplate)
MARKDOWN = "text/markdown"


def give_template(gateway: Gateway, request: Request, route: Route) -> Response:
    """The outline of a paper, to be saved: in Chinese, or in English for who prefers it."""
    found = gateway.ask(TEMPLATE, forms.gathered(route, request), request)
    language = request.language
    return Response(
        200,
        found["outline"][language].encode(),
        content_type=f"{MARKDOWN}; charset=utf-8",
        headers=[("Content-Disposition", attachment(f"{found['title'][language]}.md"))],
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/development/steps",
        "The twenty-five steps with their papers, and the rules in force on a day",
        "development",
        call=Call(
            "records.list_development_steps",
            ahead.ListDevelopmentSteps,
            ahead.DevelopmentSteps,
        ),
        permission="any session",
    ),
    Route(
        "GET",
        "/api/v1/development/materials/{material}/template",
        "An outline of a paper to begin with, as Markdown to be saved",
        "development",
        handler=give_template,
        others=(TEMPLATE,),
        body=papers.GetMaterialTemplate,
        media_type=MARKDOWN,
        permission="any session",
    ),
    Route(
        "GET",
        "/api/v1/development/due",
        "What may come next in every open dossier, and by when",
        "development",
        call=Call("records.list_due_development_steps", ahead.ListDueSteps, ahead.DueSteps),
        permission=_READER,
    ),
    Route(
        "PUT",
        "/api/v1/development/places/{organisation}/{year}",
        "Give an organisation the places of a year",
        "development",
        call=Call("records.give_development_places", ahead.GivePlaces, ahead.Places),
        permission=_ABOVE,
    ),
    Route(
        "GET",
        "/api/v1/development/places/{organisation}/{year}",
        "The places of an organisation for a year, and how many are taken",
        "development",
        call=Call("records.get_development_places", ahead.GetPlaces, ahead.Places),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/dossiers",
        "Open the dossier of a person who applied",
        "development",
        call=Call("records.open_dossier", rpc.OpenDossier, rpc.Dossier),
        status=201,
        location="/api/v1/dossiers/{id}",
        permission=_KEEPER,
    ),
    Route(
        "GET",
        "/api/v1/dossiers",
        "Where people stand; without a post, the caller's own",
        "development",
        call=Call("records.list_dossiers", rpc.ListDossiers, rpc.Dossiers),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/dossiers/{dossier}",
        "A dossier with every entry; reading is audited",
        "development",
        call=Call("records.get_dossier", rpc.GetDossier, rpc.Dossier),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/dossiers/{dossier}/materials",
        "The papers of the whole way: which are there, which are missing, which come next",
        "development",
        call=Call(
            "records.get_dossier_materials",
            papers.GetDossierMaterials,
            papers.DossierMaterials,
        ),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/dossiers/{dossier}/timetable",
        "What comes next, from when and until when",
        "development",
        call=Call("records.get_development_timetable", ahead.GetTimetable, ahead.Timetable),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/dossiers/{dossier}/preview",
        "What the rules would say about a step; nothing is written",
        "development",
        call=Call("records.preview_step", rpc.PreviewStep, rpc.Verdict),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/dossiers/{dossier}/steps",
        "Record a step as it was decided",
        "development",
        call=Call("records.record_step", rpc.RecordStep, rpc.Dossier),
        status=201,
        expects="expected_version",
        permission=_BY_STEP,
    ),
    Route(
        "POST",
        "/api/v1/dossiers/{dossier}/strike",
        "Strike the newest step out, with a reason; it stays visible",
        "development",
        call=Call("records.strike_step", rpc.StrikeStep, rpc.Dossier),
        expects="expected_version",
        permission=_ABOVE,
    ),
    Route(
        "POST",
        "/api/v1/dossiers/{dossier}/move",
        "Bring a dossier to where its person belongs now; time earned stays earned",
        "development",
        call=Call("records.move_dossier", rpc.MoveDossier, rpc.Dossier),
        expects="expected_version",
        permission=f"at the branch that receives it: {_KEEPER}",
    ),
    Route(
        "POST",
        "/api/v1/dossiers/{dossier}/close",
        "End the way without membership",
        "development",
        call=Call("records.close_dossier", rpc.CloseDossier, rpc.Dossier),
        expects="expected_version",
        permission=_KEEPER,
    ),
)
