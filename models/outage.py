from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .outage_reason import KINDS, PLANNED_KINDS

OPEN_STATES = ("draft", "announced", "ongoing")


class DiscomOutage(models.Model):
    """An interruption of supply on assets of the network.

    Life: draft -> announced (told, start still ahead) -> ongoing -> restored, or cancelled.
    All times are UTC as everywhere in Odoo; what consumers read is Indian time.
    """

    _name = "discom.outage"
    _description = "Outage"
    _inherit = [
        "discom.guarded.mixin",
        "mail.thread",
        "discom.whatsapp.mixin",
        "discom.aadhaar.mixin",
    ]
    _order = "date_start desc, id desc"
    _rec_names_search = ["name", "asset_ids.name", "asset_ids.code"]
    _check_company_auto = True
    _no_aadhaar = ("reason_note", "note_hi", "extra_villages")

    def _default_reason_id(self):
        return self.env.ref("discom.outage_reason_fault", raise_if_not_found=False)

    name = fields.Char(
        "Number", required=True, readonly=True, copy=False, default=lambda self: self.env._("New")
    )
    kind = fields.Selection(KINDS, required=True, default="breakdown", tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("announced", "Announced"),
            ("ongoing", "Ongoing"),
            ("restored", "Restored"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
        tracking=True,
    )
    asset_ids = fields.Many2many(
        "discom.asset",
        relation="discom_outage_asset_rel",
        column1="outage_id",
        column2="asset_id",
        string="Assets off",
        required=True,
        check_company=True,
        tracking=True,
        help="Everything below these in the supply network is off with them.",
    )
    reason_id = fields.Many2one(
        "discom.outage.reason",
        required=True,
        default=lambda self: self._default_reason_id(),
        tracking=True,
        ondelete="restrict",
    )
    reason_note = fields.Char("More about the reason", help="Goes into the English message.")
    note_hi = fields.Char("More in Hindi", help="Goes into the Hindi message.")
    date_start = fields.Datetime(
        "Start", required=True, default=fields.Datetime.now, index=True, copy=False, tracking=True
    )
    date_end_expected = fields.Datetime(
        "Expected end",
        compute="_compute_date_end_expected",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
    )
    date_end = fields.Datetime(
        "Supply back at", readonly=True, copy=False, tracking=True, help="Real end of the outage."
    )
    officer_id = fields.Many2one(
        "res.users",
        string="Issuing officer",
        required=True,
        default=lambda self: self.env.user,
        tracking=True,
    )
    officer_title = fields.Char(
        "Designation", compute="_compute_officer_title", store=True, readonly=False, precompute=True
    )
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_office_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        check_company=True,
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    partner_count = fields.Integer(
        "Consumers affected",
        compute="_compute_partner_count",
        help="Live connections under these assets at this moment.",
    )
    informed_count = fields.Integer(
        "Consumers told",
        compute="_compute_informed_count",
        help="Consumers whose announcement WhatsApp accepted.",
    )
    overlap_text = fields.Char(compute="_compute_overlap_text")

    @api.depends("name", "asset_ids.name")
    def _compute_display_name(self):
        for outage in self:
            assets = outage.asset_ids[:2].mapped("name")
            if len(outage.asset_ids) > 2:
                assets.append("…")
            # The assets first: a day of the calendar shows only the beginning.
            outage.display_name = " · ".join(filter(None, [", ".join(assets), outage.name]))

    @api.depends("reason_id", "date_start")
    def _compute_date_end_expected(self):
        """Propose the usual end; it follows a start that is moved behind it, while in draft."""
        now = fields.Datetime.now()
        for outage in self:
            usual = timedelta(hours=outage.reason_id.usual_hours)
            start, end = outage.date_start, outage.date_end_expected
            overtaken = end and start and end <= start and outage.state == "draft"
            if start and usual and (not end or overtaken):
                # Heard of late: it was not over when it was recorded.
                outage.date_end_expected = (start if start + usual > now else now) + usual

    @api.depends("officer_id")
    def _compute_officer_title(self):
        for outage in self:
            outage.officer_title = outage.officer_id.function

    # Not on asset_ids.office_id: an outage stays where it happened when assets move office.
    @api.depends("asset_ids")
    def _compute_office_id(self):
        for outage in self:
            offices = outage.asset_ids.office_id
            if offices:
                outage.office_id = self._common_office(offices)

    @api.depends_context("uid")
    def _compute_informed_count(self):
        counts = self._count_informed()
        for outage in self:
            outage.informed_count = counts.get(outage.id, 0)

    @api.depends("asset_ids", "date_start", "date_end_expected", "state")
    def _compute_overlap_text(self):
        for outage in self:
            others = outage._overlapping() if outage.state in OPEN_STATES else self.browse()
            outage.overlap_text = ", ".join(others.mapped("display_name"))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", self.env._("New")) == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].next_by_code("discom.outage")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        if kept := self.filtered(lambda outage: outage.state != "draft"):
            raise UserError(
                self.env._(
                    "Consumers may have been told of %(outages)s. Cancel instead of deleting.",
                    outages=kept._discom_names(),
                )
            )

    def action_announce(self):
        """Open the composer that tells everyone under the assets."""
        self._check_can_announce()
        purposes = {outage._announce_purpose() for outage in self}
        if len(purposes) > 1:
            raise UserError(
                self.env._(
                    "Planned shutdowns and running outages have different texts. Select "
                    "only one kind, and announce the other afterwards."
                )
            )
        return self._action_whatsapp_composer(purposes.pop())

    def action_restored(self):
        """Ask when supply came back, then tell those who were told of the outage."""
        return self._action_update("restored", self.env._("Supply restored"))

    def action_change_time(self):
        """Ask for the new times, then tell those who were told of the outage."""
        return self._action_update("changed", self.env._("Change time"))

    def action_cancel(self):
        """Ask for confirmation, then tell those who were told of the outage."""
        return self._action_update("cancelled", self.env._("Cancel outage"))

    def action_tell_over(self):
        """Open the preview of "supply is back" again, for who closed it with the dialog."""
        return self._action_whatsapp_composer("outage_restored")

    def action_view_affected(self):
        """Open the live consumers under the assets."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Consumers affected"),
            "res_model": "res.partner",
            "view_mode": "list,kanban,form",
            "domain": [
                ("discom_consumer", "=", True),
                ("discom_status", "=", "live"),
                ("discom_asset_id", "child_of", self.asset_ids.ids),
            ],
            "context": {"create": False},
        }

    def _action_update(self, operation, title):
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "discom.outage.update",
            "view_mode": "form",
            "target": "new",
            "context": {"default_outage_ids": self.ids, "default_operation": operation},
        }

    @api.model
    def _cron_start(self):
        """Announced outages whose start has come are ongoing."""
        due = self.search([("state", "=", "announced"), ("date_start", "<=", "now")])
        due.write({"state": "ongoing"})
        # Noted for all of them at once: the framework would do so one by one.
        due._track_discard()
        note = self.env._("Its start has come: the outage is ongoing.")
        due._message_log_batch(bodies=dict.fromkeys(due.ids, note))

    def _announce_purpose(self):
        """Message purpose of the announcement: a window told ahead, or supply off already."""
        self.ensure_one()
        ahead = self.date_start > fields.Datetime.now()
        return "outage_planned" if ahead or self.kind in PLANNED_KINDS else "outage_unplanned"

    def _set_announced(self):
        """The announcement is on its way, or its times changed: ongoing from the start on."""
        now = fields.Datetime.now()
        started = self.filtered(lambda outage: outage.date_start <= now)
        started.filtered(lambda outage: outage.state != "ongoing").state = "ongoing"
        ahead = self - started
        ahead.filtered(lambda outage: outage.state != "announced").state = "announced"
        if ahead:
            cron = self.env.ref("discom.ir_cron_outage_start")
            cron._trigger(at=ahead.mapped("date_start"))

    @api.model
    def _common_office(self, offices):
        """The lowest office above all ``offices``; the first if the user may not act for it."""
        paths = [office.parent_path.split("/")[:-1] for office in offices]
        common = [ids[0] for ids in zip(*paths, strict=False) if len(set(ids)) == 1]
        office = offices.browse(int(common[-1])) if common else offices[:1]
        # Stored fields are computed as superuser; the user is who makes the change.
        if self.env.user._is_superuser():
            return office
        scope = self.env.user.discom_scope_ids
        inside = offices.search_count(
            [("id", "=", office.id), ("id", "child_of", scope.ids)], limit=1
        )
        return office if inside else offices[:1]
