"""Copy a table to CSV row by row, so that the copy reads as the original did."""

import codecs
import csv
import io

from .tabular import MAX_CELL, RowError, is_formula

_MORE = "\u2026"


def copy_table(table, target, change):
    """Write a table as CSV with the same row numbers; what was broken in it stays broken.

    :param table: of :func:`.tabular.open_table`, none of its rows read yet
    :param target: binary file
    :param change: function of (number of the row, list of its cells, whether it can be used) to the
        cells to be written
    """
    target.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(target, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    line = 1
    for number, cells in table:
        broken = isinstance(cells, RowError)
        cells = change(number, _still_broken(cells) if broken else cells, not broken)
        inside = sum(cell.count("\n") for cell in cells)
        # A row is known by the number of its last line.
        text.write("\n" * max(0, number - line - inside - 1))
        writer.writerow(cells)
        line = number
    text.flush()
    text.detach()


def _still_broken(error):
    """Cells of a broken row that are refused again when they are read again."""
    cells = list(error.cells)
    if error.code == "columns":
        return [*cells, _MORE]
    if error.code == "cell_too_long":
        return [f"{cell}{_MORE}" if len(cell) >= MAX_CELL else cell for cell in cells]
    if not any(cell and is_formula(cell) for cell in cells):
        return [f"={cells[0]}", *cells[1:]]
    return cells
