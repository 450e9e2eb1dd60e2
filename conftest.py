"""Code blocks in documents and docstrings run as tests, so that none of them is ever out of date."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

from hypothesis import settings
from sybil import Sybil
from sybil.parsers.rest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.documents import ConsoleBlockParser, DataBlockParser, forget_contracts, remember_contracts

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("jishi", deadline=None)
settings.load_profile("jishi")

_documents = Sybil(
    parsers=[PythonCodeBlockParser(), ConsoleBlockParser(), DataBlockParser("json"), DataBlockParser("yaml")],
    patterns=["*.md"],
    setup=remember_contracts,
    teardown=forget_contracts,
)
_docstrings = Sybil(
    parsers=[DocTestParser()],
    patterns=["services/**/*.py", "gateway/**/*.py", "deploy/**/*.py"],
    excludes=["**/test_*.py"],
)

pytest_collect_file = (_documents + _docstrings).pytest()

pytest_plugins = ["tests.beside"]
