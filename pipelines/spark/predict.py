"""Scores a table of audio paths with a saved model of ser-etl, on Spark. docs/SPARK.md says how to submit it.

    spark-submit predict.py s3://speech/runs/ravdess/models/mlp/all s3a://speech/calls.parquet --to s3a://speech/scored

Every row of the table gives one row of the result: the prediction, or `reject` and `message` if it cannot be used.
"""

import argparse
import os
import posixpath
import re
import tempfile
import wave

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession, functions as F
from pyspark.sql.types import DoubleType, FloatType, StringType, StructType

import ser_task

ser_task.ship("ser_task")
ser_task.ship(__name__)

# So that their paths fit one command line, which may be 2 MiB long.
FILES_A_PROCESS = 256
INPUT = 3
KINDS = {pa.string(): StringType(), pa.float64(): DoubleType(), pa.float32(): FloatType()}


def main(arguments):
    options = parse(arguments)
    spark = SparkSession.builder.appName("ser predict").getOrCreate()
    table = read(spark, options.table)
    if options.column not in table.columns:
        problem = f"{options.table} has no column `{options.column}`"
        raise ser_task.SerFailed(f"{problem}; name one of {', '.join(table.columns)} by --column", 2)
    scored = predict(spark, options.model, table.select(options.column), options.ser, options.files, options.threads)
    mode = "overwrite" if options.overwrite else "error"
    scored.write.format(options.format).mode(mode).save(options.to)
    counts = spark.read.format(options.format).load(options.to).groupBy("predicted", "reject").count()
    for row in counts.orderBy(F.desc("count"), "predicted", "reject").collect():
        print(f"  {row.predicted or 'rejected: ' + row.reject:<30} {row['count']:>9}")


def parse(arguments):
    parser = argparse.ArgumentParser(description="Scores a table of audio paths with a saved model, on Spark.")
    parser.add_argument("model", metavar="MODEL", help="folder of a saved model, on S3 or on a shared path")
    parser.add_argument("table", metavar="TABLE", help="Parquet, CSV with a header, or JSON lines, as Spark names it")
    parser.add_argument("--to", metavar="URI", required=True, help="where Spark writes the result")
    parser.add_argument("--column", metavar="NAME", default="path", help="the column of paths (default: path)")
    parser.add_argument("--format", metavar="NAME", default="parquet", help="form of the result: parquet, delta, ...")
    parser.add_argument("--overwrite", action="store_true", help="replace a result that is there")
    parser.add_argument("--files", metavar="N", type=int, default=200, help="files of a task (default: 200)")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="threads of a task; see spark.task.cpus")
    parser.add_argument("--ser", metavar="PATH", help="the program, at the same place on all hosts")
    options = parser.parse_args(arguments)
    if options.files < 1:
        parser.error("--files: at least 1")
    options.model, options.ser = ser_task.absolute(options.model), options.ser and ser_task.absolute(options.ser)
    return options


def read(spark, table):
    """The table, by the ending of its name; a folder is Parquet."""
    if re.search(r"\.csv(\.gz)?$", table):
        return spark.read.csv(table, header=True)
    if re.search(r"\.(json|jsonl|ndjson)(\.gz)?$", table):
        return spark.read.json(table)
    return spark.read.parquet(table)


def predict(spark, model, paths, ser=None, files=200, threads=1):
    """A DataFrame with one row for each row of `paths`, whose first column holds the paths of audio files."""
    columns = inference_columns(ser, model)
    schema = pa.schema([("path", pa.string()), *columns, ("reject", pa.string()), ("message", pa.string())])
    here = os.getcwd()

    def work(batches):
        for batch in batches:
            asked = batch.column(0).cast(pa.string()).to_pylist()
            answers = judge_all(ser, model, threads, {place(here, path) for path in asked if path})
            none = refused("missing_path", "the row has no path")
            rows = [{"path": path, **(answers[place(here, path)] if path else none)} for path in asked]
            if rows:
                yield pa.RecordBatch.from_pylist(rows, schema)

    wanted = StructType()
    for field in schema:
        wanted.add(field.name, KINDS[field.type])
    tasks = max(1, -(-paths.count() // files))
    return paths.repartition(tasks).mapInArrow(work, wanted)


def inference_columns(ser, model):
    """The columns that the model gives. To ask for them also shows here, before the job, that it can be used."""
    with tempfile.TemporaryDirectory() as folder:
        sound = os.path.join(folder, "silence.wav")
        with wave.open(sound, "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(bytes(32000))
        try:
            inferences, _ = results(ser, model, 1, [sound], os.path.join(folder, "out"))
        except ser_task.SerFailed as failed:
            if "each INPUT is one speaker" not in failed.stderr:
                raise
            problem = f"{model} was normalized speaker by speaker, so it needs whole speakers and no single files"
            raise ser_task.SerFailed(f"{problem}; run `ser predict MODEL FOLDER...`, a folder for each speaker", 2)
    # All may be null: a row that was refused has none of them.
    return [(field.name, field.type) for field in inferences.schema if field.name not in ("path", "speaker")]


def results(ser, model, threads, places, out):
    flags = ["--out", out, "--threads", str(threads), "--max-reject-rate", "1", "--quiet", "--progress", "never"]
    ser_task.run(ser, ["predict", model, *places, *flags])
    return pq.read_table(f"{out}/inferences.parquet"), pq.read_table(f"{out}/rejects.parquet")


def place(here, path):
    """A path as `ser` sees it: absolute, without dots and double slashes."""
    path = re.sub(r"^s3[an]://", "s3://", re.sub(r"^file:(//)?(?=/)", "", path))
    scheme, colon, rest = path.rpartition("://")
    if not colon:
        return posixpath.normpath(posixpath.join("/", here, path)).replace("//", "/")
    bucket, _, key = rest.partition("/")
    return f"{scheme}://{bucket}{posixpath.normpath('/' + key)}"


def store_of(place):
    """`s3://BUCKET`, or nothing for the disk."""
    return re.match(r"\w+://[^/]*|", place)[0]


def refused(code, message):
    return {"reject": code, "message": message}


def judge_all(ser, model, threads, places):
    """What became of each place."""
    bad = refused("bad_path", "wanted are an absolute path or s3://BUCKET/KEY, without a NUL character")
    answers = {place: bad for place in places if not re.fullmatch(r"(s3://[^/\0]+)?/[^\0]+", place)}
    stores = {}
    for place in sorted(places - answers.keys()):
        stores.setdefault(store_of(place), []).append(place)
    # One process reads one store.
    for store in stores.values():
        for start in range(0, len(store), FILES_A_PROCESS):
            answers |= judge(ser, model, threads, store[start : start + FILES_A_PROCESS])
    return answers


def judge(ser, model, threads, places):
    """What became of places of one store: each is judged or refused."""
    answers, left = {}, places
    while left:
        try:
            with tempfile.TemporaryDirectory() as out:
                found = read_answers(left, *results(ser, model, threads, left, out))
        except ser_task.SerFailed as failed:
            found = {blamed(left, failed): refused("missing_file", "there is no such file, and no audio in a folder")}
        if found:
            answers |= found
        elif len(left) == 1:
            answers[left[0]] = refused("not_a_file", "it is a folder or a pattern; name files")
        else:
            # One of them is no file, so it is not known what the answers belong to.
            half = len(left) // 2
            answers |= judge(ser, model, threads, left[:half]) | judge(ser, model, threads, left[half:])
        left = [place for place in left if place not in answers]
    return answers


def read_answers(places, inferences, rejects):
    """Rows by place; none if there is a row of no place. A link to another of the files has no row of its own."""
    store = store_of(places[0])
    keys = {place.removeprefix(store): place for place in places}
    root = posixpath.commonpath([posixpath.dirname(key) for key in keys])
    of = {posixpath.relpath(key, root): place for key, place in keys.items()}
    rows = {row.pop("path"): row for row in inferences.drop_columns(["speaker"]).to_pylist()}
    rows |= {row["path"]: refused(row["code"], row["message"]) for row in rejects.to_pylist()}
    return {of[path]: row for path, row in rows.items()} if rows.keys() <= of.keys() else {}


def blamed(places, failed):
    """The place that does not exist. Any other failure is one of the task."""
    for place in places if failed.code == INPUT else []:
        if re.search(re.escape(f"error: input `{place}` ") + "(does not exist|holds no)", failed.stderr):
            return place
    raise failed


if __name__ == "__main__":
    ser_task.driver(main)
