from services.chassis import patch  # noqa: F401 - first
from services.chassis.runtime import main

main("services.evaluation.service:EvaluationService")
