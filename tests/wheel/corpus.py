"""What the tests of the wheel share: a small synthetic corpus, and a pipeline file that is quick to run."""

import pathlib
import subprocess

from ser_etl import binary

PIPELINE = r"""
name = "small"
out = "out"

[[corpus]]
name = "synthetic"
source = "corpus"
pattern = '(?P<speaker>spk\d+)_(?P<gender>female|male)/(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[extract]
part_rows = 16

[train]
models = ["logistic", "majority"]
"""


def make(folder: pathlib.Path) -> pathlib.Path:
    """A pipeline file, and beside it 48 utterances of 4 speakers."""
    quick = ["--speakers", "4", "--sentences", "1"]
    subprocess.run([str(binary()), "synth", str(folder / "corpus"), *quick], check=True, capture_output=True)
    pipeline = folder / "small.toml"
    pipeline.write_text(PIPELINE, encoding="utf-8")
    return pipeline
