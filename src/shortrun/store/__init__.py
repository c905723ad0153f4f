"""What is kept of a training: a folder with all ages, readable while it grows, and the state to go on."""

from shortrun.store.folder import create, reopen
from shortrun.store.header import FORMAT_VERSION, describe, describe_imported, software_version
from shortrun.store.lock import writer_of
from shortrun.store.rows import KnownRows
from shortrun.store.temporary import TemporaryFolder, placed
from shortrun.store.trajectory import Trajectory
from shortrun.store.writer import Writer

__all__ = [
    "FORMAT_VERSION",
    "KnownRows",
    "TemporaryFolder",
    "Trajectory",
    "Writer",
    "create",
    "describe",
    "describe_imported",
    "placed",
    "reopen",
    "software_version",
    "writer_of",
]
