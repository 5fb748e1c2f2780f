#!/usr/bin/env python3
"""Reads the Delta tables of a run by other programs: the rows of features and predictions are those of their files.

usage: test_delta.py SER
"""

import pathlib
import subprocess
import sys
import tempfile

import pyarrow.parquet as pq
from deltalake import DeltaTable
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

PIPELINE = """
name = "lakehouse"
out = "out"
[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '(?P<speaker>spk\\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\\d+)_r\\d+\\.wav$'
[features]
set = "mfcc-energy"
[extract]
part_rows = 7
[train]
models = ["logistic", "majority"]
[tables]
delta = true
"""


def run(ser, folder, *arguments):
    subprocess.run([ser, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rows(table):
    """Rows without the order that a table does not promise."""
    names = sorted(table.column_names)
    return sorted(map(repr, table.select(names).to_pylist()))


def files(out, name):
    """What the files of the run hold."""
    place = out / "features" if name == "features" else out / "predictions.parquet"
    places = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
    return [row for place in places for row in rows(pq.read_table(place))]


def check(spark, out, version):
    for name in ["features", "predictions"]:
        want = sorted(files(out, name))
        assert len(want) > 10, name
        table = DeltaTable(out / name)
        assert table.version() == version, (name, table.version())
        assert rows(table.to_pyarrow_table()) == want, f"deltalake reads other rows of {name}"
        read = spark.read.format("delta").load(str(out / name)).toArrow()
        assert rows(read) == want, f"Sail reads other rows of {name}"


def main(ser):
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    spark = SparkSession.builder.remote("sc://{}:{}".format(*server.listening_address)).getOrCreate()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        run(ser, folder, "synth", "corpus", "--speakers", "9", "--sentences", "1", "--repetitions", "1")
        (folder / "pipeline.toml").write_text(PIPELINE)
        run(ser, folder, "run", "pipeline.toml")
        check(spark, folder / "out", 0)
        next((folder / "corpus").rglob("*.wav")).unlink()
        run(ser, folder, "run", "pipeline.toml")
        check(spark, folder / "out", 1)
        run(ser, folder, "run", "pipeline.toml", "--set", "features.set=standard")
        check(spark, folder / "out", 2)
    spark.stop()
    server.stop()
    print("Delta tables: deltalake and Sail read the rows of the files, in three versions")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
