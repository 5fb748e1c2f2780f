"""What `ser` means by its exit codes. docs/OPERATIONS.md says what to do about each of them."""

from __future__ import annotations


class SerError(RuntimeError):
    """`ser` ended with another exit code than 0.

    `code` is the exit code; 128 + N stands for a process that signal N has killed. `message` is the error that `ser`
    printed last, with its hint, in one line. `command` is what was started.
    """

    def __init__(self, command: str, code: int, message: str) -> None:
        super().__init__(command, code, message)
        self.command, self.code, self.message = command, code, message

    def __str__(self) -> str:
        return f"`{self.command}` ended with exit code {self.code}: {self.message}"


class ConfigError(SerError):
    """Exit code 2: the command or the pipeline file is wrong."""


class InputError(SerError):
    """Exit code 3: the input data is at fault. Another try will not help."""


class StorageError(SerError):
    """Exit code 4: storage failed, or another run holds the output. Another try may help."""


class GateError(SerError):
    """Exit code 5: a gate failed, such as leakage between sides of the split."""


class BugError(SerError):
    """Exit code 70: a bug in ser-etl."""


class StoppedError(SerError):
    """Exit codes 130 and 143: `ser` was stopped by SIGINT or SIGTERM. Another run continues the work."""


_OF_CODE: dict[int, type[SerError]] = {
    2: ConfigError,
    3: InputError,
    4: StorageError,
    5: GateError,
    70: BugError,
    130: StoppedError,
    143: StoppedError,
}


def failure(command: str, code: int, message: str) -> SerError:
    """The error of an exit code."""
    return _OF_CODE.get(code, SerError)(command, code, message)
