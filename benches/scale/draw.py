#!/usr/bin/env python3
"""What measure.py has measured, as a plot and as tables; and what a large corpus costs by these figures.

usage: draw.py MEASURED.parquet FOLDER [--hours 15000] [--seconds 4] [--core-hour 0.045] ...

Writes FOLDER/scale.parquet and FOLDER/scale.svg, and prints tables in Markdown.
"""
import argparse
import pathlib
import shutil

import matplotlib
import pyarrow.parquet as pq

matplotlib.use("svg")
import matplotlib.pyplot as plt

# Requests for an utterance and for a part: its file; features, rejects and seal, a move, and reads of rows and seals.
FOR_AN_UTTERANCE, FOR_A_PART = 1, 12
PART_ROWS = 2000
MACHINES = [("1 machine of 2 cores", 2), ("1 machine of 16 cores", 16), ("1 machine of 64 cores", 64), ("64 Spark cores", 64)]
# A process a part costs so much more than one for all: docs/SPARK.md.
SPARK_OVERHEAD = 1.06


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=15_000, help="hours of the corpus")
    parser.add_argument("--seconds", type=float, default=4, help="mean seconds of an utterance")
    parser.add_argument("--core-hour", type=float, default=0.045, help="USD for an hour of a core")
    parser.add_argument("--requests", type=float, default=0.0004, help="USD for 1,000 GET requests")
    parser.add_argument("--storage", type=float, default=0.023, help="USD for a GB in a month")
    options = parser.parse_args()
    rows = pq.read_table(options.measured).to_pylist()
    shutil.copy(options.measured, options.folder / "scale.parquet")
    plot(rows, options.folder / "scale.svg")
    print(table(rows))
    print(costs(rows, options))


def plot(rows, path):
    """CPU time and peak memory of each stage by the number of rows."""
    matplotlib.rcParams["svg.hashsalt"] = "ser"
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
    for axis, column, unit, title in [
        (axes[0], "cpu_seconds", 1, "CPU seconds"),
        (axes[1], "peak_bytes", 2**20, "peak memory, MiB"),
    ]:
        for kind, stage in dict.fromkeys((row["kind"], row["stage"]) for row in rows):
            of = [row for row in rows if (row["kind"], row["stage"]) == (kind, stage)]
            line = "-" if kind == "table" else "--"
            label = f"{stage} ({'audio' if kind == 'audio' else 'table'})"
            axis.plot([row["rows"] for row in of], [row[column] / unit for row in of], line, marker="o", ms=3, label=label)
        axis.set(xscale="log", yscale="log", xlabel="rows", title=title)
        axis.grid(alpha=0.3)
    axes[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.02, 1.0))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def table(rows):
    lines = ["| from | rows | stage | seconds | CPU seconds | CPU us a row | peak MiB | bytes a row on disk |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['kind']} | {row['rows']:,} | {row['stage']} | {row['seconds']:.1f} | {row['cpu_seconds']:.1f} | "
            f"{1e6 * row['cpu_seconds'] / row['rows']:.0f} | {row['peak_bytes'] / 2**20:.0f} | "
            f"{row['bytes_on_disk'] / row['rows']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def costs(rows, options):
    largest = max((row for row in rows if row["kind"] == "audio" and row["stage"] == "extract"), key=lambda row: row["rows"])
    core_hours = options.hours * largest["cpu_seconds"] / largest["hours"] / 3600
    utterances = options.hours * 3600 / options.seconds
    requests = utterances * FOR_AN_UTTERANCE + utterances / PART_ROWS * FOR_A_PART
    gigabytes = utterances * largest["bytes_on_disk"] / largest["rows"] / 1e9
    lines = [
        f"{options.hours:,.0f} hours, {utterances:,.0f} utterances: {core_hours:.1f} core hours, {requests:,.0f} requests "
        f"({requests / 1000 * options.requests:.2f} USD), {gigabytes:.1f} GB of features "
        f"({gigabytes * options.storage:.2f} USD a month).\n",
        "| on | hours | USD for cores |",
        "|---|---|---|",
    ]
    for name, cores in MACHINES:
        used = core_hours * (SPARK_OVERHEAD if "Spark" in name else 1)
        lines.append(f"| {name} | {used / cores:.2f} | {used * options.core_hour:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
