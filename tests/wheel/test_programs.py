"""The installed wheel without any other package: its programs, and running them. `make test-wheel` runs it."""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import io
import os
import pathlib
import pickle
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import unittest
from unittest import mock

import corpus
import ser_etl

STAGES = ["ingest", "extract", "split", "normalize", "train", "evaluate"]
NAMES = ["ser", *(f"ser-{stage}" for stage in STAGES)]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enter(tempfile.TemporaryDirectory()))
        # The log of `ser`, which would hide what the tests say.
        self.log = self.enter(contextlib.redirect_stderr(io.StringIO()))

    def enter(self, context):
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def refused(self, kind, *arguments, **named):
        with self.assertRaises(ser_etl.SerError) as caught:
            ser_etl.run(*arguments, **named)
        self.assertIs(type(caught.exception), kind, caught.exception)
        return caught.exception

    def instead(self, script):
        """Lets a shell script stand for `ser`."""
        program = self.folder / "program"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        self.enter(mock.patch("ser_etl.process.binary", lambda name: program))


class Programs(Case):
    def test_all_seven_start_and_are_those_of_this_environment(self):
        version = importlib.metadata.version("ser-etl")
        said = subprocess.run([ser_etl.binary(), "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, f"ser {version}\n")
        for name in NAMES:
            program = ser_etl.binary(name)
            self.assertEqual(program, pathlib.Path(sysconfig.get_path("scripts"), name).resolve())
            said = subprocess.run([program, "--help"], capture_output=True, text=True, check=True, env={}).stdout
            self.assertIn(f"Usage: {name.replace('-', ' ')} ", said)

    def test_they_need_glibc_2_28_at_most_and_are_small_enough_for_the_image(self):
        for name in NAMES:
            names = re.findall(rb"GLIBC_(\d+)\.(\d+)", ser_etl.binary(name).read_bytes())
            needed = max((int(major), int(minor)) for major, minor in names)
            self.assertLessEqual(needed, (2, 28), name)
        # The image may have 150 MB, and its base has less than 40.
        size = sum(ser_etl.binary(name).stat().st_size for name in NAMES)
        self.assertLess(size, 110e6)

    def test_a_name_that_is_none(self):
        with self.assertRaisesRegex(ValueError, "`ser-predict` is no program of ser-etl; legal are ser, ser-ingest, "):
            ser_etl.binary("ser-predict")

    def test_path_is_never_searched(self):
        other = self.folder / "ser"
        other.write_text("#!/bin/sh\n", encoding="utf-8")
        other.chmod(0o755)
        self.enter(mock.patch.dict(os.environ, PATH=str(self.folder)))
        self.enter(mock.patch("ser_etl.binaries._places", lambda name: [self.folder / "bin" / name]))
        with self.assertRaisesRegex(FileNotFoundError, "`ser` is not where this Python keeps it .*/bin/ser.*; install"):
            ser_etl.binary()

    def test_pip_install_target(self):
        wheel = os.environ["WHEEL"]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", self.folder, wheel], check=True)
        command = "import ser_etl; print(ser_etl.__file__, ser_etl.binary('ser-split'))"
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        said = subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
        )
        module, program = said.stdout.split()
        self.assertEqual(module, str(self.folder / "ser_etl" / "__init__.py"))
        self.assertEqual(program, str((self.folder / "bin" / "ser-split").resolve()))

    def test_types_are_announced(self):
        self.assertTrue(pathlib.Path(ser_etl.__file__).with_name("py.typed").exists())


class Demo(Case):
    def test_the_demo_that_the_wheel_brings(self):
        shipped = pathlib.Path(sysconfig.get_path("data"), "share", "ser-etl", "pipelines", "demo.toml")
        pipeline = self.folder / "pipelines" / "demo.toml"
        pipeline.parent.mkdir()
        shutil.copy(shipped, pipeline)
        subprocess.run(
            [ser_etl.binary(), "synth", self.folder / "runs" / "demo-corpus"], check=True, capture_output=True
        )
        said = ser_etl.run(pipeline)
        report = self.folder / "runs" / "demo" / "report.html"
        self.assertIn(f"report     {report.with_suffix('.md')}", said)
        self.assertIn("mlp", report.read_text(encoding="utf-8"))


class Run(Case):
    def test_a_run_a_stage_and_a_rerun(self):
        pipeline = corpus.make(self.folder)
        said = ser_etl.run(pipeline, stage="ingest")
        self.assertRegex(said, r"ingest +\S+ s +48 utterances, 4 speakers")
        self.assertIn('finished stage="ingest"', self.log.getvalue())
        self.assertFalse((self.folder / "out" / "features").exists())
        ser_etl.run(str(pipeline), flags=["--quiet"])
        self.assertTrue((self.folder / "out" / "report.html").exists())
        self.assertRegex(ser_etl.run(pipeline), "extract +up to date")

    def test_out_and_values_reach_the_pipeline_as_they_are(self):
        pipeline = corpus.make(self.folder)
        out = self.folder / "an 'other' [out]"
        settings = {
            "name": "7",
            "corpus.0.source": self.folder / "corpus",
            "corpus.0.labels": {"anger": "anger", "boredom": "-"},
            "train.deploy": True,
            "train.models": ["majority", "logistic"],
            "train.logistic.alpha": 1e-05,
            "split.test": 0.25,
            "seed": 3,
        }
        ser_etl.run(pipeline, out=out, set=settings)
        self.assertTrue((out / "models" / "majority" / "all").is_dir())
        text = (out / "report.md").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("# 7"), text[:80])
        self.assertNotIn("boredom |", text)
        with self.assertRaisesRegex(TypeError, "set: `seed` is a NoneType; wanted a text, a number"):
            ser_etl.run(pipeline, set={"seed": None})

    def test_errors_of_the_command_and_of_the_data(self):
        pipeline = corpus.make(self.folder)
        error = self.refused(ser_etl.ConfigError, pipeline, flags=["--no-such-flag"])
        self.assertEqual((error.code, error.command), (2, f"ser run {pipeline}"))
        self.assertRegex(error.message, "^error: unexpected argument '--no-such-flag' found; ")
        error = self.refused(ser_etl.ConfigError, pipeline, set={"split.tset": 0.3})
        self.assertIn("split.tset", error.message)
        nowhere = self.folder / "nowhere.toml"
        error = self.refused(ser_etl.ConfigError, nowhere)
        self.assertIn(str(nowhere), str(error))
        error = self.refused(ser_etl.InputError, pipeline, set={"corpus.0.source": "no-corpus"})
        self.assertIn("no-corpus", error.message)
        self.assertNotIn("\n", error.message)

    def test_a_locked_output(self):
        pipeline = corpus.make(self.folder)
        (self.folder / "out" / "run").mkdir(parents=True)
        with open(self.folder / "out" / "run" / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.refused(ser_etl.StorageError, pipeline).code, 4)

    def test_every_exit_code_has_its_error(self):
        kinds = {
            1: ser_etl.SerError,
            2: ser_etl.ConfigError,
            3: ser_etl.InputError,
            4: ser_etl.StorageError,
            5: ser_etl.GateError,
            70: ser_etl.BugError,
            130: ser_etl.StoppedError,
            143: ser_etl.StoppedError,
        }
        for code, kind in kinds.items():
            self.instead(f"echo note >&2; echo 'error: why' >&2; echo '  hint: do it' >&2; exit {code}")
            error = self.refused(kind, "p.toml")
            self.assertEqual((error.code, error.message), (code, "error: why; hint: do it"))
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), str(again)), (kind, str(error)))
            self.assertEqual(str(error), f"`ser run p.toml` ended with exit code {code}: error: why; hint: do it")

    def test_a_killed_process_and_one_that_says_nothing(self):
        self.instead("kill -KILL $$")
        error = self.refused(ser_etl.SerError, "p.toml")
        self.assertEqual((error.code, error.message), (137, "it printed nothing"))

    def test_much_output_on_both_sides(self):
        self.instead("seq 200000 >&2; seq 200000; printf '\\377'")
        self.assertEqual(ser_etl.run("p.toml").count("\n"), 200000)
        self.assertEqual(self.log.getvalue().count("\n"), 200000)

    def test_an_interrupt_stops_the_process(self):
        def interrupt(_number, _frame):
            raise KeyboardInterrupt

        self.instead(
            f"trap 'echo stopped > {self.folder}/stopped; exit 143' TERM; echo up >&2; while :; do sleep 0.05; done"
        )
        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 1)
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            ser_etl.run("p.toml")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual((self.folder / "stopped").read_text(encoding="utf-8"), "stopped\n")


class WithoutPolars(unittest.TestCase):
    def test_scan_says_what_is_missing(self):
        self.assertIsNone(importlib.util.find_spec("polars"), "these tests want an environment without Polars")
        with self.assertRaisesRegex(
            ImportError, r"scan needs Polars: `pip install polars`, or install ser-etl\[polars\]"
        ):
            ser_etl.scan("runs/demo", "features")


if __name__ == "__main__":
    unittest.main()
