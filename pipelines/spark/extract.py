"""Runs a pipeline of ser-etl with its extract stage on Spark. docs/SPARK.md says how to submit it.

    spark-submit extract.py pipelines/ravdess.toml --out runs/ravdess

Audio and features never pass through Spark: a task names parts of the features table, and a `ser` process reads the
audio and stages the parts in the output.
"""

import argparse
import heapq
import json
import re
import socket
import time

from pyspark.sql import SparkSession

import ser_task

ser_task.ship("ser_task")
ser_task.ship(__name__)

COLUMNS = "task int, name string, rows long, rejects long, up_to_date boolean, seconds double, host string"
LOCKED = 4
# The lock of a worker that was killed on another host is free after storage.s3.lease_s, 60 seconds by default.
PATIENCE_S = 150


def main(arguments):
    options = parse(arguments)
    spark = SparkSession.builder.appName("ser extract").getOrCreate()
    job = pipeline_flags(options)
    print(when_free(options.ser, ["ingest", *job]), end="", flush=True)
    parts = json.loads(ser_task.run(options.ser, ["plan", *job, "--format", "json"]))["parts"]
    if parts["pending"]:
        start = time.perf_counter()
        done = compute(spark, options.ser, job, spread(parts["pending"], options.tasks), options.threads).collect()
        print(summary(done, parts["all"], time.perf_counter() - start), flush=True)
    when_free(options.ser, ["extract", *job, "--require-parts"])
    print(when_free(options.ser, ["run", *job]), end="", flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs a pipeline of ser-etl with its extract stage on Spark.")
    parser.add_argument("pipeline", metavar="PIPELINE", help="pipeline file, on S3 or on a path that all hosts share")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="as in `ser run`")
    parser.add_argument("--out", metavar="URI", help="as in `ser run`: on S3 or on a path that all hosts share")
    parser.add_argument("--tasks", metavar="N", type=int, help="number of tasks (default: one for each part)")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads of a task; see spark.task.cpus")
    parser.add_argument("--ser", metavar="PATH", help="the program, at the same place on all hosts")
    options = parser.parse_args(arguments)
    if options.tasks is not None and options.tasks < 1:
        parser.error("--tasks: at least 1")
    options.ser = options.ser and ser_task.absolute(options.ser)
    return options


def pipeline_flags(options):
    """PIPELINE and its flags; no path depends on the working directory, which is another one in a task."""
    job = [ser_task.absolute(options.pipeline)]
    for assignment in options.set:
        job += ["--set", absolute_assignment(assignment)]
    return job + (["--out", ser_task.absolute(options.out)] if options.out else [])


def absolute_assignment(assignment):
    """KEY=VALUE; the value of a key that holds a path is made absolute, as `ser` does on the command line."""
    key, equals, value = (word.strip() for word in assignment.partition("="))
    value = value.strip("\"'")
    is_path = re.fullmatch(r"out|corpus\.\d+\.(source|manifest)", key)
    is_preset_file = re.fullmatch(r"corpus\.\d+\.preset", key) and value.endswith(".toml")
    if not (is_path or is_preset_file):
        return assignment
    return key + equals + json.dumps(ser_task.absolute(value), ensure_ascii=False)


def when_free(ser, arguments):
    """Runs `ser` where it needs the output for itself. The lock of a killed worker may outlive it for a while."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ser_task.run(ser, arguments)
        except ser_task.SerFailed as failed:
            if failed.code != LOCKED or time.monotonic() > end:
                raise
        time.sleep(5)


def spread(parts, tasks=None):
    """The names of the parts of each task. The largest part goes first, always to the task with the fewest bytes.

    Spark starts tasks in this order, so the one with an hour-long file does not begin last.
    """
    heap = [(0, task, []) for task in range(min(tasks or len(parts), len(parts)))]
    for part in sorted(parts, key=lambda part: (-part["bytes"], part["name"])):
        load, task, names = heap[0]
        heapq.heapreplace(heap, (load + part["bytes"], task, [*names, part["name"]]))
    return [names for _, _, names in sorted(heap, key=lambda entry: (-entry[0], entry[1]))]


def compute(spark, ser, job, tasks, threads=1):
    """A DataFrame with one row for each part. To read it stages the parts; those that are staged are not done again."""

    def work(batches):
        import pyarrow as pa

        # An empty partition has no batch, and so starts no process. A process ends before its batch is given back.
        for batch in batches:
            for task in batch.column(0).to_pylist():
                flags = ["--threads", str(threads), "--format", "json", "--quiet", "--progress", "never"]
                printed = ser_task.run(ser, ["extract", *job, "--part", *tasks[task], *flags])
                where = {"task": task, "host": socket.gethostname()}
                yield pa.RecordBatch.from_pylist([where | json.loads(line) for line in printed.splitlines()], schema)

    schema = arrow_schema()
    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(work, COLUMNS)


def arrow_schema():
    import pyarrow as pa

    kinds = {"int": "int32", "string": "string", "long": "int64", "double": "float64", "boolean": "bool"}
    columns = [column.split() for column in COLUMNS.split(", ")]
    return pa.schema([(name, kinds[kind]) for name, kind in columns])


def summary(done, parts, seconds):
    hosts = len({row.host for row in done})
    rows, rejects = sum(row.rows for row in done), sum(row.rejects for row in done)
    longest = max(done, key=lambda row: row.seconds)
    return (
        f"parts      {seconds:.1f} s      {len(done)} of {parts} parts in {len({row.task for row in done})} tasks on "
        f"{hosts} hosts, {rows} utterances, {rejects} rejects, {sum(row.seconds for row in done):.1f} s of work; "
        f"longest: {longest.seconds:.1f} s"
    )


if __name__ == "__main__":
    ser_task.driver(main)
