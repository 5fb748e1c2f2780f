"""Runs `ser` and waits for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date
from typing import IO, Union

from ser_etl.binaries import binary
from ser_etl.errors import failure

PathLike = Union[str, "os.PathLike[str]"]
# A stopped run needs 1.5 s at most to reach a safe point.
_GRACE_S = 10
# Enough for the longest error with its hint.
_LINES_KEPT = 50


def run(
    pipeline: PathLike,
    *,
    stage: str | None = None,
    out: PathLike | None = None,
    set: Mapping[str, object] | None = None,
    flags: Sequence[str] = (),
) -> str:
    """Runs a pipeline file, or one stage of it, and returns the summary that `ser` prints.

    `stage` is ingest, extract, split, normalize, train or evaluate; without it, all of them run. `out` and `set` are
    `--out` and `--set`: `set={"split.folds": 3}`. `flags` are further flags, as on the command line. The log of `ser`
    goes to `sys.stderr` while it runs. If this function is interrupted, `ser` is stopped, at a safe point.

    Raises the error of `ser_etl.errors` that belongs to the exit code.
    """
    arguments = [stage or "run", os.fspath(pipeline)]
    if out is not None:
        arguments += ["--out", os.fspath(out)]
    for key, value in (set or {}).items():
        arguments += ["--set", f"{key}={_toml(key, value)}"]
    process = subprocess.Popen(
        [str(binary("ser")), *arguments, *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout and process.stderr
    lines: deque[str] = deque(maxlen=_LINES_KEPT)
    log = threading.Thread(target=_pass_on, args=(process.stderr, lines), daemon=True)
    log.start()
    try:
        with process.stdout:
            summary = process.stdout.read()
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    log.join()
    if code != 0:
        raise failure(" ".join(["ser", *arguments[:2]]), code if code > 0 else 128 - code, _last_words(lines))
    return summary


def _pass_on(stream: IO[str], lines: deque[str]) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip("\n"))
            sys.stderr.write(line)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(lines: Sequence[str]) -> str:
    """The last error and its hint, in one line."""
    said = [line.strip() for line in lines if line.strip()]
    errors = [number for number, line in enumerate(said) if line.startswith("error: ")]
    return "; ".join(said[errors[-1] :] if errors else said[-1:]) or "it printed nothing"


def _toml(key: str, value: object) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, (bool, int, str)):
        # JSON writes these as TOML does.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (float, date)):
        return str(value)
    if isinstance(value, os.PathLike):
        return _toml(key, os.fspath(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(key, item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(key, item) for item in value) + "]"
    raise TypeError(f"set: `{key}` is a {type(value).__name__}; wanted a text, a number, a date, a list or a mapping")
