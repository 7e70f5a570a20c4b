from odoo import models


class DiscomImport(models.Model):
    _inherit = "discom.import"

    def _refusal_texts(self):
        """Why a row is refused and what to do, by code; %(column)s and %(value)s are filled in."""
        _ = self.env._
        return {
            # what the row looks like
            "formula": _("The row holds a formula. Give values only."),
            "error_cell": _("The row holds an error value such as #REF!."),
            "columns": _("The row has more cells than the header."),
            "cell_too_long": _("A text of the row is too long."),
            "empty": _("%(column)s is empty."),
            # what a value looks like
            "account": _(
                "%(column)s “%(value)s” must have 10 digits. In Excel, format it as text."
            ),
            "old_account": _("%(column)s “%(value)s” must have 10 or 12 digits."),
            "aadhaar": _(
                "%(column)s holds a full Aadhaar number. The law allows only its last four digits to "
                "be kept."
            ),
            "last4": _("%(column)s “%(value)s” must be four digits."),
            "amount": _("%(column)s “%(value)s” is not an amount such as 1234.50."),
            "number": _("%(column)s “%(value)s” is not a number."),
            "integer": _("%(column)s “%(value)s” is not a whole number."),
            "code": _("%(column)s is too long for a code."),
            "date": _("%(column)s “%(value)s” is not a date such as 2026-11-30 or 30/11/2026."),
            "month": _("%(column)s “%(value)s” is not a month such as 2026-11."),
            "flag": _("%(column)s “%(value)s” must be 1 or 0."),
            "choice": _("%(column)s “%(value)s” is not one of the known values."),
            "email": _("%(column)s “%(value)s” is not an e-mail address."),
            "history": _("%(column)s must be up to 12 numbers joined by |."),
            "mobile_empty": _("%(column)s “%(value)s” holds no number."),
            "mobile_invalid": _("%(column)s “%(value)s” is not a complete Indian number."),
            "mobile_not_mobile": _("%(column)s “%(value)s” is not an Indian mobile number."),
            "mobile_junk": _("%(column)s “%(value)s” is a number that nobody has."),
            "mobile_several": _("%(column)s “%(value)s” holds more than one number."),
            # what the row refers to
            "duplicate": _("%(column)s “%(value)s” occurs in the file above already."),
            "unknown_office": _("There is no office with the code “%(value)s”."),
            "unknown_asset": _("There is no substation, feeder or transformer “%(value)s”."),
            "unknown_category": _("There is no tariff category “%(value)s”."),
            "unknown_basis": _("There is no bill basis “%(value)s”."),
            "unknown_consumer": _("There is no consumer with the account number “%(value)s”."),
            "unknown_parent": _("There is nothing with the code “%(value)s” to be placed below."),
            "other_office": _("“%(value)s” is outside the office of this import."),
            "needs": _("A new record needs %(column)s."),
            "colleague": _("The account “%(value)s” belongs to the contact of a colleague."),
            # what the row would do
            "issued": _(
                "The account has the issued bill %(value)s for this period. Correct that one."
            ),
            "bill_no_used": _("The bill number “%(value)s” belongs to another bill."),
            "due_before_bill": _("The due date lies before the bill date."),
            "reference_used": _("The receipt “%(value)s” is known with other contents."),
            "not_positive": _("%(column)s “%(value)s” must be above zero."),
            "future": _("%(column)s “%(value)s” lies in the future."),
            "older_kyc": _("A KYC taken later, on %(value)s, is on record."),
            "rule": _("%(value)s"),
        }
