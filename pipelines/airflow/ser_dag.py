"""A pipeline of ser-etl in Airflow, one task a stage. docs/AIRFLOW.md describes the parameters.

Copy this file and ser_operator.py into the folder of your DAGs, and change the name, the schedule and the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, Context, Param, task
from airflow.sdk.exceptions import AirflowSkipException
from ser_operator import SerOperator

NAME = "ser"
PLACE = "^(/|s3://)"
PARAMETERS = {
    "pipeline": Param(
        "/srv/ser/pipelines/calls.toml", type="string", pattern=PLACE, description="The pipeline file, on disk or on S3"
    ),
    "source": Param(
        None, type=["null", "string"], pattern=PLACE, description="Where the audio is, instead of `source` in the file"
    ),
    "output": Param(
        "/srv/ser/runs/calls/date={date}",
        type="string",
        pattern=PLACE,
        description="Where the results go. Without {date}, all runs share one output that grows",
    ),
    "shards": Param(2, type="integer", minimum=1, maximum=1000, description="How many tasks compute the features"),
    "day_only": Param(
        False, type="boolean", description="Take in the recordings of the logical date only, by `partition`"
    ),
    "reference": Param(
        None,
        type=["null", "string"],
        pattern=PLACE,
        description="The run that the gate compares with, or its accepted.json; none: no gate",
    ),
    "max_drop": Param(["uar=0.02"], type="array", items={"type": "string"}, description="What the gate allows"),
    "accept": Param(False, type="boolean", description="Make the run the accepted one, unless the gate has failed"),
    "set": Param([], type="array", items={"type": "string"}, description="Keys of the pipeline file, as KEY=VALUE"),
}


def day(context: Context) -> str:
    """The logical date of a run, or the day of its start if it has none."""
    run = context["dag_run"]
    return f"{run.logical_date or run.run_after:%Y-%m-%d}"


def parameters(context: Context) -> dict[str, Any]:
    """The parameters of a run, with its day for `{date}`."""
    date = day(context)

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(one) for one in value]
        return value.replace("{date}", date) if isinstance(value, str) else value

    return {name: fill(value) for name, value in context["params"].items()}


def stage(name: str, *flags: str, dated: bool = False) -> Callable:
    """The arguments of one stage; Airflow calls the function when the parameters are known. A dated stage can work on
    one day only.
    """

    def arguments(context: Context, jinja_env: Any) -> list[str]:
        given = parameters(context)
        source = [f"corpus.0.source={given['source']}"] if given["source"] else []
        settings = [word for setting in [*source, *given["set"]] for word in ("--set", setting)]
        days = ["--from", day(context), "--to", day(context)] if dated and given["day_only"] else []
        return [name, given["pipeline"], "--out", given["output"], *settings, *flags, *days, "--log-format", "json"]

    return arguments


def comparison(context: Context, jinja_env: Any) -> list[str]:
    given = parameters(context)
    limits = [word for limit in given["max_drop"] for word in ("--max-drop", limit)]
    return ["compare", given["reference"] or "", given["output"], *limits]


def acceptance(context: Context, jinja_env: Any) -> list[str]:
    return ["accept", parameters(context)["output"]]


def skip_unless(name: str) -> Callable:
    """Skips a task if a parameter is not set."""

    def skip(context: Context) -> None:
        if not context["params"][name]:
            raise AirflowSkipException(f"the parameter `{name}` is not set")

    return skip


def announces(alias: AssetAlias, name: str) -> Callable:
    """Makes an asset of what a task has written, whose place is known only now."""

    def announce(context: Context, result: Any) -> None:
        place = f"{parameters(context)['output'].rstrip('/')}/{name}"
        context["outlet_events"][alias].add(Asset(place if "://" in place else f"file://{place}"))

    return announce


FEATURES, REPORT = AssetAlias(f"{NAME}-features"), AssetAlias(f"{NAME}-report")

with DAG(
    dag_id=NAME,
    schedule="30 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    params=PARAMETERS,
    default_args={
        "retries": 5,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=10),
    },
    doc_md=__doc__,
) as dag:

    @task
    def shards(params: dict[str, Any]) -> list[list[str]]:
        return [["--shard", f"{number}/{params['shards']}"] for number in range(1, params["shards"] + 1)]

    ingest = SerOperator(task_id="ingest", arguments=stage("ingest", dated=True))
    plan = SerOperator(task_id="plan", arguments=stage("plan"))
    extract = SerOperator.partial(
        task_id="extract", arguments=stage("extract", dated=True), map_index_template="{{ task.flags[1] }}"
    ).expand(flags=shards())
    publish = SerOperator(
        task_id="publish",
        arguments=stage("extract", "--require-parts"),
        outlets=[FEATURES],
        post_execute=announces(FEATURES, "features"),
    )
    split = SerOperator(task_id="split", arguments=stage("split"))
    normalize = SerOperator(task_id="normalize", arguments=stage("normalize"))
    train = SerOperator(task_id="train", arguments=stage("train"))
    evaluate = SerOperator(
        task_id="evaluate",
        arguments=stage("evaluate"),
        outlets=[REPORT],
        post_execute=announces(REPORT, "report.html"),
    )
    gate = SerOperator(task_id="gate", arguments=comparison, pre_execute=skip_unless("reference"))
    accept = SerOperator(
        task_id="accept",
        arguments=acceptance,
        pre_execute=skip_unless("accept"),
        # After a gate that was passed, or was skipped since there is nothing to compare with yet.
        trigger_rule="none_failed",
    )

    ingest >> plan >> extract >> publish >> split >> normalize >> train >> evaluate >> gate >> accept
