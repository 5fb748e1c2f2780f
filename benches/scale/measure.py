#!/usr/bin/env python3
"""How the stages of ser grow: seconds, CPU seconds, peak memory and bytes on disk, from 1,000 to 1,000,000 rows.

usage: measure.py SER OUT.parquet [--work DIR] [--repeat 5] [--audio 1000 10000 100000] [--rows 10000 100000 1000000]

Synthetic speech goes through ingest and extract. Synthetic feature tables of 300 columns go through all stages. Each
stage is a process of its own; the operating system says what it took. A row of the result is a stage at a size: the
median of the seconds, and the largest of the peaks.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = 300
EMOTIONS = ["anger", "happiness", "neutral", "sadness"]
# Utterances of a synthetic speaker.
PER_SPEAKER = 200
# Rows of a feature table that are drawn at a time.
BLOCK = 50_000

AUDIO = """
name = "scale"
out = "out"
[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '{pattern}'
[features]
set = "standard"
"""

TABLE = """
name = "scale"
out = "out"
[[corpus]]
name = "synthetic"
manifest = "labels.parquet"
[features]
table = "table.parquet"
id = "path"
[split]
scheme = "speaker-disjoint"
dev = 0.0
[normalize]
export = "never"
[train]
models = ["mlp", "logistic"]
[train.mlp]
hidden = [64]
epochs = 3
[train.logistic]
max_iterations = 20
[evaluate]
bootstrap = 0
"""


# Starts a command and prints what it took. A process counts as large as the one that started it, so that is a small one.
STARTER = """
import os, sys, time
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(command, folder):
    """Runs a command; returns its seconds, CPU seconds and peak memory in bytes."""
    starter = [sys.executable, "-S", "-E", "-c", STARTER]
    done = subprocess.run([*starter, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    seconds, cpu, peak = done.stdout.splitlines()[-1].split()
    return float(seconds), float(cpu), int(peak)


def size(folder):
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def measure(ser, folder, kind, rows, stages, repeat):
    """The rows of the result for a pipeline that lies in a folder."""
    measured = []
    out = folder / "out"
    for stage in stages:
        before, runs = (size(out) if out.exists() else 0), []
        for _ in range(repeat):
            runs.append(run([ser, stage, "pipeline.toml", "--force", "--quiet"], folder))
        seconds, cpu, peak = zip(*runs)
        made = max(size(out) - before, 0)
        row = (kind, rows, stage, statistics.median(seconds), statistics.median(cpu), max(peak), made, hours(out))
        print(f"{kind:6} {rows:>9,} {stage:10} {row[3]:8.1f} s {row[4]:8.1f} CPU s {row[5] / 2**20:8.0f} MiB", flush=True)
        measured.append(row)
    again = [run([ser, "run", "pipeline.toml", "--quiet"], folder) for _ in range(repeat)] if "train" in stages else []
    if again:
        seconds, cpu, peak = zip(*again)
        row = (kind, rows, "rerun", statistics.median(seconds), statistics.median(cpu), max(peak), 0, 0.0)
        measured.append(row)
    return measured


def hours(out):
    """Hours of audio of the features table; none before it is there."""
    parts = (out / "features").glob("*.parquet")
    seconds = sum(pq.read_table(part, columns=["duration_s"])["duration_s"].to_numpy().sum() for part in parts)
    return float(seconds) / 3600


def speech(ser, folder, rows):
    """Synthetic speech: 100 utterances of each speaker."""
    flags = ["--speakers", str(rows // 100), "--sentences", "2", "--repetitions", "10"]
    emotions = "anger,boredom,happiness,neutral,sadness"
    made = subprocess.run([ser, "synth", "corpus", *flags, "--emotions", emotions], cwd=folder, check=True,
                          capture_output=True, text=True)
    pattern = made.stdout.split("pattern = '")[1].split("'")[0]
    (folder / "pipeline.toml").write_text(AUDIO.format(pattern=pattern))


def table(folder, rows):
    """Labels, and a feature table: classes shift the columns, so there is something to learn."""
    numbers = np.random.default_rng(1)
    of_class = numbers.normal(size=(len(EMOTIONS), COLUMNS)).astype(np.float32) * 0.2
    paths = [f"u{number:07d}.wav" for number in range(rows)]
    labels = {
        "path": paths,
        "emotion": [EMOTIONS[number % len(EMOTIONS)] for number in range(rows)],
        "speaker": [f"s{number // PER_SPEAKER:05d}" for number in range(rows)],
    }
    pq.write_table(pa.table(labels), folder / "labels.parquet")
    names = [f"f{number:03d}" for number in range(COLUMNS)]
    schema = pa.schema([("path", pa.string()), *((name, pa.float32()) for name in names)])
    with pq.ParquetWriter(folder / "table.parquet", schema, use_dictionary=["path"]) as file:
        for start in range(0, rows, BLOCK):
            block = range(start, min(rows, start + BLOCK))
            values = numbers.normal(size=(len(block), COLUMNS)).astype(np.float32)
            values += of_class[np.arange(block.start, block.stop) % len(EMOTIONS)]
            columns = [pa.array(paths[block.start : block.stop]), *map(pa.array, np.ascontiguousarray(values.T))]
            file.write_table(pa.table(columns, schema=schema))
    (folder / "pipeline.toml").write_text(TABLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ser", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/scale"))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--audio", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    ser, measured = str(options.ser.resolve()), []
    for kind, sizes in [("audio", options.audio), ("table", options.rows)]:
        for rows in sizes:
            folder = options.work.resolve() / f"{kind}-{rows}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            if kind == "audio":
                speech(ser, folder, rows)
                stages = ["ingest", "extract"]
            else:
                table(folder, rows)
                stages = ["ingest", "extract", "split", "normalize", "train", "evaluate"]
            measured += measure(ser, folder, kind, rows, stages, options.repeat)
            shutil.rmtree(folder)
    names = ["kind", "rows", "stage", "seconds", "cpu_seconds", "peak_bytes", "bytes_on_disk", "hours"]
    pq.write_table(pa.table([pa.array(column) for column in zip(*measured)], names=names), options.out)


if __name__ == "__main__":
    main()
