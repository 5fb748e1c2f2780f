"""The Spark drivers against `ser` alone: the same bytes, whatever dies on the way. `make test-spark` runs it.

SER names the program; SAIL names the folder of the environment with pysail.
"""

import contextlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import types
import unittest
import wave
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVERS = ROOT / "pipelines" / "spark"
SER = os.path.abspath(os.environ["SER"])
SAIL = pathlib.Path(os.environ["SAIL"]).absolute()
# Executors start the Python of the tests.
os.environ["PYSPARK_PYTHON"] = sys.executable
sys.path.insert(0, str(DRIVERS))

from pyspark.sql import SparkSession

import extract
import predict
import ser_task

CLUSTER = "local-cluster[2,1,1024]"
PIPELINE = r"""
name = "spark"
out = "alone"

[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 16
max_reject_rate = 0.1

[train]
models = ["mlp", "majority"]
deploy = true

[train.mlp]
hidden = [16]
epochs = 5

[evaluate]
bootstrap = 200
"""
# A `ser` that writes down which parts it begins, by which worker, and may then do something else.
WRAPPER = """#!/bin/sh
name=
for word; do [ "$before" = --part ] && name=$word; before=$word; done
if [ -n "$name" ]; then
    echo "$name $PPID $$" >> {log}
    {then}
fi
exec {ser} "$@"
"""
LONG, POISON = "spk20_female/anger_s01_r1.wav", "spk21_male/anger_s01_r1.wav"


def setUpModule():
    global folder, work, spark
    folder = tempfile.TemporaryDirectory()
    work = pathlib.Path(folder.name)
    (work / "pipeline.toml").write_text(PIPELINE)
    flags = ["--speakers", "9", "--sentences", "2", "--repetitions", "3", "--emotions", "anger,neutral,sadness"]
    ser("synth", "corpus", *flags)
    make_long_file(work / "corpus" / LONG)
    (work / "corpus" / POISON).parent.mkdir()
    (work / "corpus" / POISON).write_text("no audio at all")
    ser("run", "pipeline.toml")
    builder = SparkSession.builder.master(CLUSTER)
    for key, value in settings().items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")


def tearDownModule():
    spark.stop()
    folder.cleanup()


def settings():
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(work / "spark"),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
    }


def ser(*arguments):
    done = subprocess.run([SER, *arguments], cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_long_file(path):
    """Five minutes of what the others say, as long as all of them together."""
    sounds = []
    for source in sorted((work / "corpus").rglob("*.wav")):
        with wave.open(str(source)) as file:
            sounds.append(file.readframes(file.getnframes()))
    path.parent.mkdir()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"".join(sounds)[: 2 * 16000 * 300])


def results(out):
    """Every result by its path; what lies under run/ is no result."""
    files = [path for path in (work / out).rglob("*") if path.is_file()]
    found = {str(path.relative_to(work / out)): path.read_bytes() for path in files}
    return {path: data for path, data in found.items() if not path.startswith("run/")}


def wait_for(what, seconds=120):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found


def environment(**variables):
    """That of a process of its own; this one's session has left its mark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    return kept | variables


class Wrapped:
    """A wrapped `ser`, and what it has begun."""

    def __init__(self, name, then=":"):
        self.path, self.log = work / name, work / f"{name}.log"
        self.path.write_text(WRAPPER.format(log=self.log, ser=SER, then=then))
        self.path.chmod(0o755)

    def starts(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        starts = [line.split() for line in lines]
        return [types.SimpleNamespace(part=part, worker=worker, pid=int(pid)) for part, worker, pid in starts]


class Case(unittest.TestCase):
    maxDiff = None

    def assert_same_as_alone(self, out):
        alone, other = results("alone"), results(out)
        self.assertEqual(sorted(alone), sorted(other))
        self.assertEqual([path for path in alone if alone[path] != other[path]], [])
        self.assertIn("report.html", alone)
        self.assertGreater(sum(path.startswith("features/") for path in alone), 5)

    def extract(self, out, program, *flags):
        extract.main([str(work / "pipeline.toml"), "--out", str(work / out), "--ser", str(program), *flags])


class Extract(Case):
    def test_same_bytes_with_a_poison_file_and_the_long_file_first(self):
        wrapped = Wrapped("plain")
        self.extract("plain-out", wrapped.path)
        self.assert_same_as_alone("plain-out")
        rejects = table(work / "plain-out" / "rejects.parquet")
        self.assertEqual([(row["path"], row["code"]) for row in rejects], [(POISON, "not_audio")])
        starts = wrapped.starts()
        self.assertEqual(len({start.part for start in starts}), len(starts))
        by_worker = {}
        for start in starts:
            by_worker.setdefault(start.worker, []).append(start.part)
        [firsts] = [parts for parts in by_worker.values() if self.long_part() in parts]
        self.assertEqual(firsts[0], self.long_part())

    def long_part(self):
        parts = json.loads(ser("plan", "pipeline.toml", "--out", "fresh", "--format", "json"))["parts"]
        if parts is None:
            ser("ingest", "pipeline.toml", "--out", "fresh")
            return self.long_part()
        return max(parts["pending"], key=lambda part: part["bytes"])["name"]

    def test_fewer_tasks_than_parts_and_then_nothing_to_do(self):
        wrapped = Wrapped("few")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.extract("few-out", wrapped.path, "--tasks", "3")
        self.assertIn("in 3 tasks", said.getvalue())
        self.assertEqual(len(wrapped.starts()), 3)
        self.assert_same_as_alone("few-out")
        self.extract("few-out", wrapped.path)
        self.assertEqual(len(wrapped.starts()), 3)

    def test_a_killed_executor(self):
        gate = work / "gate"
        wrapped = Wrapped("killed", f"while [ ! -e {gate} ]; do sleep 0.1; done")
        problems = []

        def kill():
            try:
                wait_for(lambda: len(wrapped.starts()) >= 2)
                executor, running = next((jvm, mine) for jvm in executors() if (mine := below(jvm, wrapped.starts())))
                os.kill(executor, signal.SIGKILL)
                # Nothing of the dead executor works on.
                wait_for(lambda: not any(is_alive(start.pid) for start in running))
            except BaseException as problem:
                problems.append(problem)
            gate.touch()

        thread = threading.Thread(target=kill)
        thread.start()
        self.extract("killed-out", wrapped.path)
        thread.join()
        self.assertEqual(problems, [])
        parts = [start.part for start in wrapped.starts()]
        self.assertEqual(len(parts) - len(set(parts)), 1, "one part was begun twice")
        self.assert_same_as_alone("killed-out")

    def test_a_process_and_a_worker_that_die_are_retried(self):
        first, second, survived = work / "first", work / "second", work / "survived"
        itself = f"mkdir {first} 2>&- && kill -9 $$"
        its_worker = f"mkdir {second} 2>&- && kill -9 $PPID && sleep 2 && touch {survived}"
        wrapped = Wrapped("dies", f"{itself}; {its_worker}")
        self.extract("dies-out", wrapped.path)
        self.assertTrue(first.exists() and second.exists())
        self.assertFalse(survived.exists(), "the process of a killed worker went on")
        parts = [start.part for start in wrapped.starts()]
        self.assertEqual(len(parts) - len(set(parts)), 2)
        self.assert_same_as_alone("dies-out")

    def test_what_ser_says_is_in_the_error_of_the_job(self):
        wrapped = Wrapped("fails", "echo noise >&2; echo 'error: no luck' >&2; echo 'hint: find some' >&2; exit 3")
        arguments = [str(work / "pipeline.toml"), "--out", str(work / "fails-out"), "--ser", str(wrapped.path)]
        stderr = io.StringIO()
        with mock.patch.object(sys, "argv", ["extract.py", *arguments]), contextlib.redirect_stderr(stderr):
            with self.assertRaises(SystemExit) as end:
                ser_task.driver(extract.main)
        self.assertEqual(end.exception.code, 3)
        self.assertRegex(stderr.getvalue(), "ended with exit code 3: error: no luck; hint: find some\n$")
        parts = [start.part for start in wrapped.starts()]
        self.assertEqual(max(parts.count(part) for part in parts), 4, "Spark tries a task four times")

    def test_the_program_of_an_archive(self):
        inside = Wrapped("archived")
        with tarfile.open(work / "ser.tar.gz", "w:gz") as archive:
            archive.add(inside.path, "ser")
        command = [pathlib.Path(sys.executable).with_name("spark-submit"), "--master", CLUSTER]
        for key, value in settings().items():
            command += ["--conf", f"{key}={value}"]
        command += ["--archives", f"{work}/ser.tar.gz#ser"]
        command += [DRIVERS / "extract.py", "pipeline.toml", "--out", "archive-out"]
        # The driver finds its own on PATH.
        path = f"{pathlib.Path(SER).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, env=environment(PYSPARK_PYTHON=sys.executable, PATH=path)
        )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertGreater(len(inside.starts()), 5)
        self.assert_same_as_alone("archive-out")


class Predict(Case):
    @classmethod
    def setUpClass(cls):
        cls.model = work / "alone" / "models" / "mlp" / "all"
        ser("predict", str(cls.model), "corpus", "--out", "predicted", "--max-reject-rate", "1")
        rows = table(work / "predicted" / "inferences.parquet")
        cls.alone = {f"{work}/corpus/{row.pop('path')}": row for row in rows}
        cls.files = [str(path) for path in sorted((work / "corpus").rglob("*.wav"))]
        # `ser` gives one row to a file that has two names; a table has a row for each.
        link, target = work / "link.wav", cls.files[0]
        if not link.exists():
            link.symlink_to(target)
        cls.alone[str(link)] = cls.alone[target]
        cls.files.append(str(link))

    def expected(self, path):
        answer = {name: value for name, value in self.alone[path].items() if name != "speaker"}
        return {"path": path, **answer, "reject": None, "message": None}

    def test_same_values_and_a_row_for_each_row(self):
        odd = [None, f"{work}/nowhere.wav", f"{work}/corpus/spk01_male", "gopher://a/b.wav", self.files[1], "./" + LONG]
        wrapped = Wrapped("scores")
        write_table(work / "paths.parquet", self.files + odd)
        flags = ["--to", str(work / "scored"), "--files", "30", "--ser", str(wrapped.path)]
        with contextlib.chdir(work / "corpus"):
            predict.main([str(self.model), str(work / "paths.parquet"), *flags])
        rows = table(work / "scored")
        self.assertEqual(sorted(str(row["path"]) for row in rows), sorted(map(str, self.files + odd)))
        refused = {row["path"]: row["reject"] for row in rows if row["reject"]}
        poison = f"{work}/corpus/{POISON}"
        codes = [None, "missing_path"], [odd[1], "missing_file"], [odd[2], "not_a_file"], [odd[3], "bad_path"]
        self.assertEqual(refused, dict(codes) | {poison: "not_audio"})
        for row in rows:
            if row["reject"]:
                values = {name: value for name, value in row.items() if name not in ("path", "reject", "message")}
                self.assertEqual(set(values.values()), {None})
            else:
                path = row["path"].replace("./", f"{work}/corpus/")
                self.assertEqual(row | {"path": path}, self.expected(path))

    def test_a_model_that_needs_whole_speakers_is_refused(self):
        by_speaker = ["--set", "normalize.scope=speaker", "--set", "train.models=[\"mlp\"]", "--out", "by-speaker"]
        # The speakers of the long and of the poison file have too few utterances.
        filters = ["--set", 'corpus.0.exclude={speaker=["spk20","spk21"]}']
        ser("run", "pipeline.toml", *by_speaker, *filters)
        write_table(work / "some.parquet", self.files[:3])
        with self.assertRaisesRegex(ser_task.SerFailed, "needs whole speakers") as refusal:
            model = work / "by-speaker" / "models" / "mlp" / "all"
            predict.main([str(model), str(work / "some.parquet"), "--to", str(work / "none"), "--ser", SER])
        self.assertEqual(refusal.exception.code, 2)

    def test_a_csv_its_column_and_an_empty_table(self):
        (work / "paths.csv").write_text("file,other\n" + "".join(f"{path},x\n" for path in self.files[:4]))
        flags = ["--column", "file", "--to", str(work / "csv"), "--ser", SER]
        predict.main([str(self.model), str(work / "paths.csv"), *flags])
        self.assertEqual({row["path"] for row in table(work / "csv")}, set(self.files[:4]))
        write_table(work / "empty.parquet", [])
        predict.main([str(self.model), str(work / "empty.parquet"), "--to", str(work / "empty"), "--ser", SER])
        self.assertEqual(table(work / "empty"), [])
        with self.assertRaisesRegex(ser_task.SerFailed, "no column `path`; name one of file, other by --column"):
            predict.main([str(self.model), str(work / "paths.csv"), "--to", str(work / "none"), "--ser", SER])


class OtherEngines(Predict):
    """Both drivers in a process of their own, under Spark Connect and under Sail."""

    test_same_values_and_a_row_for_each_row = None
    test_a_model_that_needs_whole_speakers_is_refused = None
    test_a_csv_its_column_and_an_empty_table = None

    def test_spark_connect(self):
        self.run_both("connect", sys.executable, environment(PYSPARK_PYTHON=sys.executable, SPARK_REMOTE="local[2]"))

    def test_sail(self):
        port = free_port()
        server = subprocess.Popen(
            [SAIL / "bin" / "sail", "spark", "server", "--port", str(port)],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: is_open(port))
            python, variables = SAIL / "bin" / "python", environment(SPARK_REMOTE=f"sc://127.0.0.1:{port}")
            # Nothing is tried again, but what is staged is kept for the next run.
            dies = Wrapped("sail-dies", f"mkdir {work}/sail-died 2>&- && kill -9 $$")
            call = [DRIVERS / "extract.py", "pipeline.toml", "--out", "sail-out", "--ser", str(dies.path)]
            failed = subprocess.run([python, *call], cwd=work, capture_output=True, text=True, env=variables)
            self.assertEqual(failed.returncode, 1)
            self.assertIn("ended with signal 9", failed.stderr)
            self.run_both("sail", python, variables)
        finally:
            server.kill()
            server.wait()

    def run_both(self, name, python, variables):
        wrapped = Wrapped(f"{name}-ser")
        program = ["--ser", str(wrapped.path)]
        calls = [
            [DRIVERS / "extract.py", "pipeline.toml", "--out", f"{name}-out", *program],
            [DRIVERS / "predict.py", self.model, work / "paths.csv", "--to", work / name, "--files", "50", *program],
        ]
        (work / "paths.csv").write_text("path\n" + "".join(f"{path}\n" for path in self.files))
        for call in calls:
            done = subprocess.run([python, *call], cwd=work, capture_output=True, text=True, env=variables)
            self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertGreater(len(wrapped.starts()), 0)
        self.assert_same_as_alone(f"{name}-out")
        rows = table(work / name)
        self.assertEqual(sorted(row["path"] for row in rows), sorted(self.files))
        [(poison, code)] = [(row["path"], row["reject"]) for row in rows if row["reject"]]
        self.assertEqual((poison, code), (f"{work}/corpus/{POISON}", "not_audio"))
        for row in rows:
            if not row["reject"]:
                self.assertEqual(row, self.expected(row["path"]))


class Words(unittest.TestCase):
    def test_parts_are_spread_by_bytes_the_largest_first(self):
        sizes = {"a": 1, "b": 9, "c": 4, "d": 3, "e": 4}
        parts = [{"name": name, "bytes": size} for name, size in sizes.items()]
        self.assertEqual(extract.spread(parts), [["b"], ["c"], ["e"], ["d"], ["a"]])
        self.assertEqual(extract.spread(parts, 2), [["c", "e", "d"], ["b", "a"]])
        self.assertEqual(len(extract.spread(parts, 50)), 5)

    def test_paths_do_not_depend_on_the_working_directory(self):
        here = os.getcwd()
        cases = {
            "corpus.0.source=data": f'corpus.0.source="{here}/data"',
            "corpus.12.manifest='/a b.csv'": 'corpus.12.manifest="/a b.csv"',
            "out=s3://bucket/x": 'out="s3://bucket/x"',
            "corpus.0.preset=ravdess": "corpus.0.preset=ravdess",
            "corpus.0.preset=mine.toml": f'corpus.0.preset="{here}/mine.toml"',
            "split.test=0.3": "split.test=0.3",
            "nonsense": "nonsense",
        }
        for given, wanted in cases.items():
            self.assertEqual(extract.absolute_assignment(given), wanted)
        places = {
            "a//b/../c.wav": "/here/a/c.wav",
            "//a.wav": "/a.wav",
            "file:///a.wav": "/a.wav",
            "file:/a.wav": "/a.wav",
            "s3a://bucket/a//./b.wav": "s3://bucket/a/b.wav",
        }
        for given, wanted in places.items():
            self.assertEqual(predict.place("/here", given), wanted)

    def test_a_locked_output_is_waited_for_and_other_failures_are_not(self):
        codes = [4, 4, 3]
        locked = lambda *_: (_ for _ in ()).throw(ser_task.SerFailed("no", codes.pop(0)))
        with mock.patch.object(ser_task, "run", locked), mock.patch.object(extract.time, "sleep") as slept:
            with self.assertRaises(ser_task.SerFailed) as failed:
                extract.when_free(None, ["run"])
        self.assertEqual((failed.exception.code, slept.call_count), (3, 2))

    def test_the_program_is_that_of_the_archive_then_of_the_wheel_then_of_the_path(self):
        with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
            places = [pathlib.Path(place) / folder / "ser" for folder in ("on-path", "wheel", "ser")]
            python = str(places[1].with_name("python"))
            with mock.patch.dict(os.environ, PATH=str(places[0].parent)), mock.patch.object(sys, "executable", python):
                for program in places:
                    program.parent.mkdir()
                    program.touch(0o755)
                    self.assertEqual(ser_task.find(), str(program))
                self.assertEqual(ser_task.find("wheel/ser"), str(places[1]))

    def test_warnings_reach_the_log(self):
        with tempfile.TemporaryDirectory() as place, contextlib.redirect_stderr(io.StringIO()) as stderr:
            program = pathlib.Path(place) / "ser"
            program.write_text("#!/bin/sh\necho $*; echo WARN odd >&2\n")
            program.chmod(0o755)
            self.assertEqual(ser_task.run(str(program), ["run", "x"]), "run x\n")
        self.assertEqual(stderr.getvalue(), "WARN odd\n")

    def test_a_missing_program_is_named(self):
        with self.assertRaisesRegex(ser_task.SerFailed, "no program `ser` on host .*/nowhere/ser"):
            ser_task.run("/nowhere/ser", ["plan"])

    def test_the_last_words(self):
        self.assertEqual(ser_task.last_words("a\nerror: b\nhint: c\n"), "error: b; hint: c")
        self.assertEqual(ser_task.last_words("a\nb\n\n"), "b")
        self.assertEqual(ser_task.last_words(""), "it printed nothing")


def table(path):
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pylist()


def write_table(path, paths):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"path": pa.array(paths, pa.string()), "row": pa.array(range(len(paths)))}), path)


def executors():
    """The executors of this session, by the id of its application."""
    marks = [b"CoarseGrainedExecutorBackend", spark.sparkContext.applicationId.encode()]
    processes = [path for path in pathlib.Path("/proc").iterdir() if path.name.isdigit()]
    return [int(path.name) for path in processes if all(mark in content(path / "cmdline") for mark in marks)]


def below(ancestor, starts):
    return [start for start in starts if ancestor in ancestors(start.pid)]


def ancestors(pid):
    while pid > 1:
        yield pid
        stat = content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        pid = int(stat[1]) if stat else 0


def is_alive(pid):
    state = content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return bool(state) and state[0] != b"Z"


def content(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:
        return b""


def free_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_open(port):
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    unittest.main()
