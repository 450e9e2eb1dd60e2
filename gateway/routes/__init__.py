"""Every address of the gateway, by what it is about."""

from gateway.auth import demo
from gateway.routes import (
    activities,
    development,
    directory,
    documents,
    downloads,
    dues,
    evaluation,
    feedback,
    live,
    notify,
    operations,
    structure,
    thoughts,
    training,
    uploads,
    votes,
)

ROUTES = (
    *demo.ROUTES,
    *directory.ROUTES,
    *structure.ROUTES,
    *activities.ROUTES,
    *dues.ROUTES,
    *development.ROUTES,
    *votes.ROUTES,
    *training.ROUTES,
    *thoughts.ROUTES,
    *operations.ROUTES,
    *uploads.ROUTES,
    *downloads.ROUTES,
    *evaluation.ROUTES,
    *notify.ROUTES,
    *feedback.ROUTES,
    *live.ROUTES,
    *documents.ROUTES,
)
