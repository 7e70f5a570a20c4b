import tempfile

from odoo import models

from ..tools.convert import ConvertError
from ..tools.identity import find_aadhaar, mask_aadhaar
from ..tools.tabular import open_table
from ..tools.tabular_copy import copy_table

# Columns named to the user; a file with more of them has another problem.
NAMED_COLUMNS = 5


class DiscomImport(models.Model):
    """No full Aadhaar number is kept in an uploaded file.

    Rows that hold one in a column that is read are refused. What stands in columns and sheets that
    are not read, and in refused rows, is crossed out in the file: refusing the file would have
    somebody open lakhs of rows in Excel, which spoils the account numbers, and would hit one number
    in ten of any other column of twelve digits.
    """

    _inherit = "discom.import"

    def _cross_out(self, found):
        """Put a CSV copy with the same rows in the place of the file, all full numbers in it
        crossed out but for those that were read as something else, such as a phone.

        :param found: as of :meth:`_match_columns`
        """
        readers = {}
        for index, column in found:
            readers.setdefault(index, []).append(column.convert)
        rows = {}
        with self._open_file() as file, tempfile.NamedTemporaryFile() as target:
            table = open_table(file)

            def change(number, cells, usable):
                for index, cell in enumerate(cells):
                    if may_hold_aadhaar(cell) and not (
                        usable and index in readers and _is_read(cell, readers[index])
                    ):
                        cells[index] = mask_aadhaar(cell)
                        rows.setdefault(table.header[index], number)
                return cells

            copy_table(table, target, change)
            target.flush()
            self._keep_file("file", target.name)
        stem = (self.filename or self.kind).rsplit(".", 1)[0]
        self._write_progress(filename=f"{stem}.csv")
        if rows:
            self._write_progress(
                message=self.env._(
                    "Full Aadhaar numbers were crossed out in the file kept here. Columns: "
                    "%(columns)s. The law allows only the last four digits to be kept.",
                    columns=", ".join(
                        self.env._("%(column)s (row %(row)s)", column=column, row=row)
                        for column, row in list(rows.items())[:NAMED_COLUMNS]
                    ),
                )
            )


def may_hold_aadhaar(cell):
    """Whether a cell holds what has the form and the check digit of an Aadhaar number."""
    return len(cell) >= 12 and find_aadhaar(cell) is not None


def _is_read(cell, readers):
    try:
        for convert in readers:
            convert(cell)
    except ConvertError:
        return False
    return True
