"""The tables of names beside this module, as CSV files in ``data/``."""

import csv
import unicodedata
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"


def table(name):
    """Yield the rows of ``data/<name>.csv`` as dicts, text in NFC."""
    text = unicodedata.normalize("NFC", (_FOLDER / f"{name}.csv").read_text(encoding="utf-8"))
    yield from csv.DictReader(text.splitlines())
