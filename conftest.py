"""Code blocks in documents and docstrings run as tests, so that none of them is ever out of date."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import gc
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from sybil import Sybil
from sybil.parsers.rest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.documents import ConsoleBlockParser, DataBlockParser, forget_contracts, remember_contracts

# Servers of the tests write every commit to disk, and most of a run would be waiting for it. In memory they
# lose as little when they are killed, which is all that a test does to them.
_MEMORY, _ENOUGH = Path("/dev/shm"), 4 * 1024**3


def _serves(folder: Path) -> bool:
    return (
        os.access(folder, os.W_OK)
        and not os.statvfs(folder).f_flag & os.ST_NOEXEC  # tests write programs and start them
        and shutil.disk_usage(folder).free > _ENOUGH
    )


if "TMPDIR" not in os.environ and _serves(_MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# Names of the tests are addresses of loopback: the resolver that eventlet brings costs each of the many
# processes that tests start up to half a second of importing, for nothing.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

# To look for cycles after each 700 new objects is a fifth of the run of such a process, and finds few.
gc.set_threshold(50_000, 20, 20)

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

pytest_plugins = ["tests.beside", "tests.grounds"]
