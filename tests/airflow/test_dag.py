"""The DAG on a synthetic corpus, under the scheduler of a real Airflow. `make test-airflow` runs it.

SER names the program; WORK names a folder for what the tests write.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest
import urllib.request

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
STAGES = ["ingest", "plan", "publish", "split", "normalize", "train", "evaluate"]


def setUpModule():
    global folder, work, environment, airflow
    folder = tempfile.TemporaryDirectory(dir=os.environ["WORK"])
    work = pathlib.Path(folder.name)
    (work / "pipeline.toml").write_text(PIPELINE)
    ser("synth", str(work / "corpus"), "--speakers", "6", "--repetitions", "2", "--emotions", "anger,neutral,sadness")
    environment = os.environ | settings()
    command("db", "migrate")
    airflow = None


def tearDownModule():
    folder.cleanup()


def settings():
    """Airflow in a folder of its own, on free ports of this host, with the DAG as it is but for a shorter pause."""
    dags = work / "dags"
    dags.mkdir()
    shutil.copy(ROOT / "pipelines/airflow/ser_operator.py", dags)
    text = (ROOT / "pipelines/airflow/ser_dag.py").read_text()
    assert text.count("timedelta(seconds=30)") == 1
    (dags / "ser_dag.py").write_text(text.replace("timedelta(seconds=30)", "timedelta(seconds=1)"))
    api, tasks, triggers = free_ports(3)
    return {
        "SER_BIN": SER,
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": str(work / "home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(tasks),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggers),
        # Only what a test starts.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
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
        self.assertIn("ser_dag.py", command("dags", "list", "--output", "plain"))

    def test_a_run_and_a_run_that_fails(self):
        command("dags", "reserialize")
        good = json.dumps(parameters("cli"))
        command("dags", "test", "ser", "2026-11-26", "--conf", good)
        self.assertTrue((work / "cli/report.html").is_file())
        bad = json.dumps(parameters("cli-bad", source="/no/such/folder"))
        said = command("dags", "test", "ser", "2026-11-26", "--conf", bad, code=1)
        self.assertIn("`ser ingest` ended with exit code 3: error: corpus `synthetic`: `/no/such/folder` does not exist", said)


class Scheduler(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.log = (work / "standalone.log").open("wb")
        cls.addClassCleanup(cls.log.close)
        cls.airflow = subprocess.Popen(
            [AIRFLOW, "standalone"], env=environment, stdout=cls.log, stderr=cls.log, start_new_session=True
        )
        cls.addClassCleanup(cls.stop)
        cls.token = wait_for(login)
        wait_for(lambda: call("GET", "/dags/ser", fine=(200, 404)).get("dag_id"))
        call("PATCH", "/dags/ser", {"is_paused": False})

    @classmethod
    def stop(cls):
        cls.airflow.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            cls.airflow.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(cls.airflow.pid, signal.SIGKILL)
        cls.airflow.wait()
