"""The crontab and the systemd units, as cron and systemd would run them, on synthetic speech. `make test-cron` runs it.

SER names the program.
"""

import configparser
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

CRON = pathlib.Path(__file__).resolve().parents[2] / "pipelines" / "cron"
SER = os.path.abspath(os.environ["SER"])
PIPELINE = r"""
name = "calls"
out = "../runs/calls"

[[corpus]]
name = "synthetic"
source = "../audio"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[split]
frozen = "../runs/accepted.json"

[train]
models = ["mlp"]

[train.mlp]
hidden = [16]
epochs = 20

[evaluate]
bootstrap = 200
"""


class Case(unittest.TestCase):
    """A folder in place of /srv/ser, and its `bin` in place of /usr/local/bin."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        for name in ("bin", "pipelines", "metrics"):
            (self.home / name).mkdir()
        (self.home / "bin/ser").symlink_to(SER)
        shutil.copy(CRON / "ser-cron", self.home / "bin")
        (self.home / "pipelines/calls.toml").write_text(PIPELINE)
        flags = ["--speakers", "6", "--repetitions", "2", "--emotions", "anger,neutral,sadness"]
        self.ser("synth", "audio", *flags)
        self.ser("run", "pipelines/calls.toml", "--out", "runs/first", "--set", "split.frozen=")
        self.ser("accept", "runs/first")

    def ser(self, *arguments):
        done = subprocess.run([SER, *arguments], cwd=self.home, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def here(self, text):
        """What a person has changed to paste it: the folders."""
        return text.replace("/srv/ser", str(self.home)).replace("/usr/local/bin", str(self.home / "bin"))

    def assert_metrics(self, name):
        self.assertIn("ser_run_exit_code", (self.home / "metrics" / name).read_text())

    def accepted(self):
        return (self.home / "runs/accepted.json").read_text()

    def new_recordings(self):
        """Of a new speaker."""
        self.ser("synth", "more", "--speakers", "7", "--repetitions", "1", "--emotions", "anger,neutral,sadness")
        (self.home / "more/spk07_male").rename(self.home / "audio/spk07_male")

    def fewer_epochs(self):
        """Makes the model worse."""
        path = self.home / "pipelines/calls.toml"
        path.write_text(path.read_text().replace("epochs = 20", "epochs = 1"))


class Crontab(Case):
    def setUp(self):
        super().setUp()
        lines = self.here((CRON / "crontab").read_text()).splitlines()
        lines = [line for line in lines if line and not line.startswith("#")]
        pairs = [line.split("=", 1) for line in lines if re.match(r"\w+=", line)]
        self.environment = {"HOME": str(self.home), "LOGNAME": "ser", "SHELL": "/bin/sh"} | dict(pairs)
        self.growing, self.daily = (line for line in lines if not re.match(r"\w+=", line))

    def run_line(self, line):
        """As cron does it: five fields of time, then a command with `\\%` for `%`, in an almost empty environment."""
        *times, command = line.split(maxsplit=5)
        self.assertTrue(all(re.fullmatch(r"\*|\d+", field) for field in times), times)
        self.assertNotRegex(command, r"(?<!\\)%")
        return subprocess.run(
            ["/bin/sh", "-c", command.replace("\\%", "%")],
            cwd="/",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def assert_quiet(self, done):
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def assert_paragraph(self, done, code, *words):
        """One line, which tells everything."""
        self.assertEqual(done.returncode, code, done.stdout)
        self.assertEqual(done.stdout.count("\n"), 1, done.stdout)
        for word in words:
            self.assertIn(word, done.stdout)
        [log] = re.findall(r"The log is (/\S+)\n", done.stdout)
        self.assertIn("error: ", pathlib.Path(log).read_text())

    def test_quiet_while_all_is_well(self):
        self.assert_quiet(self.run_line(self.growing))
        self.assertTrue((self.home / "runs/calls/report.html").is_file())
        self.assertIn("## Gate", (self.home / "log/calls-gate.md").read_text())
        self.assert_metrics("calls.prom")
        self.assert_quiet(self.run_line(self.growing))
        self.assertIn("train      up to date", (self.home / "log/calls.log").read_text())
        before = self.accepted()
        self.new_recordings()
        self.assert_quiet(self.run_line(self.growing))
        self.assertNotEqual(self.accepted(), before)
        self.assert_quiet(self.run_line(self.daily))
        [day] = (self.home / "runs/daily").iterdir()
        self.assertRegex(day.name, r"^date=\d{4}-\d\d-\d\d$")

    def test_a_bad_file_is_no_mail(self):
        (self.home / "audio/spk01_male/anger_s09_r1.wav").write_text("no audio at all")
        with (self.home / "pipelines/calls.toml").open("a") as file:
            file.write("\n[extract]\nmax_reject_rate = 0.1\n")
        self.assert_quiet(self.run_line(self.growing))

    def test_a_missing_source(self):
        (self.home / "audio").rename(self.home / "elsewhere")
        words = ["ser run pipelines/calls.toml", "exit code 3: error: corpus `synthetic`: ", "Correct the data"]
        self.assert_paragraph(self.run_line(self.growing), 3, *words)
        self.assertFalse((self.home / "log/calls-gate.md").exists())

    def test_a_wrong_pipeline_file(self):
        with (self.home / "pipelines/calls.toml").open("a") as file:
            file.write("\n[audio]\nmax_chanels = 1\n")
        words = ["exit code 2: error: ", "; hint: did you mean ", "? Correct the command"]
        self.assert_paragraph(self.run_line(self.growing), 2, *words)

    def test_a_gate_that_fails(self):
        before = self.accepted()
        self.fewer_epochs()
        words = ["ser compare runs/accepted.json runs/calls", "ended with exit code 5: error: ", "Read the message"]
        self.assert_paragraph(self.run_line(self.growing), 5, *words)
        self.assertEqual(self.accepted(), before)

    def test_before_a_run_is_accepted(self):
        (self.home / "runs/accepted.json").unlink()
        words = ["ser run pipelines/calls.toml", "error: ", "; hint: ", "accepted.json"]
        self.assert_paragraph(self.run_line(self.growing), 2, *words)

    def test_a_program_that_is_not_there(self):
        (self.home / "bin/ser").unlink()
        done = self.run_line(self.growing)
        self.assertEqual((done.returncode, done.stdout.count("\n")), (127, 1))
        self.assertIn("ser: not found", done.stdout)


class Systemd(Case):
    def setUp(self):
        super().setUp()
        for path in CRON.glob("ser-calls.*"):
            (self.home / path.name).write_text(self.here(path.read_text()))
        lines = (self.home / "ser-calls.service").read_text()
        self.commands = [shlex.split(words) for words in re.findall(r"^ExecStart=(.*)$", lines, re.MULTILINE)]
        self.service = configparser.ConfigParser(strict=False)
        self.service.read_string(lines)

    def codes(self):
        """As systemd does it: the first command that fails is the last."""
        folder, codes = self.service["Service"]["WorkingDirectory"], []
        for command in self.commands:
            codes.append(subprocess.run(command, cwd=folder, env={}, capture_output=True).returncode)
            if codes[-1]:
                break
        return codes

    def test_its_commands(self):
        self.assertEqual(self.codes(), [0, 0, 0])
        self.assert_metrics("calls.prom")
        before = self.accepted()
        self.new_recordings()
        self.assertEqual(self.codes(), [0, 0, 0])
        self.assertNotEqual(self.accepted(), before)
        before = self.accepted()
        self.fewer_epochs()
        self.assertEqual(self.codes(), [0, 5])
        self.assertEqual(self.accepted(), before)

    def test_what_is_tried_again(self):
        said = subprocess.run([SER, "--help"], capture_output=True, text=True).stdout.split("Exit codes:")[1]
        codes = set(re.findall(r"^  (\d+) ", said, re.MULTILINE))
        final = set(self.service["Service"]["RestartPreventExitStatus"].split())
        self.assertEqual(codes - final - {"0"}, {"4", "130", "143"})

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is missing")
    def test_systemd_finds_nothing_wrong(self):
        units = [str(self.home / f"ser-calls.{kind}") for kind in ("service", "timer")]
        done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
