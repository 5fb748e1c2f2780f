"""Writes the pipeline file of a finished run, out of the records in its folder `run`.

    python3 examples/reproduce.py runs/old > old.toml
    ser run old.toml --out runs/again

docs/REPRODUCING.md has all steps. Python's standard library is enough.
"""

import json
import pathlib
import re
import sys

STAGES = ["ingest", "extract", "split", "normalize", "train", "evaluate"]
# Tables whose keys are words of the user's, which may be numbers or hold dots: `corpus.0.labels.01`
WORDS = re.compile(r"(corpus\.\d+\.(?:labels|filter|exclude)|split\.sides)\.(.*)", re.DOTALL)


def read(run):
    """The records of all stages, in order."""
    try:
        return [json.loads((run / "run" / f"{stage}.json").read_text("utf-8")) for stage in STAGES]
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is missing: {run} is not the output of a finished run")


def pipeline(records, run):
    """All keys that determine what a run makes, as a tree."""
    ingest, extract, split, *_ = records
    tree = {"name": ingest["pipeline"], "seed": ingest["seed"], "out": "reproduced"}
    for record in records:
        if not record["keys"]:
            sys.exit(f"run/{record['stage']}.json has no keys of the pipeline file: an early version wrote it")
        for key, value in record["keys"].items():
            put(tree, path(key), value)
    layout = extract["inputs"]
    put(tree, ["extract", "part_rows"], int(layout["part_rows"]))
    put(tree, ["extract", "frames"], layout["frames"] == "true")
    # The limit is not in the records. The old run kept to it.
    put(tree, ["extract", "max_reject_rate"], 1.0)
    if layout.get("delta") == "true":
        put(tree, ["tables", "delta"], True)
    # Another kind of processor gives other last digits, so `ser` shall refuse it.
    levels = [name.split(".")[1] for name in extract["counts"] if name.startswith("vector_level.")]
    if len(levels) == 1:
        put(tree, ["extract", "vector_level"], levels[0])
    # What `split.frozen` names may be another split by now. The run's own has the same rows.
    if "frozen split" in split["inputs"]:
        put(tree, ["split", "frozen"], str((run / "splits.parquet").resolve()))
    return tree


def path(key):
    """The steps of a key: `corpus.0.labels.wut` has four."""
    found = WORDS.fullmatch(key)
    return [*found[1].split("."), found[2]] if found else key.split(".")


def put(tree, steps, value):
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
    tree[steps[-1]] = value


def write(tree):
    """Keys come first, then a section for each table. What is below a section is in one line."""
    blocks = [lines({name: value for name, value in tree.items() if not isinstance(value, dict)})]
    blocks += [f"[[corpus]]\n{lines(corpus)}" for corpus in in_order(tree["corpus"])]
    sections = [name for name, value in tree.items() if isinstance(value, dict) and name != "corpus"]
    return "\n".join([*blocks, *(f"[{name}]\n{lines(tree[name])}" for name in sections)])


def lines(section):
    return "".join(f"{word(key)} = {toml(value, key)}\n" for key, value in section.items())


def toml(value, name=""):
    """A value as TOML: strings and numbers are written as in JSON."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if value and name not in ("labels", "filter", "exclude", "sides") and all(key.isdecimal() for key in value):
        return "[" + ", ".join(map(toml, in_order(value))) + "]"
    return "{ " + ", ".join(f"{word(key)} = {toml(below, key)}" for key, below in value.items()) + " }"


def word(key):
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml(key)


def in_order(numbered):
    """The items of a list, whose keys are their numbers. The records leave out empty tables."""
    return [numbered.get(str(number), {}) for number in range(max(map(int, numbered), default=-1) + 1)]


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: reproduce.py RUN")
    run = pathlib.Path(arguments[0])
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(write(pipeline(read(run), run)))


if __name__ == "__main__":
    main(sys.argv[1:])
