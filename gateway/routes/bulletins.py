"""Addresses of the filling station: bulletins, campaigns, micro-lectures."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts.records_rpc import bulletins as rpc
from services.contracts.records_rpc import campaigns

_PUBLISHER = (
    "secretary, deputy or publicity commissioner of the organisation; an administrator there or above"
)
_READER = (
    "its audience; who publishes for the organisation; a post over it or, if mandatory, over its audience"
)
_OVER = "a post at the organisation or above"
_TAKES_PART = "its author; once handed in, who publishes for the organisation that called or reviews"

BULLETINS = (
    Route(
        "GET",
        "/api/v1/me/bulletins",
        "What is addressed to the caller, newest first",
        "bulletins",
        call=Call("records.list_my_bulletins", rpc.ListMyBulletins, rpc.Bulletins),
        permission="the caller's own",
    ),
    Route(
        "POST",
        "/api/v1/bulletins",
        "Draft a bulletin",
        "bulletins",
        call=Call("records.draft_bulletin", rpc.DraftBulletin, rpc.Bulletin),
        status=201,
        location="/api/v1/bulletins/{id}",
        permission=_PUBLISHER,
    ),
    Route(
        "GET",
        "/api/v1/bulletins",
        "What an organisation drafted and published, newest first",
        "bulletins",
        call=Call("records.list_bulletins", rpc.ListBulletins, rpc.Bulletins),
        permission=_PUBLISHER,
    ),
    Route(
        "GET",
        "/api/v1/bulletins/{bulletin}",
        "One bulletin with what it says",
        "bulletins",
        call=Call("records.get_bulletin", rpc.GetBulletin, rpc.Bulletin),
        permission=_READER,
    ),
    Route(
        "PUT",
        "/api/v1/bulletins/{bulletin}",
        "What a draft says instead",
        "bulletins",
        call=Call("records.change_bulletin", rpc.ChangeBulletin, rpc.Bulletin),
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "POST",
        "/api/v1/bulletins/{bulletin}/publish",
        "Publish a draft, now or at an instant to come",
        "bulletins",
        call=Call("records.publish_bulletin", rpc.PublishBulletin, rpc.Bulletin),
        status=201,
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "POST",
        "/api/v1/bulletins/{bulletin}/corrections",
        "A new edition, with what was corrected",
        "bulletins",
        call=Call("records.correct_bulletin", rpc.CorrectBulletin, rpc.Bulletin),
        status=201,
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "POST",
        "/api/v1/bulletins/{bulletin}/withdraw",
        "Take a bulletin down, with the reason",
        "bulletins",
        call=Call("records.withdraw_bulletin", rpc.WithdrawBulletin, rpc.Bulletin),
        status=201,
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "POST",
        "/api/v1/bulletins/{bulletin}/read",
        "Say that one has read it; kept of mandatory ones alone",
        "bulletins",
        call=Call("records.read_bulletin", rpc.ReadBulletin, rpc.BulletinRead),
        status=201,
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/bulletins/{bulletin}/receipts",
        "How many have read a mandatory one, by organisation",
        "bulletins",
        call=Call("records.list_bulletin_receipts", rpc.ListBulletinReceipts, rpc.BulletinReceiptsPage),
        permission="its publishers; of other organisations, " + _OVER,
    ),
    Route(
        "GET",
        "/api/v1/bulletins/{bulletin}/receipts/{organisation}",
        "Who of an organisation has not read a mandatory one; asking is on record",
        "bulletins",
        call=Call("records.list_bulletin_unread", rpc.ListBulletinUnread, rpc.UnreadPage),
        permission=_OVER,
    ),
    Route(
        "GET",
        "/api/v1/public/bulletins",
        "Bulletins for everybody, newest first",
        "public",
        call=Call("records.public_bulletins", rpc.ListPublicBulletins, rpc.PublicBulletins),
        access=Access.PUBLIC,
    ),
)

CAMPAIGNS = (
    Route(
        "POST",
        "/api/v1/campaigns",
        "Call for micro-lectures",
        "lectures",
        call=Call("records.call_campaign", campaigns.CallCampaign, campaigns.Campaign),
        status=201,
        location="/api/v1/campaigns/{id}",
        permission=_PUBLISHER,
    ),
    Route(
        "GET",
        "/api/v1/campaigns",
        "Campaigns that call upon the caller, or those of an organisation, newest first",
        "lectures",
        call=Call("records.list_campaigns", campaigns.ListCampaigns, campaigns.Campaigns),
        permission="who is called upon; with organisation: " + _OVER,
    ),
    Route(
        "GET",
        "/api/v1/campaigns/{campaign}",
        "One campaign",
        "lectures",
        call=Call("records.get_campaign", campaigns.GetCampaign, campaigns.Campaign),
        permission="who is called upon, or " + _OVER,
    ),
    Route(
        "POST",
        "/api/v1/campaigns/{campaign}/lectures",
        "Draft one's own lecture for a campaign",
        "lectures",
        call=Call("records.draft_lecture", campaigns.DraftLecture, campaigns.Lecture),
        status=201,
        location="/api/v1/lectures/{id}",
        permission="who is called upon",
    ),
    Route(
        "GET",
        "/api/v1/campaigns/{campaign}/lectures",
        "What was handed in to a campaign, newest first",
        "lectures",
        call=Call("records.list_campaign_lectures", campaigns.ListCampaignLectures, campaigns.Lectures),
        permission="who publishes for the organisation that called, or for one that reviews",
    ),
)

LECTURES = (
    Route(
        "GET",
        "/api/v1/me/lectures",
        "The caller's own lectures, newest draft first",
        "lectures",
        call=Call("records.list_my_lectures", campaigns.ListMyLectures, campaigns.Lectures),
        permission="the caller's own",
    ),
    Route(
        "GET",
        "/api/v1/lectures",
        "Published lectures, newest first",
        "lectures",
        call=Call("records.list_lectures", campaigns.ListLectures, campaigns.PublishedLectures),
        permission="whoever is signed in",
    ),
    Route(
        "GET",
        "/api/v1/lectures/{lecture}",
        "One lecture",
        "lectures",
        call=Call("records.get_lecture", campaigns.GetLecture, campaigns.Lecture),
        permission="published: whoever is signed in; before: " + _TAKES_PART,
    ),
    Route(
        "PUT",
        "/api/v1/lectures/{lecture}",
        "What a draft, or what was returned, says instead",
        "lectures",
        call=Call("records.change_lecture", campaigns.ChangeLecture, campaigns.Lecture),
        expects="expected_version",
        permission="its author",
    ),
    Route(
        "POST",
        "/api/v1/lectures/{lecture}/submit",
        "Hand a lecture in, or in again",
        "lectures",
        call=Call("records.submit_lecture", campaigns.SubmitLecture, campaigns.Lecture),
        status=201,
        expects="expected_version",
        permission="its author",
    ),
    Route(
        "POST",
        "/api/v1/lectures/{lecture}/review",
        "Accept somebody else's lecture, or return it with a comment",
        "lectures",
        call=Call("records.review_lecture", campaigns.ReviewLecture, campaigns.Lecture),
        status=201,
        expects="expected_version",
        permission="who publishes for the organisation that reviews; never its author",
    ),
    Route(
        "POST",
        "/api/v1/lectures/{lecture}/publish",
        "Put an accepted lecture into the filling station",
        "lectures",
        call=Call("records.publish_lecture", campaigns.PublishLecture, campaigns.Lecture),
        status=201,
        expects="expected_version",
        permission="who publishes for the organisation that called",
    ),
    Route(
        "POST",
        "/api/v1/lectures/{lecture}/withdraw",
        "Take a published lecture down, with the reason",
        "lectures",
        call=Call("records.withdraw_lecture", campaigns.WithdrawLecture, campaigns.Lecture),
        status=201,
        expects="expected_version",
        permission="its author; who publishes for the organisation that called",
    ),
    Route(
        "GET",
        "/api/v1/public/lectures",
        "Published lectures for everybody, newest first",
        "public",
        call=Call("records.public_lectures", campaigns.ListPublicLectures, campaigns.PublicLectures),
        access=Access.PUBLIC,
    ),
)

ROUTES = (*BULLETINS, *CAMPAIGNS, *LECTURES)
