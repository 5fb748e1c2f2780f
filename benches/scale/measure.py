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
import time

import numpy as np
import polars as pl

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
manifest = "table"
[corpus.columns]
path = "utterance"
[features]
table = "table"
id = "utterance"
columns = ["f*"]
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


def run(command, folder):
    """Runs a command; returns its seconds, CPU seconds and peak memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {error.decode()[-2000:]}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


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
        row = (kind, rows, stage, statistics.median(seconds), statistics.median(cpu), max(peak), made)
        print(f"{kind:6} {rows:>9,} {stage:10} {row[3]:8.1f} s {row[4]:8.1f} CPU s {row[5] / 2**20:8.0f} MiB", flush=True)
        measured.append(row)
    again = [run([ser, "run", "pipeline.toml", "--quiet"], folder) for _ in range(repeat)] if "train" in stages else []
    if again:
        seconds, cpu, peak = zip(*again)
        measured.append((kind, rows, "rerun", statistics.median(seconds), statistics.median(cpu), max(peak), 0))
    return measured


def speech(ser, folder, rows):
    """Synthetic speech: 100 utterances of each speaker."""
    flags = ["--speakers", str(rows // 100), "--sentences", "2", "--repetitions", "10"]
    emotions = "anger,boredom,happiness,neutral,sadness"
    made = subprocess.run([ser, "synth", "corpus", *flags, "--emotions", emotions], cwd=folder, check=True,
                          capture_output=True, text=True)
    pattern = made.stdout.split("pattern = '")[1].split("'")[0]
    (folder / "pipeline.toml").write_text(AUDIO.format(pattern=pattern))


def table(folder, rows):
    """A feature table in parts: classes and speakers shift the columns, so there is something to learn."""
    numbers = np.random.default_rng(1)
    parts = folder / "table"
    parts.mkdir()
    of_class = numbers.normal(size=(len(EMOTIONS), COLUMNS)).astype(np.float32) * 0.2
    for start in range(0, rows, BLOCK):
        at = np.arange(start, min(rows, start + BLOCK))
        emotion = at % len(EMOTIONS)
        values = numbers.normal(size=(len(at), COLUMNS)).astype(np.float32) + of_class[emotion]
        frame = pl.DataFrame({
            "utterance": [f"u{number:07d}" for number in at],
            "emotion": [EMOTIONS[number] for number in emotion],
            "speaker": [f"s{number // PER_SPEAKER:05d}" for number in at],
        })
        columns = [pl.Series(f"f{number:03d}", values[:, number]) for number in range(COLUMNS)]
        frame.with_columns(columns).write_parquet(parts / f"part-{start:07d}.parquet")
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
    names = ["kind", "rows", "stage", "seconds", "cpu_seconds", "peak_bytes", "bytes_on_disk"]
    pl.DataFrame(measured, schema=names, orient="row").write_parquet(options.out)


if __name__ == "__main__":
    main()
