"""`scan` against the readers of pyarrow and Polars, on disk and from a server for S3. `make test-wheel` runs it."""

import contextlib
import io
import logging
import os
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

import boto3
import polars as pl
import pyarrow.parquet
from moto.server import ThreadedMotoServer
from polars.testing import assert_frame_equal

import corpus
import ser_etl

SETTINGS = {"extract.frames": True}


def arrow(path):
    """A table as pyarrow reads it; of a folder, part by part."""
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return pl.concat([pl.DataFrame(pyarrow.parquet.ParquetFile(part).read()) for part in parts])


def run(*arguments, **named):
    with contextlib.redirect_stderr(io.StringIO()):
        ser_etl.run(*arguments, **named)


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.pipeline = corpus.make(cls.folder)
        run(cls.pipeline, set=SETTINGS)
        cls.out = cls.folder / "out"
        cls.features = pl.read_parquet(cls.out / "features" / "*.parquet")

    def partitioned(self, out):
        """Puts each part of the features into the folder of a date, which is a column of it too."""
        parts = sorted((self.out / "features").glob("*.parquet"))
        for day, part in enumerate(parts, 1):
            folder = out / "features" / f"date=2026-11-{day:02}"
            folder.mkdir(parents=True)
            pl.read_parquet(part).with_columns(date=pl.lit(folder.name[5:])).write_parquet(folder / part.name)
        return len(parts)

    def test_every_table(self):
        files = [file.stem for file in self.out.glob("*.parquet")]
        self.assertGreater(len(files), 10)
        files.append("normalized/fold-0/train")
        for table in [*files, "features", "frames"]:
            path = self.out / table
            read = ser_etl.scan(self.out, table).collect()
            assert_frame_equal(read, arrow(path if path.is_dir() else path.with_suffix(".parquet")))
        self.assertEqual(
            read.height, pl.scan_parquet(self.out / "frames" / "*.parquet").select(pl.len()).collect().item()
        )
        assert_frame_equal(ser_etl.scan(f"{self.out}/", "features").collect(), self.features)
        assert_frame_equal(ser_etl.scan(f"file://{self.out}", "features").collect(), self.features)

    def test_it_is_lazy(self):
        frame = ser_etl.scan(self.out, "predictions").filter(pl.col("model") == "majority").select("truth", "predicted")
        self.assertIsInstance(frame, pl.LazyFrame)
        self.assertIn("PROJECT 3/", frame.explain())

    def test_folders_of_dates_are_read_as_far_as_a_filter_wants(self):
        for place in ["date=1999-01-01", "a [strange] *place*"]:
            out = self.folder / place / "out"
            count = self.partitioned(out)
            frame = ser_etl.scan(out, "features")
            self.assertEqual(frame.collect_schema()["date"], pl.String)
            assert_frame_equal(frame.drop("date").collect(), self.features)
            (out / "features" / "_delta_log").mkdir()
            (out / "features" / "_delta_log" / "00000000000000000000.json").write_text("{}", encoding="utf-8")
            assert_frame_equal(ser_etl.scan(out, "features").drop("date").collect(), self.features)
            shutil.rmtree(out / "features" / "_delta_log")
            last = next((out / "features" / f"date=2026-11-{count:02}").iterdir())
            last.write_bytes(b"PAR1")
            one = frame.filter(pl.col("date") == "2026-11-01").drop("date").collect()
            assert_frame_equal(one, self.features.head(one.height))

    def test_the_log_of_delta_is_passed_over(self):
        out = self.folder / "delta=1" / "out"
        run(self.pipeline, out=out, set={**SETTINGS, "tables.delta": True})
        self.assertTrue((out / "features" / "_delta_log").is_dir())
        for table in ["features", "predictions"]:
            assert_frame_equal(ser_etl.scan(out, table).collect(), ser_etl.scan(self.out, table).collect())

    def test_a_table_that_is_not_there(self):
        for table in ["feature", "../corpus", "models", "run", "normalized", "normalized/fold-0/x"]:
            with self.assertRaisesRegex(
                FileNotFoundError, f"no table `{table}` in .*: its tables are calibration, .*, features"
            ):
                ser_etl.scan(self.out, table)
        with self.assertRaisesRegex(FileNotFoundError, "it has no tables; is it the output of a run"):
            ser_etl.scan(self.folder / "nowhere", "features")
        shutil.copytree(self.out, self.folder / "broken")
        (self.folder / "broken" / "metrics.parquet").write_bytes(b"PAR1")
        with self.assertRaisesRegex(OSError, "the table `metrics` of .*broken cannot be read: "):
            ser_etl.scan(self.folder / "broken", "metrics")

    def test_an_old_polars_is_named(self):
        refused = self.assertRaisesRegex(ImportError, "scan needs Polars 1.43 or newer, and this is 1.36.1")
        with mock.patch.object(pl, "__version__", "1.36.1"), refused:
            ser_etl.scan(self.out, "features")

    def test_a_run_in_a_bucket(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(port=0, verbose=False)
        server.start()
        self.addCleanup(server.stop)
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="bucket")
        options = {
            "storage_options": {
                "aws_access_key_id": "key",
                "aws_secret_access_key": "secret",
                "aws_region": "us-east-1",
                "aws_endpoint_url": environment["AWS_ENDPOINT_URL"],
                "aws_allow_http": "true",
            }
        }
        for out, settings in {"date=1/out": {}, "delta": {"tables.delta": True}}.items():
            run(self.pipeline, out=f"s3://bucket/{out}", set={**SETTINGS, **settings})
            for table in ["features", "predictions"]:
                read = ser_etl.scan(f"s3://bucket/{out}", table, **options).collect()
                assert_frame_equal(read, ser_etl.scan(self.out, table).collect())
        for place in ["s3://bucket/delta", "s3://no-bucket/delta"]:
            for table in ["feature", "frames" if "no-" in place else "normalized/fold-9/train"]:
                with self.assertRaisesRegex(OSError, f"the table `{table}` of {place} cannot be read: "):
                    ser_etl.scan(place, table, **options)


if __name__ == "__main__":
    unittest.main()
