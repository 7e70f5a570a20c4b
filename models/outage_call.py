from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.search import escape_like
from .outage import OPEN_STATES

SOURCES = [
    ("whatsapp", "WhatsApp"),
    ("phone", "1912 or office phone"),
    ("counter", "Counter"),
    ("field", "Field staff"),
]
ACTIVE_STATES = ("open", "known")


class DiscomOutageCall(models.Model):
    """A consumer says that there is no supply.

    Life: open -> known (belongs to an outage on record) -> closed. Calls from below one asset
    within minutes of each other suggest a breakdown there (``discom.outage.suggestion``). Who
    called is told when supply is back, or what the call came to.
    """

    _name = "discom.outage.call"
    _description = "No-supply call"
    _inherit = ["discom.guarded.mixin", "mail.thread", "discom.aadhaar.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["partner_id", "account_no", "village"]
    _check_company_auto = True
    _no_aadhaar = ("village", "note")
    _guarded = {
        "state": "open",
        "source": "phone",
        **dict.fromkeys(("outcome", "outage_id", "suggestion_id", "conversation_id"), False),
    }

    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    account_no = fields.Char(
        "Account number", compute="_compute_from_consumer", store=True, precompute=True
    )
    asset_id = fields.Many2one(
        "discom.asset",
        "Supplied from",
        compute="_compute_from_consumer",
        store=True,
        precompute=True,
        ondelete="restrict",
    )
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_from_consumer",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    village = fields.Char(
        "Village or ward", compute="_compute_from_consumer", store=True, precompute=True
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    source = fields.Selection(SOURCES, required=True, default="phone", readonly=True)
    date = fields.Datetime("Off since", required=True, default=fields.Datetime.now)
    note = fields.Char("What the consumer says")
    state = fields.Selection(
        [("open", "Open"), ("known", "Outage known"), ("closed", "Closed")],
        required=True,
        readonly=True,
        copy=False,
        default="open",
        tracking=True,
    )
    outcome = fields.Selection(
        [
            ("restored", "Supply is back"),
            ("premises", "Fault of this connection alone"),
            ("none", "No fault found"),
        ],
        readonly=True,
        copy=False,
        tracking=True,
    )
    outage_id = fields.Many2one(
        "discom.outage", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    suggestion_id = fields.Many2one(
        "discom.outage.suggestion", readonly=True, copy=False, index="btree_not_null"
    )

    _once = models.UniqueIndex(
        "(partner_id) WHERE state IN ('open', 'known')",
        "A call of this consumer is open already. Add what is new to that one.",
    )
    _open_idx = models.Index("(date) WHERE state = 'open'")

    @api.depends("partner_id")
    def _compute_from_consumer(self):
        """Copy where the consumer is connected as it was when the call came."""
        for call in self:
            consumer = call.partner_id
            call.account_no = consumer.discom_account_no
            call.asset_id = consumer.discom_asset_id
            call.office_id = consumer.discom_office_id
            call.village = consumer.discom_village

    @api.depends("partner_id", "date")
    def _compute_display_name(self):
        for call in self:
            call.display_name = call.partner_id.display_name or self.env._("New call")

    @api.constrains("partner_id")
    def _check_consumer(self):
        for call in self:
            if not call.partner_id.discom_consumer:
                raise ValidationError(
                    self.env._(
                        "%(name)s is no consumer. Find the connection by its account number.",
                        name=call.partner_id.display_name,
                    )
                )

    @api.constrains("date")
    def _check_date(self):
        for call in self:
            if call.date > fields.Datetime.now():
                raise ValidationError(
                    self.env._(
                        "The time since when supply is off lies in the future. Enter when it "
                        "went off."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        calls = super().create(vals_list)
        calls._match()
        if calls.filtered(lambda call: call.state == "open"):
            self.env.ref("discom.ir_cron_outage_suggest")._trigger()
        return calls

    @api.model
    def _guarded_text(self):
        return self.env._(
            "What became of a call follows from its buttons and its outage alone, so that "
            "whoever called is told. Leave it out."
        )

    # === ACTIONS === #

    def action_close_restored(self):
        """Close the calls: supply is back."""
        self._close("restored")

    def action_close_premises(self):
        """Close the calls: the fault lay in the connection, not in the network."""
        self._close("premises")

    def action_close_none(self):
        """Close the calls: nothing was found."""
        self._close("none")

    def action_report_outage(self):
        """Open an outage on the lowest asset above all these calls, ready to announce."""
        if len(self) == 1 and self.outage_id:
            return self.outage_id._get_records_action()
        assets = self.asset_id
        if not assets:
            raise UserError(
                self.env._(
                    "No transformer or feeder is on record for these consumers. Report the "
                    "outage under Outages, and choose there what is off."
                )
            )
        action = self._common_asset(assets).action_report_outage()
        action["context"]["default_date_start"] = min(self.mapped("date"))
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _report(self, partners, source, note=""):
        """Record that these consumers have no supply; one call a consumer, repeated or not.

        :return: the calls, in the order of ``partners``; ``outage_id`` says what is known already
        """
        active = {
            call.partner_id: call
            for call in self.search(
                [("partner_id", "in", partners.ids), ("state", "in", ACTIVE_STATES)]
            )
        }
        new = partners.filtered(lambda partner: partner not in active)
        for call in self.create(
            [{"partner_id": partner.id, "source": source, "note": note} for partner in new]
        ):
            active[call.partner_id] = call
        return self.browse(active[partner].id for partner in partners)

    def _match(self):
        """Tie open calls to the outage that is on where their consumers are connected or live."""
        self.flush_recordset()
        self.env["discom.outage"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (call.id) call.id, outage.id
                  FROM discom_outage_call call
                  JOIN (%s) AS concerning ON concerning.partner_id = call.partner_id
                  JOIN discom_outage outage ON outage.id = concerning.outage_id
                 WHERE call.id = ANY(%s) AND call.state = 'open' AND outage.date_start <= %s
                 ORDER BY call.id, outage.date_start DESC
                """,
                self.env["discom.outage"]._sql_concerning(self.partner_id.ids),
                self.ids,
                fields.Datetime.now(),
            )
        )
        for outage_id, group in self._by_outage(rows).items():
            group._set(state="known", outage_id=outage_id)

    def _by_outage(self, rows):
        """Group rows (call id, outage id): ``{outage id: calls}``."""
        groups = {}
        for call_id, outage_id in rows:
            groups.setdefault(outage_id, []).append(call_id)
        return {outage_id: self.browse(ids) for outage_id, ids in groups.items()}

    def _close(self, outcome):
        over = self.filtered(lambda call: call.state == "closed")
        if over:
            raise UserError(
                self.env._(
                    "Closed already: %(calls)s. Leave these out, or reload the list.",
                    calls=over._discom_names(),
                )
            )
        self._set(state="closed", outcome=outcome)
        self._tell_closed()

    @api.model
    def _common_asset(self, assets):
        """The lowest asset that feeds all of ``assets``; the first of them where there is none."""
        paths = [asset.parent_path.split("/")[:-1] for asset in assets]
        common = [ids[0] for ids in zip(*paths, strict=False) if len(set(ids)) == 1]
        return assets.browse(int(common[-1])) if common else assets[:1]


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    call_ids = fields.One2many("discom.outage.call", "outage_id", readonly=True)
    call_count = fields.Integer("Calls", compute="_compute_call_count")

    def _compute_call_count(self):
        counts = dict(
            self.env["discom.outage.call"]._read_group(
                [("outage_id", "in", self.ids)], ["outage_id"], ["__count"]
            )
        )
        for outage in self:
            outage.call_count = counts.get(outage._origin, 0)

    def action_view_calls(self):
        """Open the calls of consumers that belong to this outage."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_outage_call_action")
        action["domain"] = [("outage_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    def write(self, vals):
        result = super().write(vals)
        if {"state", "asset_ids", "extra_villages"} & vals.keys():
            self._update_calls()
        return result

    def _update_calls(self):
        """Calls follow their outage: found when it is on, closed when supply is back, open again
        when it was an error."""
        # sudo: what an officer does with an outage settles calls of all offices below its assets.
        calls = self.env["discom.outage.call"].sudo()
        over = calls.search(
            [
                ("outage_id", "in", self.filtered(lambda o: o.state not in OPEN_STATES).ids),
                ("state", "=", "known"),
            ]
        )
        restored = over.filtered(lambda call: call.outage_id.state == "restored")
        moved = restored._move_to_others()
        restored, over = restored - moved, over - moved
        restored.write({"state": "closed", "outcome": "restored"})
        restored._tell_restored()
        (over - restored).write({"state": "open", "outage_id": False})
        ongoing = self.filtered(lambda outage: outage.state in ("announced", "ongoing"))
        if ongoing:
            where = Domain("asset_id", "child_of", ongoing.asset_ids.ids)
            for outage in ongoing.filtered("extra_villages"):
                where |= Domain("office_id", "child_of", outage.office_id.id) & Domain.OR(
                    Domain("village", "=ilike", escape_like(name))
                    for name in outage._extra_village_names()
                )
            calls.search(Domain("state", "=", "open") & where)._match()
