"""ser-etl from Python: the program `ser` that this package brings, a way to run it, and a way to read what it wrote.

Everything here calls `ser` or reads its Parquet tables. Nothing here is more than what the command line does.
"""

from ser_etl.binaries import binary
from ser_etl.errors import BugError, ConfigError, GateError, InputError, SerError, StoppedError, StorageError
from ser_etl.process import run
from ser_etl.tables import scan

__all__ = [
    "BugError",
    "ConfigError",
    "GateError",
    "InputError",
    "SerError",
    "StoppedError",
    "StorageError",
    "binary",
    "run",
    "scan",
]
