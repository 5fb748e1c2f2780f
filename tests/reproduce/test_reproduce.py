"""A report made again without its pipeline file, as docs/REPRODUCING.md says. `make test-reproduce` runs it.

SER names the program.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "reproduce.py"
SER = os.path.abspath(os.environ["SER"])
# As many kinds of keys as one run can have: words of the user's with dots, quotes and digits, tables in lists, numbers.
UNUSUAL = r"""
name = "Grüße \"an\" alle"
seed = 4711
out = "../runs/old"
partition = "date"
memory_limit = 100000000

[[corpus]]
name = "eins-zwei"
source = "../audio"
pattern = '(?P<date>[0-9-]+)/(?P<speaker>spk\d+)_(?P<gender>female|male)_(?P<emotion>[^_]+)_(?P<text_id>s\d+)_r(?P<device>\d+)\.wav$'
exclude.speaker = ["spk09"]
[corpus.labels]
"0" = "neutral"
"z. B. \"Wut\"" = "anger"
sadness = "-"

[audio]
max_duration_s = 7.5

[augment]
speed = [0.9]

[features]
set = "own"
[features.sets.own]
frame.edges = "centre"
mfcc.preset = "kaldi"
log_mel.bands = 26
[[features.sets.own.groups]]
descriptors = ["mfcc"]
deltas = ["none", "d1"]
functionals = ["mean", "std"]
[[features.sets.own.groups]]
descriptors = ["log_mel"]
functionals = ["p05"]

[extract]
part_rows = 7
frames = true
max_reject_rate = 0.5

[split]
scheme = "group-k-fold"
folds = 3
dev = 0.2

[normalize]
method = "min-max"

[train]
models = ["logistic", "mlp"]
columns = ["!*_d1_std"]
seeds = 2
calibration = "temperature"
deploy = true
[train.mlp]
hidden = [8]
epochs = 5
l2 = 1e-9

[tune]
folds = 2
[tune.space]
train.logistic.inputs = [{}, { method = "pca", columns = 5 }]
train.mlp.hidden = [[8], [4, 4]]

[fusion]

[evaluate]
bootstrap = 100
slices = ["device"]

[tables]
delta = true
"""
GROWING = r"""
name = "growing"
out = "../runs/old"

[[corpus]]
name = "calls"
source = "../audio"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[split]
scheme = "group-k-fold"
folds = 3
frozen = "../runs/accepted.json"

[train]
models = ["naive-bayes"]
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        (self.home / "pipelines").mkdir()
        self.ser("synth", "all", "--speakers", "9", "--emotions", "anger,neutral,sadness")

    def call(self, *command):
        return subprocess.run(command, cwd=self.home, capture_output=True, text=True, encoding="utf-8")

    def ser(self, *arguments):
        done = self.call(SER, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def recordings(self, of_speakers, name):
        """Takes recordings of these speakers into the corpus, under the name that `name` makes of folder and file."""
        for path in sorted((self.home / "all").rglob("*.wav")):
            if int(path.parent.name[3:5]) in of_speakers:
                new = self.home / "audio" / name(path.parent.name, path.name)
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, new)

    def write(self, text):
        (self.home / "pipelines/calls.toml").write_text(text, "utf-8")

    def reproduce(self, *flags):
        """The steps of docs/REPRODUCING.md, from the folder that the first run was started in."""
        (self.home / "pipelines/calls.toml").unlink(missing_ok=True)
        done = self.call(sys.executable, str(SCRIPT), "runs/old")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (self.home / "old.toml").write_text(done.stdout, "utf-8")
        self.ser("run", "old.toml", "--out", "runs/again", *flags)

    def differing(self):
        """Paths whose bytes differ between both runs; records, which have times in them, are left out."""
        old, again = (files(self.home / "runs" / name) for name in ("old", "again"))
        return sorted(path for path in old.keys() | again.keys() if old.get(path) != again.get(path))

    def hashes(self, name):
        """Configuration and inputs of each stage."""
        records = [json.loads(path.read_text("utf-8")) for path in (self.home / "runs" / name / "run").glob("*.json")]
        return {record["stage"]: (record["config_hash"], record["inputs"]) for record in records if "stage" in record}


def files(run):
    paths = (path for path in run.rglob("*") if path.is_file() and path.relative_to(run).parts[0] != "run")
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


class Reproduce(Case):
    def test_unusual_keys(self):
        names = {"anger": 'z. B. "Wut"', "neutral": "0", "sadness": "sadness"}

        def name(folder, file):
            emotion, rest = file.split("_", 1)
            return f"2026-11-{int(folder[3:5]):02}/{folder}_{names[emotion]}_{rest}"

        self.recordings(range(1, 10), name)
        (self.home / "audio/2026-11-01/spk01_male_0_s01_r9.wav").write_text("no audio at all")
        self.write(UNUSUAL)
        self.ser("run", "pipelines/calls.toml")
        self.reproduce()
        self.assertEqual(self.differing(), [])
        self.assertIn("report.md", files(self.home / "runs/old"))
        self.assertEqual(self.hashes("old"), self.hashes("again"))
        self.assertNotIn("would run", self.ser("plan", "old.toml", "--out", "runs/old"))
        # The test can fail: another key makes another report.
        self.ser("run", "old.toml", "--out", "runs/again", "--set", "seed=1")
        self.assertIn("report.md", self.differing())

    def test_a_frozen_split_whose_accepted_run_is_another_by_now(self):
        def name(folder, file):
            return f"{folder}/{file}"

        self.write(GROWING)
        self.recordings(range(1, 7), name)
        self.ser("run", "pipelines/calls.toml", "--set", "split.frozen=")
        self.ser("accept", "runs/old")
        self.recordings(range(7, 9), name)
        shutil.copy(self.home / "all/spk09_male/anger_s01_r1.wav", self.home / "audio/spk01_male/anger_s01_r9.wav")
        [earlier] = self.home.glob("runs/accepted/*/splits.parquet")
        self.ser("run", "pipelines/calls.toml")
        # What accepted.json names from now on is a split of all speakers anew.
        self.ser("run", "pipelines/calls.toml", "--out", "runs/other", "--set", "split.frozen=", "--set", "seed=2")
        self.ser("accept", "runs/other")
        self.reproduce("--set", f"split.frozen={earlier}")
        self.assertEqual(self.differing(), [])
        self.assertEqual(self.hashes("old"), self.hashes("again"))
        # Without the earlier split, the run's own makes the same figures. Only what was new is not known.
        shutil.rmtree(self.home / "runs/again")
        self.reproduce()
        self.assertEqual(self.differing(), ["leakage.parquet", "report.html", "report.md", "splits.parquet"])
        self.assertIn("1 of 25 new utterances are left out", (self.home / "runs/old/report.md").read_text("utf-8"))

    def test_what_is_no_finished_run(self):
        (self.home / "runs/old/run").mkdir(parents=True)
        done = self.call(sys.executable, str(SCRIPT), "runs/old")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "runs/old/run/ingest.json is missing: runs/old is not the output of a finished run\n")


if __name__ == "__main__":
    unittest.main()
