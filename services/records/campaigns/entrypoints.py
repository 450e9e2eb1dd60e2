"""Who handles what about campaigns and micro-lectures."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import campaigns as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class CampaignsTable:
    """Who handles what about campaigns and micro-lectures."""

    records: Records

    @rpc(request=calls.CallCampaign, response=calls.Campaign)
    def call_campaign(self, request: Request) -> Answer:
        return self.records.campaigns.call(request)

    @rpc(request=calls.CloseCampaign, response=calls.Campaign)
    def close_campaign(self, request: Request) -> Answer:
        return self.records.campaigns.close(request)

    @rpc(request=calls.GetCampaign, response=calls.Campaign)
    def get_campaign(self, request: Request) -> Answer:
        return self.records.campaigns.get(request["campaign"])

    @rpc(request=calls.ListCampaigns, response=calls.Campaigns)
    def list_campaigns(self, request: Request) -> Answer:
        return self.records.campaigns.listed(request)

    @rpc(request=calls.DraftLecture, response=calls.Lecture)
    def draft_lecture(self, request: Request) -> Answer:
        return self.records.lectures.draft(request)

    @rpc(request=calls.ChangeLecture, response=calls.Lecture)
    def change_lecture(self, request: Request) -> Answer:
        return self.records.lectures.change(request)

    @rpc(request=calls.SubmitLecture, response=calls.Lecture)
    def submit_lecture(self, request: Request) -> Answer:
        return self.records.lectures.submit(request)

    @rpc(request=calls.ReviewLecture, response=calls.Lecture)
    def review_lecture(self, request: Request) -> Answer:
        return self.records.lectures.review(request)

    @rpc(request=calls.PublishLecture, response=calls.Lecture)
    def publish_lecture(self, request: Request) -> Answer:
        return self.records.lectures.publish(request)

    @rpc(request=calls.WithdrawLecture, response=calls.Lecture)
    def withdraw_lecture(self, request: Request) -> Answer:
        return self.records.lectures.withdraw(request)

    @rpc(request=calls.DiscardLecture, response=calls.Lecture)
    def discard_lecture(self, request: Request) -> Answer:
        return self.records.lectures.discard(request)

    @rpc(request=calls.GetLecture, response=calls.Lecture)
    def get_lecture(self, request: Request) -> Answer:
        return self.records.lectures.get(request["lecture"])

    @rpc(request=calls.ListMyLectures, response=calls.Lectures)
    def list_my_lectures(self, request: Request) -> Answer:
        return self.records.lectures.mine(request)

    @rpc(request=calls.ListCampaignLectures, response=calls.Lectures)
    def list_campaign_lectures(self, request: Request) -> Answer:
        return self.records.lectures.handed_in(request)

    @rpc(request=calls.ListLectures, response=calls.PublishedLectures)
    def list_lectures(self, request: Request) -> Answer:
        return self.records.lectures.published(request)

    @rpc(request=calls.ListPublicLectures, response=calls.PublicLectures, public=True)
    def public_lectures(self, request: Request) -> Answer:
        return self.records.lectures.public(request)
