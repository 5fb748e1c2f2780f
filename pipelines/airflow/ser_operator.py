"""An Airflow operator that runs `ser`. docs/AIRFLOW.md says how to use it."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import ClassVar

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# Exit codes of `ser` that a second try does not change: the command, the data, a gate, a bug.
FINAL = (2, 3, 5, 70)
LEVELS = {"ERROR": logging.ERROR, "WARN": logging.WARNING, "INFO": logging.INFO}


class SerOperator(BaseOperator):
    """Runs `ser` with a list of arguments. The task's XCom is the last line that `ser` printed.

    :param arguments: the words of the command, such as `["run", "/srv/calls.toml", "--log-format", "json"]`; with
        `--log-format json`, the lines of the log keep their levels.
    :param flags: more words after these, to map over.
    :param ser: the program. Else it is `$SER_BIN`, that of the Python package `ser_etl`, or `ser` on PATH.
    """

    template_fields: ClassVar[Sequence[str]] = ("arguments", "ser")
    # Airflow kills a task 5 seconds after it has asked it to stop, and `ser` stops within 1.5 seconds.
    SECONDS_TO_STOP = 3.0

    def __init__(
        self, *, arguments: Sequence[str] | Callable, flags: Sequence[str] = (), ser: str | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.arguments, self.flags, self.ser = arguments, flags, ser
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> str:
        command = [find(self.ser), *map(str, self.arguments), *self.flags]
        self.log.info("running %s", shlex.join(command))
        # A session of its own: Airflow signals the whole group of a task, and a second signal ends `ser` at once.
        with subprocess.Popen(
            [*stops_with_parent(), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as self._process:
            try:
                said = [text for line in self._process.stdout if (text := self._pass_on(line.strip()))]
                code = self._process.wait()
            finally:
                self.on_kill()
        if code:
            kind = AirflowFailException if code in FINAL else AirflowException
            raise kind(f"`ser {self.arguments[0]}` {ending(code)}: {last_words(said)}")
        return last_words(said)

    def on_kill(self) -> None:
        """Stops `ser` as a terminal does: it leaves no lock and no half table, and the next try goes on from there."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(self.SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _pass_on(self, line: str) -> str | None:
        """Writes a line of `ser` to the log of the task. Gives back what is no line of a JSON log."""
        try:
            entry = json.loads(line)
            level, message = LEVELS[entry.pop("level")], entry.pop("message")
        except (ValueError, TypeError, AttributeError, KeyError):
            self.log.log(logging.ERROR if line.startswith("error: ") else logging.INFO, "%s", line)
            return line
        entry.pop("timestamp", None)
        self.log.log(level, "%s", " ".join([message, *(f"{key}={value}" for key, value in entry.items())]))
        return None


def find(given: str | None) -> str:
    """The program `ser`: the given one, else the places that SerOperator names."""
    place = given or os.environ.get("SER_BIN") or packaged() or "ser"
    if found := shutil.which(place):
        return found
    raise AirflowFailException(
        f"no program `{place}` on this worker: install the wheel of ser-etl there, or name the program by "
        "SerOperator(ser=...) or the environment variable SER_BIN"
    )


def packaged() -> str | None:
    try:
        import ser_etl
    except ImportError:
        return None
    return str(ser_etl.binary())


def stops_with_parent() -> list[str]:
    """What to put before a command so that Linux stops it if the task is killed without a word, as by SIGKILL."""
    setpriv = ["setpriv", "--pdeathsig", "TERM"]
    has_it = shutil.which("setpriv") and subprocess.run([*setpriv, "true"], capture_output=True).returncode == 0
    return setpriv if has_it else []


def ending(code: int) -> str:
    if code in (130, 143):
        return "was stopped"
    return f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}"


def last_words(said: Sequence[str]) -> str:
    """The last error and its hint, or the last line."""
    errors = [number for number, line in enumerate(said) if line.startswith("error: ")]
    return "; ".join(said[errors[-1] :] if errors else said[-1:])
