"""Links that show one bill to whoever has them, without login."""

import hashlib
import hmac

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import link_token
from .bill import LIVE_STATES

LINK_PATH = "/bill/"
#: Bills whose links are revoked at once: each leaves a note, a second for some thousands.
REVOKE_LIMIT = 5_000


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    link_generation = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Counts how often the links of this bill were revoked; a link of another count is "
        "invalid.",
    )
    public_url = fields.Char("Page for the Consumer", compute="_compute_public_url")

    @api.depends("state", "link_generation", "partner_id")
    @api.depends_context("uid")
    def _compute_public_url(self):
        live = self.filtered(lambda bill: bill.state in LIVE_STATES)
        urls = live._page_shown()._public_urls()
        for bill in self:
            bill.public_url = urls.get(bill.id, False)

    def _page_shown(self):
        """Return the bills whose page the user may open.

        Page and PDF are made for the consumer, with the whole address and the code that proves the
        account: whoever sees either masked gets no link.
        """
        return self._personal_shown("address") & self._personal_shown("phone")

    @api.model
    def _link_key(self):
        """Key of the links, derived from the secret of the database: in a restored copy under a
        new secret no link works."""
        # sudo: the secret stays in the server; whoever sends bills makes their links.
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.new(secret.encode(), b"discom.bill.link", hashlib.sha256).digest()

    def _public_tokens(self):
        """Tokens of the bills' pages: what follows ``/bill/`` in a link, 32 characters.

        They open the page for as many days as the company says, counted from today, and are the
        same all day.

        :return: ``{bill id: text}``
        """
        key, today = self._link_key(), self._today()
        return {
            bill.id: link_token.make(
                key,
                bill.id,
                # sudo: who may read a bill may know how long its link lasts.
                fields.Date.add(today, days=bill.company_id.sudo().discom_bill_link_days),
                bill.link_generation,
            )
            for bill in self
        }

    def _public_urls(self):
        """Full links to the bills' pages.

        :return: ``{bill id: text}``
        """
        return {
            bill_id: self._link_address(token) for bill_id, token in self._public_tokens().items()
        }

    @api.model
    def _link_address(self, token):
        """Full address of the page that a token opens."""
        # sudo: the address of the server is in every link and mail.
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "").rstrip("/")
        return f"{base}{LINK_PATH}{token}"

    def _public_url(self):
        """Full link to the page of this bill."""
        self.ensure_one()
        return self._public_urls()[self.id]

    @api.model
    def _from_public_token(self, token):
        """The bill whose page a token opens today; no bill where the token is altered, expired or
        revoked, or the bill is cancelled or not issued yet."""
        nothing = self.browse()
        claimed = link_token.parse(token)
        if not claimed:
            return nothing
        bill = self.browse(claimed[0]).exists()
        # One way for all, so that the time tells nothing about which bills there are.
        genuine = link_token.holds(
            self._link_key(), token, bill.link_generation or 0, self._today()
        )
        return bill if genuine and bill.state in LIVE_STATES else nothing

    # === ACTION METHODS === #

    def action_open_public_page(self):
        """Open the page that the consumer sees."""
        self.ensure_one()
        self.check_access("read")
        if self.state not in LIVE_STATES:
            raise UserError(
                self.env._(
                    "Bill %(bill)s is not issued, so consumers have no page of it. Issue it first.",
                    bill=self.display_name,
                )
            )
        if not self._page_shown():
            raise AccessError(
                self.env._(
                    "The page of bill %(bill)s shows address and code in full, which are masked "
                    "for your role. Open the consumer, choose “Show in full” there, and open the "
                    "page again.",
                    bill=self.display_name,
                )
            )
        return {"type": "ir.actions.act_url", "url": self._public_url(), "target": "new"}

    def action_ask_revoke_links(self):
        """Ask whether the links of what is selected in a list are revoked, with the number."""
        bills = self._selection().exists()
        bills._check_revoke()
        dialog = self.env["discom.bill.revoke"].create({"bill_ids": [(6, 0, bills.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Revoke links"),
            "res_model": dialog._name,
            "res_id": dialog.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_revoke(self):
        """
        :raise AccessError: for whoever may not write these bills
        :raise UserError: when they are too many
        """
        self.check_access("write")
        if len(self) > REVOKE_LIMIT:
            raise UserError(
                self.env._(
                    "The links of %(count)s bills are too many to revoke at once. Select at most "
                    "%(limit)s.",
                    count=len(self),
                    limit=REVOKE_LIMIT,
                )
            )

    def action_revoke_links(self):
        """Make all links sent so far invalid; a new one may be sent.

        It is noted on the consumer, where the history of the bills is.
        """
        bills = self.exists()
        bills._check_revoke()
        # Past the guard of issued bills: their content stays as it is.
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill SET link_generation = COALESCE(link_generation, 0) + 1
                 WHERE id = ANY(%s)
                """,
                list(bills.ids),
            )
        )
        bills.invalidate_recordset(["link_generation", "public_url"])
        # sudo: who works on a bill leaves a note on its consumer.
        bills.partner_id.sudo()._message_log_batch(
            {
                partner.id: self.env._(
                    "The links to the page of bill %(bills)s were revoked.",
                    bills=", ".join(group.mapped("name")),
                )
                for partner, group in bills.grouped("partner_id").items()
            }
        )
        return self._notify(self.env._("The links sent so far open nothing any more."))
