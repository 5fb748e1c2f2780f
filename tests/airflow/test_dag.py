"""The DAG on a synthetic corpus, under the scheduler of a real Airflow. `make test-airflow` runs it.

SER names the program; WORK names a folder for what the tests write.
"""

import contextlib
import fcntl
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import types
import unittest
import urllib.error
import urllib.request
from urllib.parse import quote

ROOT = pathlib.Path(__file__).resolve().parents[2]
AIRFLOW = pathlib.Path(sys.executable).parent / "airflow"
SER = os.path.abspath(os.environ["SER"])
PIPELINE = r"""
name = "airflow"
out = "alone"

[[corpus]]
name = "synthetic"
source = "nowhere"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 8
max_reject_rate = 0.1

[train]
models = ["mlp"]

[train.mlp]
hidden = [16]
epochs = 20

[evaluate]
bootstrap = 200
"""
DATED = 'partition = "date"' + PIPELINE.replace("(?P<speaker>", "(?P<date>[0-9-]+)/(?P<speaker>")
# A DAG that a new report starts.
READER = """
from airflow.sdk import DAG, AssetAlias, task

with DAG("reader", schedule=[AssetAlias("ser-report")], is_paused_upon_creation=False):

    @task
    def read(triggering_asset_events):
        return [event.asset.uri for events in triggering_asset_events.values() for event in events]

    read()
"""
STAGES = ["ingest", "plan", "publish", "split", "normalize", "train", "evaluate"]


def setUpModule():
    global folder, work, environment
    folder = tempfile.TemporaryDirectory(dir=os.environ["WORK"])
    work = pathlib.Path(folder.name)
    (work / "pipeline.toml").write_text(PIPELINE)
    ser("synth", str(work / "corpus"), "--speakers", "6", "--repetitions", "2", "--emotions", "anger,neutral,sadness")
    (work / "dated.toml").write_text(DATED)
    for path in (work / "corpus").rglob("*.wav"):
        day = work / f"corpus-dated/2026-11-0{path.stem[-1]}/{path.parent.name}"
        day.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, day)
    environment = os.environ | settings()
    command("db", "migrate")
    # Those who read the database do not stop the one who writes it. The file keeps this setting.
    with contextlib.closing(sqlite3.connect(work / "home/airflow.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")


def tearDownModule():
    folder.cleanup()


def settings():
    """Airflow in a folder of its own, on free ports of this host. The DAG starts when a test says so and waits less."""
    dags = work / "dags"
    dags.mkdir()
    shutil.copy(ROOT / "pipelines/airflow/ser_operator.py", dags)
    text = (ROOT / "pipelines/airflow/ser_dag.py").read_text()
    for old, new in {
        'schedule="30 4 * * *"': "schedule=None",
        'retry_delay": timedelta(seconds=30)': 'retry_delay": 1',
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (dags / "ser_dag.py").write_text(text)
    (dags / "reader.py").write_text(READER)
    api, tasks, triggers = free_ports(3)
    return {
        # `airflow standalone` starts the others by name.
        "PATH": f"{AIRFLOW.parent}:{os.environ['PATH']}",
        "SER_BIN": SER,
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": str(work / "home"),
        # Seconds to wait for another one who writes; SQLite alone waits 5.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{work}/home/airflow.db?timeout=60",
        "AIRFLOW__API__EXPOSE_STACKTRACE": "True",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(tasks),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggers),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    }


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def ser(*arguments):
    done = subprocess.run([SER, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*arguments, code=0):
    """What a command of Airflow prints."""
    done = subprocess.run([AIRFLOW, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == code, (done.returncode, done.stdout[-4000:], done.stderr[-4000:])
    return done.stdout + done.stderr


def parameters(out, **more):
    given = {"pipeline": str(work / "pipeline.toml"), "source": str(work / "corpus"), "output": str(work / out)}
    return given | more


def call(method, path, body=None, tries=5):
    """What the API of Airflow answers. On SQLite, its server now and then fails where others write. A request that fails
    since the database was locked has changed nothing, nor has one that only reads: it is sent again."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {token()}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url(f"/api/v2{path}"), data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
        is_harmless = "database is locked" in said or (method == "GET" and error.code >= 500)
        if tries > 1 and is_harmless:
            print(f"{method} {path}: {error.code}: {said}; tried again. The end of the server's log:", file=sys.stderr)
            print((work / "standalone.log").read_text(errors="replace")[-4000:], file=sys.stderr)
            time.sleep(1)
            return call(method, path, body, tries - 1)
        raise OSError(f"{method} {path}: {error.code}: {said}") from error


@functools.cache
def token():
    with urllib.request.urlopen(url("/auth/token")) as answer:
        return json.load(answer)["access_token"]


def url(path):
    return f"http://127.0.0.1:{environment['AIRFLOW__API__PORT']}{path}"


class Run:
    """A run of the DAG that a test has started."""

    def __init__(self, out, date=None, **more):
        body = {"logical_date": date, "conf": parameters(out, **more)}
        self.id = call("POST", "/dags/ser/dagRuns", body)["dag_run_id"]
        self.path = f"/dags/ser/dagRuns/{quote(self.id)}"

    def tasks(self):
        """The tasks by name; those of extract have the name of their shard."""
        found = call("GET", f"{self.path}/taskInstances")["task_instances"]
        return {task["rendered_map_index"] or task["task_id"]: types.SimpleNamespace(**task) for task in found}

    def ends(self):
        def end():
            state = call("GET", self.path)["state"]
            return state if state in ("success", "failed") else None

        return wait_for(end, 300)

    def error(self, task):
        """The message of the exception that a task has ended with."""

        def raised():
            lines = call("GET", f"{self.path}/taskInstances/{task}/logs/1")["content"]
            return [line["error_detail"] for line in lines if line["event"] == "Task failed with exception"]

        [[error, *_]] = wait_for(raised)
        return error["exc_value"]


def wait_for(what, seconds=120):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
    return found


class CommandLine(unittest.TestCase):
    def test_files_are_read_without_a_word(self):
        said = command("dags", "reserialize")
        words = [line for line in said.splitlines() if "ser_dag" in line or "ser_operator" in line]
        self.assertEqual([line for line in words if re.search("warn|error|deprecat", line, re.IGNORECASE)], [])
        self.assertIn("No data found", command("dags", "list-import-errors"))

    def test_a_run_and_a_run_that_fails(self):
        good = json.dumps(parameters("cli"))
        command("dags", "test", "ser", "2026-11-26", "--conf", good)
        self.assertTrue((work / "cli/report.html").is_file())
        bad = json.dumps(parameters("cli-bad", source="/no/such/folder"))
        said = command("dags", "test", "ser", "2026-11-26", "--conf", bad, code=1)
        self.assertIn(
            "`ser ingest` ended with exit code 3: error: corpus `synthetic`: `/no/such/folder` does not exist", said
        )


class Scheduler(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        log = (work / "standalone.log").open("wb")
        cls.addClassCleanup(log.close)
        airflow = subprocess.Popen(
            [AIRFLOW, "standalone"], env=environment, stdout=log, stderr=log, start_new_session=True
        )
        cls.addClassCleanup(airflow.wait)
        cls.addClassCleanup(os.killpg, airflow.pid, signal.SIGKILL)
        try:
            wait_for(is_ready, 300)
        except AssertionError:
            sys.stderr.write((work / "standalone.log").read_text(errors="replace")[-8000:])
            raise
        call("PATCH", "/dags/ser", {"is_paused": False})

    def assert_green(self, run, retried=()):
        self.assertEqual(run.ends(), "success")
        tasks = run.tasks()
        self.assertEqual({name for name, task in tasks.items() if task.state != "success"} - {"gate", "accept"}, set())
        self.assertEqual({name for name, task in tasks.items() if task.try_number != 1}, set(retried))

    def assert_fails_at_once(self, run, name, message):
        self.assertEqual(run.ends(), "failed")
        task = run.tasks()[name]
        self.assertEqual((task.state, task.try_number), ("failed", 1))
        self.assertIn(message, run.error(name))

    def test_a_run_of_a_day_and_a_rerun_that_does_nothing(self):
        first = Run("green/date={date}", "2026-11-01T04:30:00Z", accept=True)
        self.assert_green(first)
        tasks = first.tasks()
        self.assertEqual(sorted(tasks), sorted([*STAGES, "1/2", "2/2", "shards", "gate", "accept"]))
        self.assertEqual([tasks[name].state for name in ("gate", "accept")], ["skipped", "success"])
        out = work / "green/date=2026-11-01"
        self.assertIn("none is missing or has changed", ser("verify", str(out)))
        events = call("GET", "/assets/events?order_by=timestamp")["asset_events"]
        uris = [event["uri"] for event in events if event["source_run_id"] == first.id]
        self.assertEqual(uris, [f"file://{out}/features", f"file://{out}/report.html"])
        wait_for(lambda: f"file://{out}/report.html" in read_by_reader())

        before = files(out)
        again = Run("green/date=2026-11-01", reference=str(work / "green/accepted.json"))
        self.assert_green(again)
        tasks = again.tasks()
        self.assertEqual([tasks[name].state for name in ("gate", "accept")], ["success", "skipped"])
        self.assertEqual(files(out), before)
        for stage in ("ingest", "publish", "split", "normalize", "train"):
            self.assertIn(" up to date ", returned(again.path, stage))

    def test_a_bad_file(self):
        corpus = work / "corpus-bad"
        shutil.copytree(work / "corpus", corpus)
        (corpus / "spk01_male" / "anger_s01_r9.wav").write_text("no audio at all")
        below = Run("bad", source=str(corpus))
        self.assert_green(below)
        self.assertIn("72 rows of 28 features, 1 reject", returned(below.path, "publish"))
        above = Run("worse", source=str(corpus), set=["extract.max_reject_rate=0.01"])
        self.assert_fails_at_once(above, "publish", "ended with exit code 3: error: 1 of 73 utterances were refused")
        self.assertEqual(above.tasks()["split"].state, "upstream_failed")

    def test_an_output_that_is_locked_at_first(self):
        lock = work / "locked/run/lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            run = Run("locked")
            wait_for(lambda: run.tasks()["ingest"].state == "up_for_retry")
        self.assert_green(run, retried=["ingest"])
        self.assertIn("`ser ingest` ended with exit code 4: error: ", run.error("ingest"))

    def test_a_gate_that_fails(self):
        source = f"corpus.0.source={work / 'corpus'}"
        ser("run", str(work / "pipeline.toml"), "--set", source, "--out", str(work / "reference"))
        ser("accept", str(work / "reference"))
        accepted = work / "accepted.json"
        before = accepted.read_bytes()
        worse = Run("gated", reference=str(accepted), accept=True, set=["train.mlp.epochs=1"])
        self.assert_fails_at_once(worse, "gate", "`ser compare` ended with exit code 5: error: ")
        self.assertEqual(worse.tasks()["accept"].state, "upstream_failed")
        self.assertEqual(accepted.read_bytes(), before)

    def test_the_recordings_of_one_day(self):
        dated = {"pipeline": str(work / "dated.toml"), "source": str(work / "corpus-dated"), "day_only": True}
        run = Run("dated", "2026-11-02T04:30:00Z", **dated)
        self.assert_green(run)
        self.assertIn("36 utterances", returned(run.path, "ingest"))
        self.assertEqual([path.name for path in (work / "dated/features").iterdir()], ["date=2026-11-02"])

    def test_a_task_that_is_stopped(self):
        long = Run("stopped", set=["train.mlp.epochs=100000", "train.mlp.hidden=[512]"])
        pid = wait_for(lambda: process("train", work / "stopped"))
        call("PATCH", f"{long.path}/taskInstances/train", {"new_state": "failed"})
        wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 15)
        self.assertEqual(long.ends(), "failed")
        self.assertIn("`ser train` was stopped", long.error("train"))
        with (work / "stopped/run/lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.assertEqual([path for path in files(work / "stopped") if "predictions" in path or "tmp" in path], [])
        next_run = Run("stopped")
        self.assert_green(next_run)
        self.assertIn(" up to date ", returned(next_run.path, "normalize"))
        self.assertIn("none is missing or has changed", ser("verify", str(work / "stopped")))


def is_ready():
    """Whether Airflow answers and knows the DAG."""
    try:
        return call("GET", "/dags/ser")
    except OSError:
        return None


def read_by_reader():
    """The reports whose assets have started the other DAG."""
    runs = call("GET", "/dags/reader/dagRuns")["dag_runs"]
    ids = [quote(run["dag_run_id"]) for run in runs if run["state"] == "success"]
    return [uri for id in ids for uri in returned(f"/dags/reader/dagRuns/{id}", "read")]


def returned(run, task):
    """What a task has returned."""
    return call("GET", f"{run}/taskInstances/{task}/xcomEntries/return_value?stringify=false")["value"]


def files(out):
    """The files of a run, and when they were written."""
    found = {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    return {path: time for path, time in found.items() if path not in ("run/lock", "run/parts.json")}


def process(stage, out):
    """The process that does a stage for an output."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[:2] == [SER.encode(), stage.encode()] and str(out).encode() in words:
                return int(folder.name)
    return None


if __name__ == "__main__":
    unittest.main()
