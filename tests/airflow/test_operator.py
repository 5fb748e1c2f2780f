"""SerOperator with a program that plays `ser`: exit codes, the log, and how it ends. `make test-airflow` runs it."""

import logging
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

OPERATOR = pathlib.Path(__file__).resolve().parents[2] / "pipelines" / "airflow"
sys.path.insert(0, str(OPERATOR))

import ser_operator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from ser_operator import SerOperator

# Counts the signals that it gets, and takes half a second to stop.
STOPS = """trap 'echo stopping >> "$0.log"; sleep 0.5; echo error: stopped by a signal; exit 143' TERM
echo $$ > "$0.pid"; while :; do sleep 0.1; done"""
STUBBORN = """trap '' TERM
echo $$ > "$0.pid"; while :; do sleep 0.1; done"""


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = pathlib.Path(folder.name) / "ser"

    def operator(self, script, **more):
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o755)
        return SerOperator(task_id="task", **{"arguments": ["extract", "a b.toml"], "ser": str(self.program)} | more)

    def pid(self):
        """The process of the program, as soon as it has begun."""
        file = pathlib.Path(f"{self.program}.pid")
        wait_for(lambda: file.exists() and file.read_text().strip())
        return int(file.read_text())


class ExitCodes(Case):
    def fails(self, script):
        with self.assertRaises(AirflowException) as caught:
            self.operator(script).execute({})
        return caught.exception

    def test_0_gives_the_last_line(self):
        said = self.operator("echo ingest: 3 utterances; echo extract: 3 rows").execute({})
        self.assertEqual(said, "extract: 3 rows")
        self.assertEqual(self.operator("exit 0").execute({}), "")

    def test_what_a_retry_cannot_mend_fails_at_once(self):
        for code in (2, 3, 5, 70):
            error = self.fails(f"exit {code}")
            self.assertIsInstance(error, AirflowFailException)
            self.assertIn(f"`ser extract` ended with exit code {code}", str(error))

    def test_all_else_may_be_tried_again(self):
        for script, said in {
            "exit 4": "ended with exit code 4",
            "exit 1": "ended with exit code 1",
            "exit 130": "was stopped",
            "exit 143": "was stopped",
            "kill -9 $$": "was killed by signal 9",
        }.items():
            error = self.fails(script)
            self.assertNotIsInstance(error, AirflowFailException)
            self.assertIn(f"`ser extract` {said}", str(error))

    def test_the_message_is_the_last_error_with_its_hint(self):
        error = self.fails(
            "echo 'error: first'; echo noise; echo 'error: no luck' >&2; echo 'hint: find some' >&2; exit 3"
        )
        self.assertEqual(str(error), "`ser extract` ended with exit code 3: error: no luck; hint: find some")
        self.assertTrue(str(self.fails("echo no error; echo at all; exit 3")).endswith(": at all"))


class Commands(Case):
    def test_words_are_passed_as_they_are(self):
        operator = self.operator('for word; do echo "<$word>"; done | tr -d "\\n"', flags=["--set", "x=$HOME 'y'"])
        self.assertEqual(operator.execute({}), "<extract><a b.toml><--set><x=$HOME 'y'>")

    def test_lines_of_a_json_log_keep_their_levels(self):
        script = """cat <<'END'
{"timestamp":"2026-11-28T04:30:00Z","level":"WARN","message":"refused","code":"not_audio"}
{"timestamp":"2026-11-28T04:30:00Z","level":"ERROR","message":"bad"}
{"no": "log"}
[1]
plain
error: no luck
END"""
        operator = self.operator(script)
        with mock.patch.object(SerOperator, "log") as log:
            operator.execute({})
        self.assertEqual(
            [(logging.getLevelName(call.args[0]), call.args[2]) for call in log.log.call_args_list],
            [
                ("WARNING", "refused code=not_audio"),
                ("ERROR", "bad"),
                ("INFO", '{"no": "log"}'),
                ("INFO", "[1]"),
                ("INFO", "plain"),
                ("ERROR", "error: no luck"),
            ],
        )

    def test_bytes_that_are_no_text_are_no_failure(self):
        self.assertEqual(self.operator("printf '\\377\\n'").execute({}), "\ufffd")

    def test_places_of_the_program(self):
        self.operator("exit 0")
        here, elsewhere = str(self.program), "/no/such/ser"
        package = types.SimpleNamespace(binary=lambda: self.program)
        with mock.patch.dict(os.environ, {"PATH": str(self.program.parent)}):
            os.environ.pop("SER_BIN", None)
            self.assertEqual(ser_operator.find(None), here)
        with mock.patch.dict(os.environ, {"SER_BIN": here, "PATH": ""}):
            self.assertEqual(ser_operator.find(None), here)
            with self.assertRaisesRegex(AirflowFailException, "no program `/no/such/ser` on this worker: .* SER_BIN"):
                ser_operator.find(elsewhere)
        with mock.patch.dict(os.environ, {"PATH": ""}), mock.patch.dict(sys.modules, {"ser_etl": package}):
            os.environ.pop("SER_BIN", None)
            self.assertEqual(ser_operator.find(None), here)


class Stops(Case):
    def test_one_signal_and_then_the_end_of_the_program(self):
        operator = self.operator(STOPS)
        errors = in_thread(operator.execute)
        pid = self.pid()
        operator.on_kill()
        self.assertFalse(is_alive(pid))
        [error] = errors()
        self.assertEqual(str(error), "`ser extract` was stopped: error: stopped by a signal")
        self.assertNotIsInstance(error, AirflowFailException)
        self.assertEqual(pathlib.Path(f"{self.program}.log").read_text(), "stopping\n")
        operator.on_kill()

    def test_a_program_that_does_not_stop_is_killed(self):
        operator = self.operator(STUBBORN)
        operator.SECONDS_TO_STOP = 0.3
        errors = in_thread(operator.execute)
        pid = self.pid()
        operator.on_kill()
        self.assertIn("was killed by signal 9", str(*errors()))
        self.assertFalse(is_alive(pid))

    def test_an_exception_in_the_task_stops_the_program(self):
        """As execution_timeout raises one."""
        operator = self.operator(STOPS)

        def interrupt(number, frame):
            raise TimeoutError

        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 1)
        with self.assertRaises(TimeoutError):
            operator.execute({})
        self.assertFalse(is_alive(self.pid()))
        self.assertEqual(pathlib.Path(f"{self.program}.log").read_text(), "stopping\n")

    @unittest.skipUnless(ser_operator.stops_with_parent(), "setpriv is missing")
    def test_a_killed_task_takes_the_program_with_it(self):
        self.operator(STOPS)
        task = f"SerOperator(task_id='task', arguments=['extract'], ser={str(self.program)!r}).execute({{}})"
        code = f"import sys; sys.path.insert(0, {str(OPERATOR)!r}); from ser_operator import SerOperator; {task}"
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid = self.pid()
        process.kill()
        process.wait()
        wait_for(lambda: not is_alive(pid))
        self.assertEqual(pathlib.Path(f"{self.program}.log").read_text(), "stopping\n")


def in_thread(execute):
    """Runs a task, and gives back a function that waits for it and tells what it raised."""
    errors = []

    def work():
        try:
            execute({})
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return lambda: thread.join() or errors


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(buffer=True)
