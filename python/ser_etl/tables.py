"""Reads the tables of a run with Polars."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from ser_etl.process import PathLike

# All other tables are one file.
_FOLDERS = ("features", "frames")
# Older ones refuse the order of floats that the footers name ("ColumnOrder", "Invalid thrift").
_OLDEST_POLARS = (1, 43)


def scan(run: PathLike, table: str, **options: Any) -> pl.LazyFrame:
    """A table of a run, or of `ser predict`, as a lazy frame of Polars: `scan("runs/demo", "features")`.

    The normalized rows are a table for each side of each fold: "normalized/fold-0/train".

    `run` is the output of a run: a folder, or `s3://BUCKET/PREFIX`. If the parts of a table are in folders such as
    `date=2026-11-26`, Polars reads only those that a filter on `date` wants.

    `options` go to `polars.scan_parquet`, for example `storage_options` for S3. Without them, Polars takes the
    credentials and the region where other programs for S3 find them.
    """
    polars = _polars()
    place = os.fspath(run).removeprefix("file://").rstrip("/")
    if "://" not in place:
        _check(Path(place), table)
    try:
        if table in _FOLDERS:
            return _folder(polars, f"{place}/{table}", options)
        frame: pl.LazyFrame = polars.scan_parquet(f"{place}/{table}.parquet", **{"glob": False, **options})
        frame.collect_schema()
    except (OSError, polars.exceptions.PolarsError) as error:
        raise OSError(f"the table `{table}` of {run} cannot be read: {error}") from error
    return frame


def _polars() -> Any:
    try:
        import polars
    except ImportError as error:
        raise ImportError("scan needs Polars: `pip install polars`, or install ser-etl[polars]") from error
    if tuple(int(number) for number in polars.__version__.split(".")[:2]) < _OLDEST_POLARS:
        oldest = ".".join(map(str, _OLDEST_POLARS))
        raise ImportError(f"scan needs Polars {oldest} or newer, and this is {polars.__version__}")
    return polars


def _folder(polars: Any, folder: str, options: dict[str, Any]) -> pl.LazyFrame:
    frame: pl.LazyFrame
    try:
        # Of a folder, Polars knows where its partitions begin: `date=...` in the path of the run is none.
        frame = polars.scan_parquet(f"{folder}/", **{"hive_partitioning": True, **options})
        frame.collect_schema()
    except (polars.exceptions.InvalidOperationError, polars.exceptions.ComputeError):
        # Polars reads no folder with other files in it, and the log of Delta Lake is among the parts.
        frame = polars.scan_parquet(f"{glob.escape(folder)}/**/*.parquet", **options)
        frame.collect_schema()
    return frame


def _check(run: Path, table: str) -> None:
    """Refuses a table that a folder does not have, and names those that it has."""
    paths = [*run.glob("*.parquet"), *run.glob("normalized/*/*.parquet")]
    files = {path.relative_to(run).with_suffix("").as_posix() for path in paths}
    folders = {folder for folder in _FOLDERS if next((run / folder).rglob("*.parquet"), None)}
    if table not in files | folders:
        has = ", ".join(sorted(files | folders))
        problem = f"its tables are {has}" if has else "it has no tables; is it the output of a run?"
        raise FileNotFoundError(f"no table `{table}` in {run}: {problem}")
