"""Every address of the gateway, by the service that answers."""

from gateway.auth import demo
from gateway.routes import documents, evaluation, feedback, live, notify, records, uploads

ROUTES = (
    *demo.ROUTES,
    *records.ROUTES,
    *uploads.ROUTES,
    *evaluation.ROUTES,
    *notify.ROUTES,
    *feedback.ROUTES,
    *live.ROUTES,
    *documents.ROUTES,
)
