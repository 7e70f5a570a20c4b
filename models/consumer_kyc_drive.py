from odoo import api, fields, models
from odoo.exceptions import UserError

from .consumer_kyc_area import AREA_COUNTS

STATES = [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")]


class DiscomKycDrive(models.Model):
    """A drive to complete the KYC of an office: its areas are shared out among field staff.

    Which consumers belong to it follows from its areas; nothing is copied, so consumers who move or
    are added count at once.
    """

    _name = "discom.kyc.drive"
    _description = "KYC drive"
    _inherit = ["mail.thread", "discom.aadhaar.mixin"]
    _order = "state desc, date_start desc, id desc"
    _check_company_auto = True
    _no_aadhaar = ("name",)

    name = fields.Char(required=True)
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env.user.discom_scope_ids[:1],
        domain=lambda self: [("id", "child_of", self.env.user.discom_scope_ids.ids)],
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    date_start = fields.Date(
        "From", required=True, default=lambda self: self.env["res.partner"]._discom_today()
    )
    date_end = fields.Date("Until", required=True)
    target_share = fields.Integer(
        "Target (%)",
        default=90,
        aggregator=None,
        help="Share of the consumers of an area whose KYC shall be on record at the end.",
    )
    state = fields.Selection(
        STATES, required=True, default="draft", readonly=True, copy=False, tracking=True
    )
    area_ids = fields.One2many("discom.kyc.drive.area", "drive_id", "Areas", copy=True)
    person_ids = fields.One2many("discom.kyc.drive.person", "drive_id", "Staff", readonly=True)
    consumer_count = fields.Integer("Consumers", compute="_compute_counts")
    done_count = fields.Integer("With KYC", compute="_compute_counts")
    verified_count = fields.Integer("Verified", compute="_compute_counts")
    taken_count = fields.Integer(
        "Taken", compute="_compute_counts", help="On record since the drive began."
    )
    refused_count = fields.Integer("Refused", compute="_compute_counts")
    left_count = fields.Integer("Left", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="Of the target, in %.")
    uncovered_count = fields.Integer(
        "In no area",
        compute="_compute_uncovered_count",
        help="Consumers of the office who belong to no area of the drive.",
    )

    _dates = models.Constraint(
        "CHECK (date_end >= date_start)",
        "The last day lies before the first. Correct one of the two.",
    )
    _target_share_range = models.Constraint(
        "CHECK (target_share BETWEEN 1 AND 100)", "The target must be from 1 to 100 %."
    )

    @api.depends("area_ids.office_id", "area_ids.asset_id", "area_ids.village", "target_share")
    def _compute_counts(self):
        """Count each consumer once, also where areas overlap."""
        counts = self.area_ids._count_consumers("drive_id")
        for drive in self:
            values = counts.get(drive._origin.id, {})
            for name in AREA_COUNTS:
                drive[name] = values.get(name, 0)
            goal = drive._goal(drive.consumer_count)
            drive.progress = min(100.0, 100.0 * drive.done_count / goal) if goal else 0.0

    @api.depends("consumer_count", "office_id")
    def _compute_uncovered_count(self):
        offices = self.office_id
        counts = dict.fromkeys(offices.ids, 0)
        groups = self.env["res.partner"]._read_group(
            [
                ("discom_consumer", "=", True),
                ("discom_status", "!=", "permanent"),
                ("discom_office_id", "child_of", offices.ids),
            ],
            ["discom_office_id"],
            ["__count"],
        )
        for office, count in groups:
            for office_id in office._path_ids(office.parent_path):
                if office_id in counts:
                    counts[office_id] += count
        for drive in self:
            drive.uncovered_count = max(counts.get(drive.office_id.id, 0) - drive.consumer_count, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(drive.state != "draft" for drive in self):
            raise UserError(
                self.env._("A drive that has begun is kept, with what was taken. Close it instead.")
            )

    def action_start(self):
        """Give the areas to their staff: the consumers appear on their lists.

        :raise UserError: where there is no area, or one without staff
        """
        for drive in self:
            if not drive.area_ids:
                raise UserError(
                    self.env._("Add the areas of %(drive)s first.", drive=drive.display_name)
                )
            idle = drive.area_ids.filtered(lambda area: not area.user_id)
            if idle:
                raise UserError(
                    self.env._(
                        "Nobody is assigned to %(areas)s.",
                        areas=idle._discom_names(),
                    )
                )
        self.state = "running"

    def action_close(self):
        """End the drive: its consumers leave the lists of the staff."""
        self.state = "closed"

    def action_split_villages(self):
        """Add an area for each village of the office that has consumers without KYC."""
        self.ensure_one()
        groups = self.env["res.partner"]._read_group(
            [*self._missing_domain(), ("discom_village", "!=", False)],
            ["discom_village"],
            order="discom_village",
        )
        known = {(area.village or "").lower() for area in self.area_ids}
        vals_list = []
        for (village,) in groups:
            if village.lower() not in known:
                known.add(village.lower())
                vals_list.append(
                    {"drive_id": self.id, "office_id": self.office_id.id, "village": village}
                )
        return self._add_areas(vals_list)

    def action_split_feeders(self):
        """Add an area for each feeder below the office that has consumers without KYC."""
        self.ensure_one()
        groups = self.env["res.partner"]._read_group(
            [*self._missing_domain(), ("discom_asset_id", "!=", False)], ["discom_asset_id"]
        )
        assets = self.env["discom.asset"]
        path_ids = {
            asset_id for (asset,) in groups for asset_id in asset._path_ids(asset.parent_path)
        }
        feeders = assets.search([("id", "in", list(path_ids)), ("kind", "=", "feeder")])
        feeders -= self.area_ids.filtered(lambda area: not area.village).asset_id
        return self._add_areas(
            [
                {"drive_id": self.id, "office_id": self.office_id.id, "asset_id": feeder.id}
                for feeder in feeders
            ]
        )

    def action_open_consumers(self):
        """Open the consumers of the drive."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_consumer_action")
        action["domain"] = list(
            self.area_ids._consumer_domain() & self.area_ids._connected_domain()
        )
        return action

    def action_open_days(self):
        """Open the figures of the drive day by day, by taker."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_kyc_taking_action")
        action["domain"] = [
            *self.area_ids._consumer_domain("office_id", "asset_id", "village"),
            ("day", ">=", fields.Date.to_string(self.date_start)),
            ("day", "<=", fields.Date.to_string(self.date_end)),
        ]
        action["context"] = {"search_default_taken": 1}
        action["views"] = sorted(action["views"], key=lambda view: view[1] != "graph")
        return action

    def action_open_visits(self):
        """Open what the staff met with at the doors."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_kyc_visit_action")
        action["domain"] = [("drive_id", "=", self.id)]
        return action

    def _goal(self, consumer_count):
        """Number of consumers, of ``consumer_count``, whose KYC the drive wants."""
        return -(-consumer_count * self.target_share // 100)

    def _missing_domain(self):
        """Consumers of the office whose KYC is missing."""
        return [
            ("discom_consumer", "=", True),
            ("discom_office_id", "child_of", self.office_id.id),
            *self.env["discom.kyc.drive.area"]._missing_domain(),
        ]

    def _add_areas(self, vals_list):
        if self.state == "closed":
            raise UserError(
                self.env._(
                    "The drive %(drive)s is closed. Make a new one for more areas.",
                    drive=self.display_name,
                )
            )
        if not vals_list:
            raise UserError(
                self.env._(
                    "Every place with consumers to visit is an area of %(drive)s already, "
                    "so none was added.",
                    drive=self.display_name,
                )
            )
        self.env["discom.kyc.drive.area"].create(vals_list)
        return True
