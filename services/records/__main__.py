from services.chassis import patch  # noqa: F401 - before anything else
from services.chassis.runtime import main

main("services.records.service:RecordsService")
