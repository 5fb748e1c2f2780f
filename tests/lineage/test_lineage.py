"""What `ser` tells others, read by their own code: OpenLineage events by the published client, the metrics file by the
parser of Prometheus. `make test-lineage` runs it. SER names the program.
"""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import types
import typing
import unittest
import urllib.parse
import uuid

import attr
from openlineage.client import event_v2, facet_v2
from openlineage.client.generated import base
from openlineage.client.naming.dataset import LocalFileSystem
from openlineage.client.serde import Serde
from prometheus_client.parser import text_string_to_metric_families

SER = os.path.abspath(os.environ["SER"])
STAGES = ["ingest", "extract", "split", "normalize", "train", "evaluate"]
PIPELINE = r"""
name = "lineage"
out = "out"

[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 7

[train]
models = ["logistic", "majority"]

[evaluate]
bootstrap = 200
"""

# The class of each facet that ser-etl sends, by the place and the key of the facet.
FACETS = {
    base.RunFacet: {
        "parent": facet_v2.parent_run.ParentRunFacet,
        "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
        "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    },
    base.JobFacet: {
        "jobType": facet_v2.job_type_job.JobTypeJobFacet,
        "documentation": facet_v2.documentation_job.DocumentationJobFacet,
    },
    base.DatasetFacet: {
        "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
        "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
        "dataQualityMetrics": facet_v2.data_quality_metrics_dataset.DataQualityMetricsDatasetFacet,
    },
    base.OutputDatasetFacet: {
        "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    },
    base.InputDatasetFacet: {},
}
# That of our own.
OWN = "ser_etl_stage"


def build(kind, value):
    """The object of the client's class `kind` that has these fields; a field that the class lacks is an error."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return build(next(one for one in arguments if one is not type(None)), value)
    if origin is list:
        return [build(arguments[0], one) for one in value]
    if origin is dict:
        return {key: build_facet(arguments[1], key, one) for key, one in value.items()}
    if not attr.has(kind):
        return kind(value)
    hints = typing.get_type_hints(kind)
    fields = {name: build(hints[name], one) for name, one in value.items() if name not in ("_schemaURL", "schemaURL")}
    return kind(**{name.lstrip("_"): one for name, one in fields.items()})


def build_facet(kind, key, value):
    if kind not in FACETS:
        return build(kind, value)
    if key == OWN:
        head = ("_producer", "_schemaURL")
        own = {name: one for name, one in value.items() if name not in head}
        return kind(producer=value["_producer"]).with_additional_properties(**own)
    return build(FACETS[kind][key], value)


def bare(value):
    """Without what is empty: the classes have defaults."""
    if isinstance(value, dict):
        value = {key: bare(one) for key, one in value.items()}
        return {key: one for key, one in value.items() if one not in ({}, [], None)}
    return [bare(one) for one in value] if isinstance(value, list) else value


class Receiver(http.server.ThreadingHTTPServer):
    """Takes events on a loopback port, or answers as it is told to."""

    daemon_threads = True

    def __init__(self, status=201, delay=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.delay, self.requests = status, delay, []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def events(self):
        return [event for _, _, event in self.requests]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers, json.loads(body)))
        time.sleep(self.server.delay)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class LineageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        flags = ["--speakers", "9", "--sentences", "1", "--repetitions", "1", "--emotions", "anger,neutral,sadness"]
        subprocess.run([SER, "synth", "corpus", *flags], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        (self.folder / "pipeline.toml").write_text(PIPELINE)

    def receiver(self, **options):
        receiver = Receiver(**options)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [SER, *arguments], cwd=self.folder, env={**os.environ, **environment}, text=True, stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )

    def ser(self, *arguments, code=0, **environment):
        """The log of `ser`, which must end with this code; and how long it took."""
        begin = time.monotonic()
        process = self.start(*arguments, **environment)
        _, log = process.communicate()
        self.assertEqual(process.returncode, code, log)
        return log, time.monotonic() - begin

    def check(self, events):
        """Every event is one of the specification, field by field."""
        for event in events:
            parsed = build(event_v2.RunEvent, event)
            self.assertEqual(bare(Serde.to_dict(parsed)), bare(event))
            self.assertEqual(event["schemaURL"], event_v2.RunEvent._get_schema())
            self.assertTrue(urllib.parse.urlparse(event["producer"]).scheme)
            self.assertEqual(uuid.UUID(event["run"]["runId"]).version, 7)
        self.assertEqual([event["eventTime"] for event in events], sorted(event["eventTime"] for event in events))

    def story(self, events):
        return [(event["eventType"], event["job"]["name"]) for event in events]

    def test_a_run_is_told_from_its_start_to_its_end(self):
        receiver = self.receiver()
        parent = str(uuid.uuid4())
        self.ser(
            "run", "pipeline.toml", "--lineage-file", "events.jsonl", OPENLINEAGE_URL=receiver.url + "/",
            OPENLINEAGE_API_KEY="a-key", OPENLINEAGE_NAMESPACE="night", OPENLINEAGE_PARENT_ID=f"airflow/dag.task/{parent}",
        )
        events = receiver.events()
        self.check(events)
        for path, headers, _ in receiver.requests:
            self.assertEqual(path, "/api/v1/lineage")
            self.assertEqual(headers["Authorization"], "Bearer a-key")
            self.assertEqual(headers["Content-Type"], "application/json")
        stages = [(kind, f"lineage.{stage}") for stage in STAGES for kind in ("START", "COMPLETE")]
        self.assertEqual(self.story(events), [("START", "lineage"), *stages, ("COMPLETE", "lineage")])
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(line) for line in lines], events, "the file has the same events")
        whole = events[0]["run"]["runId"]
        for event in events:
            wanted = parent if event["job"]["name"] == "lineage" else whole
            self.assertEqual(event["run"]["facets"]["parent"]["run"]["runId"], wanted)
            self.assertEqual(event["job"]["namespace"], "night")
        extract = next(event for event in events if self.story([event]) == [("COMPLETE", "lineage.extract")])
        names = {LocalFileSystem(str(self.folder / path)).get_name() for path in ("corpus", "out/utterances.parquet")}
        self.assertEqual({(one["namespace"], one["name"]) for one in extract["inputs"]}, {("file", one) for one in names})
        features = next(one for one in extract["outputs"] if one["name"].endswith("/out/features"))
        record = json.loads((self.folder / "out/run/extract.json").read_text())
        self.assertEqual(features["facets"]["version"]["datasetVersion"], record["contents"]["features"])
        self.assertEqual(features["facets"]["dataQualityMetrics"]["rowCount"], 27)

    def test_failures_and_signals_are_told(self):
        receiver = self.receiver()
        log, _ = self.ser(
            "run", "pipeline.toml", "--set", "split.scheme=group-k-fold", "--set", "split.folds=50", code=3,
            OPENLINEAGE_URL=receiver.url,
        )
        events = receiver.events()
        self.check(events)
        self.assertEqual([kind for kind, _ in self.story(events)][-2:], ["FAIL", "FAIL"], log)
        self.assertIn(events[-1]["run"]["facets"]["errorMessage"]["message"], log)

        receiver = self.receiver()
        long = ["--set", "train.models=['mlp']", "--set", "train.mlp.epochs=100000", "--set", "train.mlp.patience=0"]
        process = self.start("run", "pipeline.toml", *long, OPENLINEAGE_URL=receiver.url)
        while ("START", "lineage.train") not in self.story(receiver.events()):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 143)
        events = receiver.events()
        self.check(events)
        self.assertEqual(self.story(events)[-2:], [("ABORT", "lineage.train"), ("ABORT", "lineage")])

    def test_no_receiver_fails_or_slows_a_run(self):
        _, undisturbed = self.ser("run", "pipeline.toml", "--out", "undisturbed")
        stalls, fails, refuses = self.receiver(delay=30), self.receiver(status=500), self.receiver(status=403)
        for number, url in enumerate([stalls.url, fails.url, refuses.url, "http://127.0.0.1:1", "http://192.0.2.1"]):
            log, took = self.ser("run", "pipeline.toml", "--out", f"out-{number}", OPENLINEAGE_URL=url)
            self.assertEqual(log.count("lineage events to"), 1, log)
            self.assertIn(url, log)
            self.assertLess(took, undisturbed + 2 + 1, url)
        self.assertGreater(len(refuses.events()), 10, "one that refuses is asked once for each event")
        self.assertEqual(len(refuses.events()), len({json.dumps(event) for event in refuses.events()}))

    def test_the_metrics_file_is_read_by_prometheus(self):
        self.ser("run", "pipeline.toml", "--set", r'name="a \\ \"b\""', "--set", "split.scheme=group-k-fold", "--set",
            "split.folds=3", "--metrics-file", "ser.prom",
        )
        families = list(text_string_to_metric_families((self.folder / "ser.prom").read_text()))
        self.assertIn("ser_uar_low", {family.name for family in families})
        for family in families:
            self.assertEqual(family.type, "gauge")
            self.assertTrue(family.samples and family.documentation, family)
            for sample in family.samples:
                self.assertEqual(sample.labels["pipeline"], 'a \\ "b"')
        self.ser("run", "pipeline.toml", "--set", "split.test=7", "--metrics-file", "ser.prom", code=2)
        values = {
            family.name: family.samples[0].value
            for family in text_string_to_metric_families((self.folder / "ser.prom").read_text())
        }
        self.assertEqual(values["ser_run_exit_code"], 2)
        self.assertLess(values["ser_last_success_timestamp_seconds"], values["ser_last_run_timestamp_seconds"])


if __name__ == "__main__":
    unittest.main()
