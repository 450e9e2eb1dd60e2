"""Events of measures and their results."""

from __future__ import annotations

from marshmallow import fields

from services.chassis.contract import EventContract


class _Measure(EventContract):
    """What the events of a measure carry on its way to a result."""

    measure = fields.String(required=True)
    organisation = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "person id"})
    due_on = fields.Date(required=True)
    restricted = fields.Boolean(
        metadata={"description": "true where it answers what was said about a head; absent otherwise"}
    )
    title = fields.String(
        metadata={"description": "absent where it answers what was said about a head: that stays where it is"}
    )


class MeasurePlanned(_Measure):
    """A measure has an owner and a due date."""

    type = "feedback.measure.planned.v1"

    opinions = fields.List(fields.String(), required=True)


class MeasureChanged(_Measure):
    """Another owner or due date, or it answers more opinions than before; the newest sequence counts."""

    type = "feedback.measure.changed.v1"

    opinions = fields.List(fields.String(), required=True)


class MeasureCancelled(_Measure):
    """A measure was given up: what it answered is to be answered anew, in what is left of the time."""

    type = "feedback.measure.cancelled.v1"

    opinions = fields.List(fields.String(), required=True)


class ResultHandedIn(_Measure):
    """What came of a measure waits to be reviewed by somebody else."""

    type = "feedback.result.handed_in.v1"


class ResultReturned(_Measure):
    """What was handed in was given back with a reason."""

    type = "feedback.result.returned.v1"


class ResultPublished(EventContract):
    """The result of a measure is public."""

    type = "feedback.result.published.v1"

    measure = fields.String(required=True)
    organisation = fields.String(required=True)
    published_on = fields.Date(required=True)
    opinions = fields.List(fields.String(), required=True)
