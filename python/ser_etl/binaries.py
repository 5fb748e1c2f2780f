"""Where the programs of this package are."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_STAGES = ("ingest", "extract", "split", "normalize", "train", "evaluate")
_NAMES = ("ser", *(f"ser-{stage}" for stage in _STAGES))


def binary(name: str = "ser") -> Path:
    """The path of `ser`, or of a program of one stage, such as `ser-extract`.

    It is the program that was installed with this package. PATH is not looked at, for it may name another version.
    """
    if name not in _NAMES:
        raise ValueError(f"`{name}` is no program of ser-etl; legal are {', '.join(_NAMES)}")
    places = list(dict.fromkeys(_places(name)))
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(map(str, places))
    raise FileNotFoundError(
        f"the program `{name}` is not where this Python keeps it ({looked}); install the wheel of ser-etl again"
    )


def _places(name: str) -> Iterator[Path]:
    # `pip install --target` puts programs beside packages, while its list of files names another place.
    yield Path(__file__).resolve().parents[1] / "bin" / name
    try:
        files = metadata.files("ser-etl") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            yield Path(str(file.locate())).resolve()
    yield Path(sysconfig.get_path("scripts"), name)
