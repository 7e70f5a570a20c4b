import csv
import io
import json
import tempfile
from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from ..tools.identity import mask_aadhaar
from ..tools.tabular import RowError, open_table

# Refused rows read at once.
REFUSED_ROWS = 10_000


class DiscomImport(models.Model):
    """What a user is told about files and rows that cannot be imported."""

    _inherit = "discom.import"

    def _write_refused_file(self):
        """Give the refused rows back as they came, with the reason in a first column."""
        if not self.refused_count:
            self._write_progress(refused_file=False)
            return
        with tempfile.NamedTemporaryFile() as target:
            # With a byte order mark, Excel takes the file for UTF-8.
            text = io.TextIOWrapper(target, "utf-8-sig", newline="")
            self._write_refused_rows(csv.writer(text))
            text.flush()
            self._keep_file("refused_file", target.name)

    def _write_refused_rows(self, writer):
        texts = self._refusal_texts()
        refused = self._refused_rows()
        row_no, reason = next(refused)
        with self._open_file() as file:
            table = open_table(file)
            names = defaultdict(set)
            for index, column in self._match_columns(table.header):
                names[index].add(column.name)
            writer.writerow([self.env._("Reason"), self.env._("Row"), *table.header])
            for number, cells in table:
                if number != row_no:
                    continue
                # What was read and found good holds no Aadhaar number; the rest may.
                good = set() if isinstance(cells, RowError) else names.keys()
                if isinstance(cells, RowError):
                    cells = cells.cells
                blamed = {column for _code, column, _value in json.loads(reason)}
                cells = [
                    cell if place in good and not names[place] & blamed else mask_aadhaar(cell)
                    for place, cell in enumerate(cells)
                ]
                writer.writerow([self._reason_text(reason, texts), number, *map(_harmless, cells)])
                row_no, reason = next(refused, (None, None))
                if row_no is None:
                    break

    def _refused_rows(self):
        """Yield number and reason of all refused rows, as they follow in the file: whoever has to
        correct a template may have every row come back."""
        last = 0
        while True:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT row_no, reason FROM %s
                     WHERE verdict = 'refused' AND row_no > %s ORDER BY row_no LIMIT %s
                    """,
                    SQL.identifier(self._plan_name()),
                    last,
                    REFUSED_ROWS,
                )
            )
            yield from rows
            if len(rows) < REFUSED_ROWS:
                return
            last = rows[-1][0]

    def _failure_text(self, error):
        """What a user reads when an import broke off."""
        diagnostic = getattr(error, "diag", None)
        reason = diagnostic.message_primary if diagnostic else str(error)
        return self.env._(
            "The import broke off: %(reason)s What was imported before stays. "
            "Check the file again; if it breaks off once more, tell the "
            "administrator.",
            reason=reason,
        )

    def _file_error_text(self, error):
        """What a user reads about a file that cannot be read.

        :param error: TabularError
        """
        texts = {
            "empty": self.env._("The file is empty. Choose the file again."),
            "too_large": self.env._("The file is too large. Divide it, or save it as CSV."),
            "too_many_rows": self.env._("The file has more than %(limit)s rows. Divide it."),
            "too_many_columns": self.env._(
                "The file has more than %(limit)s columns. Delete those that are not needed."
            ),
            "cell_too_long": self.env._(
                "Row %(row)s holds a text without end. A quotation mark is probably missing."
            ),
            "encoding": self.env._(
                "Row %(row)s is not in UTF-8. Save the file as “CSV UTF-8” or as XLSX."
            ),
            "binary": self.env._("This is not a text file. Give a CSV (UTF-8) or XLSX file."),
            "foreign": self.env._(
                "This is neither CSV nor XLSX. Old Excel files (.xls) must be saved as XLSX first."
            ),
            "no_header": self.env._("The first row must hold the names of the columns."),
            "duplicate_column": self.env._(
                "The column “%(column)s” occurs more than once. Rename or delete one of them."
            ),
            "csv": self.env._(
                "Row %(row)s cannot be read: a quotation mark is missing or stands in the wrong "
                "place, or the lines end as on an old Mac. Save the file anew as “CSV UTF-8” or as "
                "XLSX."
            ),
            "xlsx": self.env._(
                "The XLSX file is damaged or was made to do harm. Save it anew in Excel."
            ),
            "zip_bomb": self.env._(
                "The XLSX file is far larger inside than a list can be, and is "
                "refused. Save it anew in Excel, or as CSV."
            ),
            "macros": self.env._(
                "The file holds macros and is refused. Save it without them, as XLSX."
            ),
            "encrypted": self.env._("The file is protected by a password. Save it without one."),
            "columns_missing": self.env._(
                "The file lacks the columns: %(columns)s. Add them, or choose under "
                "Columns of the file which ones hold them."
            ),
        }
        params = {"row": "?", "limit": "?", "column": "", "columns": ""}
        return texts[error.code] % {**params, **error.params}

    def _reason_text(self, reason, texts):
        """What a user reads about a refused row.

        :param reason: JSON text of [[code, column, value], ...]
        :param texts: of :meth:`_refusal_texts`
        """
        return " ".join(
            texts[code] % {"column": column, "value": value}
            for code, column, value in json.loads(reason)
        )

    def _refusal_texts(self):
        """Why a row is refused and what to do, by code; %(column)s and %(value)s are filled in."""
        return {
            # what the row looks like
            "formula": self.env._("The row holds a formula. Give values only."),
            "error_cell": self.env._(
                "The row holds an error value such as #REF!. Enter the right value."
            ),
            "columns": self.env._(
                "The row has more cells than the header. A text with a comma must "
                "stand in quotation marks."
            ),
            "cell_too_long": self.env._("A text of the row is too long. Shorten it."),
            "empty": self.env._("%(column)s is empty. Enter it."),
            # what a value looks like
            "account": self.env._(
                "%(column)s “%(value)s” must have 10 digits. In Excel, format it as text."
            ),
            "old_account": self.env._("%(column)s “%(value)s” must have 10 or 12 digits."),
            "masked": self.env._(
                "%(column)s holds a value that was masked in an export. Enter the whole one, or "
                "leave the column out of the file."
            ),
            "aadhaar": self.env._(
                "%(column)s holds a full Aadhaar number. The law allows only its last four "
                "digits to be kept."
            ),
            "last4": self.env._("%(column)s “%(value)s” must be four digits."),
            "amount": self.env._("%(column)s “%(value)s” is not an amount such as 1234.50."),
            "number": self.env._("%(column)s “%(value)s” is not a number."),
            "integer": self.env._("%(column)s “%(value)s” is not a whole number."),
            "code": self.env._("%(column)s is too long for a code. Shorten it."),
            "date": self.env._(
                "%(column)s “%(value)s” is not a date such as 2026-11-30 or 30/11/2026."
            ),
            "month": self.env._("%(column)s “%(value)s” is not a month such as 2026-11."),
            "flag": self.env._("%(column)s “%(value)s” must be 1 or 0."),
            "choice": self.env._(
                "%(column)s “%(value)s” is not one of the values that can be chosen on "
                "screen. Write one of those."
            ),
            "email": self.env._("%(column)s “%(value)s” is not an e-mail address."),
            "history": self.env._("%(column)s must be up to 12 numbers joined by |."),
            "mobile_empty": self.env._("%(column)s “%(value)s” holds no number."),
            "mobile_invalid": self.env._("%(column)s “%(value)s” is not a complete Indian number."),
            "mobile_not_mobile": self.env._(
                "%(column)s “%(value)s” is not an Indian mobile number."
            ),
            "mobile_junk": self.env._(
                "%(column)s “%(value)s” is a number that nobody has. Ask for the real one."
            ),
            "mobile_several": self.env._(
                "%(column)s “%(value)s” holds more than one number. Keep one."
            ),
            # what the row refers to
            "duplicate": self.env._(
                "%(column)s “%(value)s” occurs in the file above already. Keep one of the rows."
            ),
            "unknown_office": self.env._(
                "There is no office with the code “%(value)s”. Correct it, or import "
                "the offices first."
            ),
            "unknown_asset": self.env._(
                "There is no substation, feeder or transformer “%(value)s”. Correct "
                "it, or import the supply network first."
            ),
            "unknown_category": self.env._(
                "There is no tariff category “%(value)s”. Correct it, or add it under "
                "Configuration."
            ),
            "unknown_basis": self.env._(
                "There is no bill basis “%(value)s”. Correct it, or add it under Configuration."
            ),
            "unknown_consumer": self.env._(
                "There is no consumer with the account number “%(value)s”. Correct it, "
                "or import the consumer first."
            ),
            "unknown_parent": self.env._(
                "There is nothing with the code “%(value)s” above this row. Correct "
                "it, or add that row to the file."
            ),
            "other_office": self.env._(
                "“%(value)s” is outside the office of this import. Leave the row out, "
                "or import it for its own office."
            ),
            "needs": self.env._("A new record needs %(column)s."),
            "colleague": self.env._(
                "The account “%(value)s” belongs to the contact of a colleague, which "
                "everyone sees. Ask the administrator for a contact of its own."
            ),
            # what the row would do
            "issued": self.env._(
                "The account has the issued bill %(value)s for this period. Correct that one, or "
                "import with “Correct issued bills”."
            ),
            "other_month": self.env._(
                "The bill is of the month %(value)s, and the bill run of another. Take "
                "it into the run of its month."
            ),
            "bill_no_used": self.env._(
                "The bill number “%(value)s” belongs to another bill. Check it with "
                "the billing system."
            ),
            "due_before_bill": self.env._(
                "The due date lies before the bill date. Correct one of the two."
            ),
            "reference_used": self.env._(
                "The receipt “%(value)s” is on record with another account, day or "
                "amount. Check its number."
            ),
            "taken_back": self.env._(
                "The payment “%(value)s” was taken back here. Enter it anew if it counts."
            ),
            "not_positive": self.env._("%(column)s “%(value)s” must be above zero."),
            "no_category": self.env._(
                "The consumer “%(value)s” has no tariff category. Enter it there first."
            ),
            "no_reading": self.env._(
                "The basis “%(value)s” says that the meter was read, but the reading is empty."
            ),
            "no_previous": self.env._(
                "The account “%(value)s” has no earlier bill with a reading. Give "
                "previous_reading and previous_reading_date."
            ),
            "reading_order": self.env._(
                "The reading does not come after the previous one of %(value)s. Correct its date."
            ),
            "future": self.env._("%(column)s “%(value)s” lies in the future. Correct it."),
            "unknown_taker": self.env._(
                "There is no user with the login “%(value)s”. Write the login of the one who took "
                "the KYC as %(column)s, or leave it empty: then it counts as yours."
            ),
            "older_kyc": self.env._(
                "A KYC taken later, on %(value)s, is on record. Leave the row out."
            ),
            "undated_kyc": self.env._(
                "Another number is on record. Give the day on which this one was taken as "
                "%(column)s, or leave the row out."
            ),
            "withdrawn": self.env._(
                "The consumer has withdrawn consent. Give the day on which it was given again as "
                "%(column)s."
            ),
            "unknown_notice": self.env._(
                "%(column)s “%(value)s” is no version of the consent notice. Write the "
                "one that was read out."
            ),
            "no_notice_in_use": self.env._(
                "No consent notice was in use on the day of the consent (%(value)s). Write the "
                "version that was read out as %(column)s."
            ),
            "which_notice_language": self.env._(
                "The notice has several languages, and none is the consumer's. Write the one in "
                "which it was read out as %(column)s."
            ),
            "agent_number": self.env._(
                "%(column)s “%(value)s” belongs to an agent. Ask the consumer for the own number."
            ),
            "rule": self.env._("%(value)s"),
        }


def _harmless(cell):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "@", "+", "-") else cell
