# %% [markdown]
# # What is in the tables of a run
#
#     python3 examples/explore.py RUN_FOLDER [FEATURE]
#
# or cell by cell in an editor that knows `# %%`. Needs Polars (`pip install polars`) and the run's Parquet tables.

# %%
import sys
from pathlib import Path

import polars as pl

arguments = sys.argv[1:] if sys.argv[0].endswith("explore.py") else ["runs/demo"]
if len(arguments) not in (1, 2):
    sys.exit("usage: python3 examples/explore.py RUN_FOLDER [FEATURE]")
RUN = Path(arguments[0])
FEATURE = arguments[1] if len(arguments) > 1 else "log_energy_db_mean"

if not list(RUN.glob("features/*.parquet")) or not (RUN / "predictions.parquet").exists():
    sys.exit(f"no features/*.parquet and predictions.parquet in `{RUN}`: give the `out` folder of a finished `ser run`")

pl.Config(
    tbl_rows=-1, tbl_formatting="MARKDOWN", tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True,
    float_precision=2, tbl_cell_numeric_alignment="RIGHT",
)
# Of wide tables only the columns in use are read. Altered copies for training are no utterances of their own.
features = pl.scan_parquet(RUN / "features" / "*.parquet").filter(pl.col("augmented_from").is_null())
predictions = pl.scan_parquet(RUN / "predictions.parquet").filter(split="test", seed=0)
if FEATURE not in features.collect_schema():
    names = pl.read_parquet(RUN / "feature_dictionary.parquet")["name"]
    sys.exit(f"no feature `{FEATURE}` in `{RUN}`; feature_dictionary.parquet lists them: {', '.join(names[:5])}, ...")

# %% [markdown]
# ## Class balance

# %%
balance = (
    features.group_by("emotion")
    .agg(pl.len().alias("utterances"), pl.col("speaker").n_unique().alias("speakers"))
    .with_columns((100 * pl.col("utterances") / pl.col("utterances").sum()).alias("percent"))
    .sort("emotion")
)
print("Class balance", balance.collect(), sep="\n")

# %% [markdown]
# ## A feature by emotion

# %%
value = pl.col(FEATURE)
distribution = features.group_by("emotion").agg(
    value.count().alias("n"),
    value.quantile(0.25, "linear").alias("p25"),
    value.median().alias("median"),
    value.quantile(0.75, "linear").alias("p75"),
)
print(f"\n{FEATURE} by emotion", distribution.sort("median").collect(), sep="\n")

# %% [markdown]
# ## Which speakers fail

# %%
models = predictions.select(pl.col("model").unique().sort()).collect()["model"].to_list()
MODEL = next(model for model in ("selected", "mlp", models[0]) if model in models)
wrong = pl.col("truth") != pl.col("predicted")
mistake = pl.format("{} as {}", "truth", "predicted").filter(wrong)
speakers = (
    predictions.filter(model=MODEL)
    .join(features.select("utterance_id", "speaker", "gender"), on="utterance_id")
    .group_by("speaker", "gender")
    .agg(
        pl.len().alias("utterances"),
        (100 * (1 - wrong.mean())).alias("recognized %"),
        mistake.mode().sort().first().alias("most frequent mistake"),
    )
    .sort("recognized %", "speaker")
)
print(f"\nTest speakers under {MODEL}, worst first", speakers.head(10).collect(), sep="\n")
