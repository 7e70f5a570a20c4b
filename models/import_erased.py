from odoo import models
from odoo.tools import SQL

#: Kinds of files that would bring personal data back.
KINDS = ("consumer", "kyc")


class DiscomImport(models.Model):
    """No file brings back what was erased because the person asked for it."""

    _inherit = "discom.import"

    def _stage(self):
        super()._stage()
        if self.kind not in KINDS:
            return
        self.env["res.partner"].flush_model(["discom_account_no", "discom_erased_at"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(stage)s s SET reason = %(reason)s
                  FROM res_partner partner
                 WHERE partner.discom_erased_at IS NOT NULL
                   AND partner.discom_account_no = s.account_no AND s.reason IS NULL
                """,
                stage=SQL.identifier(self._stage_name()),
                reason=self._refusal("erased", "account_no", SQL("s.account_no")),
            )
        )

    def _refusal_texts(self):
        return {
            **super()._refusal_texts(),
            "erased": self.env._(
                "The personal data of account %(value)s were erased as the person had asked. Leave "
                "the row out."
            ),
        }
