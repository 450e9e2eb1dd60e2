"""Who handles what about member development."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import development as calls
from services.contracts.records_rpc import development_ahead as ahead
from services.contracts.records_rpc import dossier_materials as papers
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class DevelopmentTable:
    """Who handles what about member development."""

    records: Records

    @rpc(request=calls.OpenDossier, response=calls.Dossier)
    def open_dossier(self, request: Request) -> Answer:
        return self.records.dossiers.open(request)

    @rpc(request=calls.PreviewStep, response=calls.Verdict)
    def preview_step(self, request: Request) -> Answer:
        return self.records.dossier_reading.preview(request)

    @rpc(request=calls.RecordStep, response=calls.Dossier)
    def record_step(self, request: Request) -> Answer:
        return self.records.dossiers.record(request)

    @rpc(request=calls.StrikeStep, response=calls.Dossier)
    def strike_step(self, request: Request) -> Answer:
        return self.records.dossiers.strike(request)

    @rpc(request=calls.MoveDossier, response=calls.Dossier)
    def move_dossier(self, request: Request) -> Answer:
        return self.records.dossiers.move(request)

    @rpc(request=calls.CloseDossier, response=calls.Dossier)
    def close_dossier(self, request: Request) -> Answer:
        return self.records.dossiers.close(request)

    @rpc(request=calls.GetDossier, response=calls.Dossier)
    def get_dossier(self, request: Request) -> Answer:
        return self.records.dossier_reading.get(request["dossier"])

    @rpc(request=calls.ListDossiers, response=calls.Dossiers)
    def list_dossiers(self, request: Request) -> Answer:
        return self.records.dossier_reading.listed(request)

    @rpc(request=papers.GetDossierMaterials, response=papers.DossierMaterials)
    def get_dossier_materials(self, request: Request) -> Answer:
        return self.records.dossier_reading.materials(request["dossier"])

    @rpc(request=papers.GetMaterialTemplate, response=papers.MaterialTemplate)
    def get_material_template(self, request: Request) -> Answer:
        return self.records.development.template(request["material"])

    @rpc(request=ahead.GetTimetable, response=ahead.Timetable)
    def get_development_timetable(self, request: Request) -> Answer:
        return self.records.dossier_reading.timetable(request["dossier"])

    @rpc(request=ahead.ListDueSteps, response=ahead.DueSteps)
    def list_due_development_steps(self, request: Request) -> Answer:
        return self.records.dossier_reading.due(request)

    @rpc(request=ahead.ListDevelopmentSteps, response=ahead.DevelopmentSteps)
    def list_development_steps(self, request: Request) -> Answer:
        return self.records.development.steps(request.get("on"))

    @rpc(request=ahead.GivePlaces, response=ahead.Places)
    def give_development_places(self, request: Request) -> Answer:
        return self.records.development.give_places(request)

    @rpc(request=ahead.GetPlaces, response=ahead.Places)
    def get_development_places(self, request: Request) -> Answer:
        return self.records.development.places(request)
