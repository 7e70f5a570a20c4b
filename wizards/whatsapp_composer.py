import psycopg2

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date
from odoo.tools.misc import formatLang

from ..models import whatsapp_broadcast
from ..models.whatsapp_message import SKIP_REASONS

#: Messages shown as the recipients will see them.
SAMPLE_SIZE = 3


class DiscomWhatsappComposer(models.TransientModel):
    """Says before sending what will happen: who gets it, who does not and why, how it looks.

    It works on a domain, not on ids, so it is the same for one record and for a whole division.
    """

    _name = "discom.whatsapp.composer"
    _inherit = ["discom.whatsapp.audience"]
    _description = "Send on WhatsApp"

    account_id = fields.Many2one(
        default=lambda self: self.env["discom.whatsapp.account"]._for_user(),
        domain="[('state', '!=', 'draft')]",
    )
    template_id = fields.Many2one(
        compute="_compute_template_id", store=True, readonly=False, precompute=True
    )
    name = fields.Char(
        "Title", compute="_compute_name", store=True, readonly=False, precompute=True
    )
    record_count = fields.Integer("Selected Records", compute="_compute_audience", store=True)
    total_count = fields.Integer("Audience", compute="_compute_audience", store=True)
    send_count = fields.Integer("Will Receive It", compute="_compute_audience", store=True)
    skip_count = fields.Integer("Skipped", compute="_compute_audience", store=True)
    skip_ids = fields.One2many(
        "discom.whatsapp.composer.skip",
        "composer_id",
        "Reasons",
        compute="_compute_audience",
        store=True,
    )
    language_summary = fields.Char("Languages", compute="_compute_audience", store=True)
    template_summary = fields.Char(
        "By Template",
        compute="_compute_template_summary",
        help="Some of the records have a message of their own.",
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    problem = fields.Text(compute="_compute_problem", help="Why nothing can be sent now.")
    warning = fields.Text(compute="_compute_problem")
    broadcast_id = fields.Many2one("discom.whatsapp.broadcast", readonly=True, copy=False)

    @api.depends("account_id", "purpose")
    def _compute_template_id(self):
        for composer in self:
            composer.template_id = self.env["discom.whatsapp.template"].search(
                [
                    ("account_id", "=", composer.account_id.id),
                    ("purpose", "=", composer.purpose),
                    ("status", "=", "approved"),
                    ("category_drifted", "=", False),
                    ("combined", "=", False),
                ],
                order="id",
                limit=1,
            )

    @api.depends("res_model", "purpose")
    def _compute_name(self):
        purposes = dict(self._fields["purpose"]._description_selection(self.env))
        for composer in self:
            composer.name = self.env._(
                "%(purpose)s, %(date)s",
                purpose=purposes.get(composer.purpose, ""),
                date=format_date(self.env, fields.Date.context_today(self)),
            )

    @api.depends("account_id", "template_id", "purpose", "send_count", "skip_ids.count")
    def _compute_problem(self):
        for composer in self:
            account = composer.account_id
            problem = warning = False
            instead = 0
            if not account:
                problem = self.env._(
                    "No sending number is connected. An administrator connects one under"
                    " Configuration › Sending numbers."
                )
            elif not composer.template_id:
                problem = self.env._(
                    "%(account)s has no approved template for this message. An administrator"
                    " submits it under Configuration › Templates; WhatsApp approves it within"
                    " minutes to a day.",
                    account=account.name,
                )
            elif not composer._templates_by_lang() or composer.template_id.purpose != (
                composer.purpose
            ):
                problem = self.env._(
                    "“%(template)s” is not an approved template of %(account)s for this message.",
                    template=composer.template_id.name,
                    account=account.name,
                )
            elif not account._serves_user():
                problem = self.env._(
                    "%(account)s does not send for your offices.", account=account.name
                )
            elif not composer.send_count and not (instead := composer._instead_count()):
                problem = self.env._("Nobody would receive this message; the reasons are below.")
            if account.state == "halted":
                warning = self.env._(
                    "%(account)s has stopped: %(reason)s. The messages will wait until an"
                    " administrator has resolved this.",
                    account=account.name,
                    reason=account.halt_note,
                )
            elif account.trouble:
                warning = self.env._(
                    "WhatsApp cannot be reached at the moment (%(reason)s). The messages will wait"
                    " and leave by themselves.",
                    reason=account.trouble,
                )
            elif account and not problem and not composer.send_count:
                warning = self.env._(
                    "Nobody gets this on WhatsApp. %(count)s are listed for delivery at the door,"
                    " or get an SMS.",
                    count=instead,
                )
            elif account and not problem and not account._serves_all_of_user():
                warning = self.env._(
                    "%(account)s is the number of %(offices)s. Consumers of your other offices get"
                    " this message from it, too.",
                    account=account.name,
                    offices=", ".join(account.office_ids.mapped("name")),
                )
            elif account and not problem and (langs := composer._languages_out_of_use()):
                warning = self.env._(
                    "“%(template)s” cannot be sent in %(languages)s now: who reads that gets"
                    " another language. Configuration › Templates says why.",
                    template=composer.template_id.name,
                    languages=", ".join(langs),
                )
            composer.problem, composer.warning = problem, warning

    def _languages_out_of_use(self):
        """Return the names of the languages in which the template was sent and cannot be now."""
        usable = self._templates_by_lang()
        others = self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "=", self.account_id.id),
                ("name", "=", self.template_id.name),
                ("lang", "not in", list(usable)),
                ("status", "!=", "draft"),
            ]
        )
        labels = dict(others._fields["lang"]._description_selection(self.env))
        return [labels[template.lang] for template in others]

    @api.depends(
        "res_model", "res_domain", "purpose", "account_id", "template_id", "resend", "combine"
    )
    def _compute_audience(self):
        for composer in self:
            by_reason, by_lang = {}, {}
            for reason, lang, count in composer._audience_counts():
                if reason:
                    by_reason[reason] = by_reason.get(reason, 0) + count
                else:
                    by_lang[lang] = by_lang.get(lang, 0) + count
            composer.record_count = composer._documents_model().search_count(
                composer._records_domain()
            )
            composer.send_count = sum(by_lang.values())
            composer.skip_count = sum(by_reason.values())
            composer.total_count = composer.send_count + composer.skip_count
            labels = dict(composer.template_id._fields["lang"]._description_selection(self.env))
            composer.language_summary = ", ".join(
                f"{labels.get(lang, lang)}: {formatLang(self.env, count, digits=0)}"
                for lang, count in sorted(by_lang.items(), key=lambda item: -item[1])
            )
            composer.skip_ids = [Command.clear()] + [
                Command.create({"reason": reason, "count": by_reason[reason]})
                for reason, _label in SKIP_REASONS
                if reason in by_reason
            ]

    @api.depends("send_count", "template_id", "skip_ids.count")
    def _compute_template_summary(self):
        for composer in self:
            composer.template_summary = False
            documents = composer._documents_model()
            if documents._whatsapp_template_sql(composer.purpose) is None:
                continue
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT family, reason IS NULL, count(*) FROM (%s) audience
                     WHERE reason IS NULL OR reason = 'no_template' AND family IS NOT NULL
                     GROUP BY 1, 2 ORDER BY family NULLS FIRST, 2
                    """,
                    composer._audience_sql(),
                )
            )
            if any(family for family, _sent, _count in rows):
                chosen = composer.template_id.name or "-"
                composer.template_summary = ", ".join(
                    f"{family or chosen}: {count}"
                    if sent
                    else self.env._(
                        "%(template)s: not approved, %(count)s skipped",
                        template=family,
                        count=count,
                    )
                    for family, sent, count in rows
                )

    @api.depends("template_id", "send_count", "combine")
    def _compute_preview(self):
        for composer in self:
            rows = composer._sample_rows()
            composer.preview = composer._preview_of(rows)

    # === ACTIONS === #

    @api.model
    def _open(self, model, domain, purpose):
        """Open the composer on the records of ``domain``."""
        self.env[model]._whatsapp_check_send(purpose)
        # Also where the current user sees none of the records, it says so instead of failing later.
        if not self.env[model].search_count(domain, limit=1):
            raise UserError(self.env._("Nothing is selected. Tick those to be told first."))
        composer = self.create(
            {"res_model": model, "res_domain": repr(list(domain)), "purpose": purpose}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send on WhatsApp"),
            "res_model": self._name,
            "res_id": composer.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_send(self):
        """Start the broadcast that the composer shows, once, and open it."""
        self.ensure_one()
        self.check_access("write")
        if self.broadcast_id:
            # Clicked twice, or the page gone back to.
            return self._open_broadcast()
        if self.problem:
            raise UserError(self.problem)
        self._documents_model()._whatsapp_check_send(self.purpose)
        self.env["discom.whatsapp.broadcast"]._check_send_at(self.send_at)
        counts = self._counts_to_send()
        if not counts["send_count"]:
            self._check_anybody()
        # A broadcast carries the rights of the person who confirmed it, so nobody may write one.
        broadcast = (
            self.env["discom.whatsapp.broadcast"]
            .sudo()
            .create(
                {
                    "user_id": self.env.uid,
                    "name": self.name,
                    "res_model": self.res_model,
                    "res_domain": self.res_domain,
                    "purpose": self.purpose,
                    "account_id": self.account_id.id,
                    "template_id": self.template_id.id,
                    "resend": self.resend,
                    "office_id": self.env.user.discom_scope_ids[:1].id,
                    "priority": self._purpose_spec()["priority"],
                    **counts,
                    "combine": self.combine,
                    "send_at": self.send_at,
                    "estimated_cost": self.cost,
                }
            )
        )
        # Of two requests at the same moment one loses this row, is begun again and finds it done.
        self.broadcast_id = broadcast
        self.flush_recordset(["broadcast_id"])
        broadcast._submit()
        if not broadcast.send_count:
            self._check_anybody()
        return self._open_broadcast()

    # === BUSINESS METHODS === #

    @api.constrains("res_domain")
    def _check_res_domain(self):
        """Values that do not fit their fields are found by the database alone."""
        for composer in self:
            try:
                with self.env.cr.savepoint(flush=False):
                    composer._documents_model().search_count(composer._records_domain(), limit=1)
            except psycopg2.DataError as error:
                raise UserError(composer._bad_domain()) from error

    def _instead_count(self):
        """Return how many of the skipped get the paper, or an SMS."""
        self.ensure_one()
        met = self.env["discom.whatsapp.fallback"]._reasons_met(self.account_id, self.purpose)
        return sum(skip.count for skip in self.skip_ids if skip.reason in met)

    def _open_broadcast(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "discom.whatsapp.broadcast",
            "res_id": self.broadcast_id.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _audience_counts(self):
        """Return rows of (reason or None, language, number of people)."""
        self.env.cr.execute(
            SQL(
                "SELECT reason, lang, count(*) FROM (%s) audience GROUP BY reason, lang",
                self._audience_sql(),
            )
        )
        return self.env.cr.fetchall()

    def _check_anybody(self):
        """Raise where none of those who are skipped gets it by another way.

        The dialog may have stood open while somebody else sent the same.
        """
        if not self._instead_count():
            raise UserError(
                self.env._(
                    "Nobody would receive this message any more: it was sent meanwhile, or there is"
                    " nobody left to tell. Close this and look at the record."
                )
            )

    def _counts_to_send(self):
        """Return the counts of the broadcast: as they are now, except where nothing hangs on them.

        What is urgent needs no approval, and its first batch, planned at once, counts anew.
        """
        if (
            self._purpose_spec().get("urgent")
            and self.total_count > whatsapp_broadcast.PLAN_AT_ONCE
        ):
            return {"total_count": self.total_count, "send_count": self.send_count}
        return self._counts_now()

    def _counts_now(self):
        """Return the audience and how many receive it, counted now.

        A stored figure may have been sent by a client and would let a large broadcast pass for a
        small one that nobody has to approve.
        """
        counts = self._audience_counts()
        return {
            "total_count": sum(count for _reason, _lang, count in counts),
            "send_count": sum(count for reason, _lang, count in counts if not reason),
        }

    def _sample_rows(self, size=SAMPLE_SIZE):
        """Return ``size`` rows of those who receive it: first one of each template, and a message
        about several; of several languages each is shown."""
        langs = set(self._templates_by_lang())
        if not langs:
            return []
        own = self._documents_model()._whatsapp_template_sql(self.purpose) is not None
        order = [SQL("row_number() OVER (PARTITION BY family ORDER BY res_id)")] if own else []
        order += [SQL("about IS NULL")] if self._combines() else []
        order = SQL("ORDER BY %s", SQL(", ").join(order)) if order else SQL()
        rows = self._sample_query(SQL("TRUE"), order, size)
        missing = langs - {row["lang"] for row in rows}
        if missing and not own and 1 < size == len(rows):
            others = self._sample_query(SQL("lang = ANY(%s)", list(missing)), order, 1)
            rows[len(rows) - len(others) :] = others
        return rows

    def _sample_query(self, condition, order, size):
        """Return ``size`` rows of those who receive it and meet ``condition``."""
        self.env.cr.execute(
            SQL(
                "SELECT * FROM (%s) audience WHERE reason IS NULL AND %s %s LIMIT %s",
                self._audience_sql(),
                condition,
                order,
                size,
            )
        )
        return self.env.cr.dictfetchall()
