from collections.abc import Callable
from dataclasses import dataclass

from odoo import models

from ..tools.tabular import TabularError


@dataclass(frozen=True)
class Column:
    """A column that an import understands.

    :ivar name: of the file and of the staging table
    :ivar convert: text to text, see ``tools/convert.py``
    :ivar type: PostgreSQL type in the staging table
    :ivar required: the file is refused without the column, a row without the value
    :ivar aliases: other names that billing systems give it
    :ivar source: name of the column of the file it is read from, when another than ``name``
    :ivar group: names of a column of the file that fills several columns at once
    """

    name: str
    convert: Callable
    type: str = "text"
    required: bool = False
    aliases: tuple = ()
    source: str = ""
    group: tuple = ()

    @property
    def target(self):
        """What the column of the file is called."""
        return self.source or self.name


def header_key(name):
    """Column names compare without case, blanks, dots, dashes and underscores."""
    return "".join(char for char in name.casefold() if char.isalnum())


class DiscomImport(models.Model):
    """Which column of a file holds what: by the names that the kind of import knows."""

    _inherit = "discom.import"

    def _columns(self):
        return getattr(self, f"_columns_{self.kind}")()

    def _match_columns(self, header):
        """Find the columns of the kind in the header of the file.

        :return: list of (index in the file, Column)
        :raise TabularError: ``columns_missing``
        """
        positions = self._match_targets(header)
        found = []
        missing = []
        for column in self._columns():
            index = positions.get(column.target)
            if index is None and column.group:
                index = positions.get(column.group[0])
            if index is not None:
                found.append((index, column))
            elif column.required:
                missing.append(column.name)
        if missing:
            raise TabularError("columns_missing", columns=", ".join(missing))
        used = {index for index, _column in found}
        self._write_progress(
            columns_used=",".join(column.name for _index, column in found),
            columns_ignored=", ".join(
                name for index, name in enumerate(header) if name and index not in used
            ),
        )
        return found

    def _match_targets(self, header):
        """Which column of the file holds what.

        :return: dict of names of :meth:`_targets` to indexes in the file
        """
        return self._assign_columns(header)

    def _targets(self):
        """What the columns of the kind are called in a file: dict of name to all its names."""
        targets = {}
        for column in self._columns():
            targets.setdefault(column.target, (column.target, *column.aliases))
            if column.group:
                targets.setdefault(column.group[0], column.group)
        return targets

    def _assign_columns(self, header):
        """Find the columns of the kind by their names.

        :return: as :meth:`_match_targets`
        """
        positions = {header_key(name): index for index, name in enumerate(header) if name}
        assigned = {}
        for target, names in self._targets().items():
            keys = [header_key(name) for name in names]
            index = next((positions[key] for key in keys if key in positions), None)
            if index is not None and index not in assigned.values():
                assigned[target] = index
        return assigned
