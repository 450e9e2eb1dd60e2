"""The servers that the tests stand on."""

import pymongo
from kombu import Connection

from services.chassis.settings import Settings


def test_a_test_has_a_virtual_host_and_a_database_of_its_own(settings: Settings) -> None:
    with Connection(settings.amqp_uri) as connection, connection.channel() as channel:
        declared = channel.queue_declare("", exclusive=True)
        assert declared.message_count == 0
    client: pymongo.MongoClient = pymongo.MongoClient(settings.mongo_uri)
    with client:
        assert client[settings.database_name].list_collection_names() == []
