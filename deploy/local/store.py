"""The embedded store: SecantusDB as a process of its own on loopback, every commit on disk."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from deploy.local.children import Child, StartFailure, free_ports, listens


class Store:
    """A store in ``folder``. Started again in the same folder it has the same documents."""

    def __init__(self, folder: Path, port: int | None = None, *, ends_with_parent: bool = True) -> None:
        self.folder = folder.resolve()
        self.port = port or free_ports(1)[0]
        self._ends_with_parent = ends_with_parent
        self._child: Child | None = None

    @property
    def uri(self) -> str:
        # For each retryable write this store goes through the answers of the last 10 000, and it forgets
        # them when it ends: they would cost three times the write, and help against nothing.
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true&retryWrites=false"

    @property
    def children(self) -> list[Child]:
        return [] if self._child is None else [self._child]

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.alive

    def start(self) -> None:
        """Start it and return at once; ``wait_ready`` says when it can be used."""
        beside = Path(sys.executable).with_name("secantusd-py")
        program = str(beside) if beside.exists() else shutil.which("secantusd-py")
        if program is None:
            raise StartFailure("SecantusDB is not installed: pip install 'jishi[local]', or set MONGO_URI.")
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [program, "--host", "127.0.0.1", "--port", str(self.port)]
        # Without --sync-on-commit the last acknowledged write is lost at kill -9.
        command += ["--storage-path", str(self.folder / "data"), "--sync-on-commit", "--cache-size", "256M"]
        # Nobody follows its oplog, which costs as much as all the other writes together.
        command += ["--standalone"]
        self._child = Child(
            "The store",
            command,
            log=self.folder / "store.log",
            directory=self.folder,
            ends_with_parent=self._ends_with_parent,
        )
        self._child.start()

    def ready(self) -> bool:
        """Whether it accepts connections."""
        return listens(self.port)

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Wait until it accepts connections; raises ``StartFailure`` if it ends before, or takes longer."""
        if self._child is None:
            raise StartFailure("The store was not started.")
        self._child.wait_until(self.ready, seconds)

    def stop(self, seconds: float = 20.0) -> None:
        if self._child is not None:
            self._child.stop(seconds)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._child is not None:
            self._child.kill()
