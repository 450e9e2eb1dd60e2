"""Who handles what about bulletins."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts.records_rpc import bulletins as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class BulletinsTable:
    """Who handles what about bulletins."""

    records: Records

    @rpc(request=calls.DraftBulletin, response=calls.Bulletin)
    def draft_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.draft(request)

    @rpc(request=calls.ChangeBulletin, response=calls.Bulletin)
    def change_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.change(request)

    @rpc(request=calls.PublishBulletin, response=calls.Bulletin)
    def publish_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.publish(request)

    @rpc(request=calls.CorrectBulletin, response=calls.Bulletin)
    def correct_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.correct(request)

    @rpc(request=calls.WithdrawBulletin, response=calls.Bulletin)
    def withdraw_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.withdraw(request)

    @rpc(request=calls.DiscardBulletin, response=calls.Bulletin)
    def discard_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.discard(request)

    @rpc(request=calls.GetBulletin, response=calls.Bulletin)
    def get_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.get(request["bulletin"])

    @rpc(request=calls.ListMyBulletins, response=calls.Bulletins)
    def list_my_bulletins(self, request: Request) -> Answer:
        return self.records.bulletins.mine(request)

    @rpc(request=calls.ListBulletins, response=calls.Bulletins)
    def list_bulletins(self, request: Request) -> Answer:
        return self.records.bulletins.listed(request)

    @rpc(request=calls.ListPublicBulletins, response=calls.PublicBulletins, public=True)
    def public_bulletins(self, request: Request) -> Answer:
        return self.records.bulletins.public(request)

    @rpc(request=calls.ReadBulletin, response=calls.BulletinRead)
    def read_bulletin(self, request: Request) -> Answer:
        return self.records.bulletins.read(request["bulletin"])

    @rpc(request=calls.ListBulletinReceipts, response=calls.BulletinReceiptsPage)
    def list_bulletin_receipts(self, request: Request) -> Answer:
        return self.records.bulletins.receipts(request)

    @rpc(request=calls.ListBulletinUnread, response=calls.UnreadPage)
    def list_bulletin_unread(self, request: Request) -> Answer:
        return self.records.bulletins.unread(request)

    @scheduled(every=30.0, name="records.bulletins")
    def release_bulletins(self) -> None:
        self.records.bulletins.release()

    @scheduled("07:30", name="records.bulletin_reading")
    def tell_of_unread(self, today: date) -> None:
        self.records.bulletins.turn(today)
