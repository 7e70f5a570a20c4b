from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.search import escape_like
from .consumer_kyc import TAKEN_STATES

#: KYC states that leave nothing to do at the door.
SETTLED_STATES = (*TAKEN_STATES, "refused")
AREA_COUNTS = (
    "consumer_count",
    "done_count",
    "verified_count",
    "taken_count",
    "refused_count",
    "left_count",
)


class DiscomKycDriveArea(models.Model):
    """A part of a drive for one member of staff: an office, narrowed to what an asset feeds, to a
    village, or both."""

    _name = "discom.kyc.drive.area"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Area of a KYC drive"
    _order = "drive_id desc, village, id"
    _rec_names_search = ["village", "asset_id", "office_id"]
    _check_company_auto = True
    _no_aadhaar = ("village",)

    name = fields.Char(compute="_compute_name")
    drive_id = fields.Many2one("discom.kyc.drive", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="drive_id.company_id", store=True)
    state = fields.Selection(related="drive_id.state")
    date_end = fields.Date(related="drive_id.date_end")
    user_id = fields.Many2one(
        "res.users",
        "Staff",
        index=True,
        ondelete="restrict",
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref("discom.group_field_surveyor").ids)
        ],
    )
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        compute="_compute_office_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    asset_id = fields.Many2one(
        "discom.asset", "Fed by", ondelete="restrict", index="btree_not_null", check_company=True
    )
    village = fields.Char("Village or ward", help="As written at the consumers.")
    target = fields.Integer(
        aggregator="sum", help="Consumers with KYC at the end; 0 for the share that the drive sets."
    )
    goal_count = fields.Integer("Goal", compute="_compute_counts")
    consumer_count = fields.Integer("Consumers", compute="_compute_counts")
    done_count = fields.Integer("With KYC", compute="_compute_counts")
    verified_count = fields.Integer("Verified", compute="_compute_counts")
    taken_count = fields.Integer(
        "Taken", compute="_compute_counts", help="On record since the drive began."
    )
    refused_count = fields.Integer("Refused", compute="_compute_counts")
    left_count = fields.Integer("Left", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="Of the goal, in %.")

    _area_uniq = models.UniqueIndex(
        "(drive_id, office_id, COALESCE(asset_id, 0), lower(COALESCE(village, '')),"
        " COALESCE(user_id, 0))",
        "The drive has this area with the same person already. Change that one.",
    )
    _target_positive = models.Constraint(
        "CHECK (target >= 0)", "A target cannot be negative. Enter 0 to have it reckoned."
    )

    @api.depends("drive_id.office_id")
    def _compute_office_id(self):
        for area in self:
            area.office_id = area.office_id or area.drive_id.office_id

    @api.depends("office_id", "asset_id", "village")
    def _compute_name(self):
        for area in self:
            parts = [area.village, area.asset_id.name] if area.village or area.asset_id else []
            area.name = ", ".join(filter(None, parts)) or area.office_id.name

    @api.depends("name")
    def _compute_display_name(self):
        for area in self:
            area.display_name = area.name

    @api.depends("office_id", "asset_id", "village", "target", "drive_id.target_share")
    def _compute_counts(self):
        counts = self._count_consumers("id")
        for area in self:
            values = counts.get(area._origin.id, {})
            for name in AREA_COUNTS:
                area[name] = values.get(name, 0)
            area.goal_count = area.target or area.drive_id._goal(area.consumer_count)
            goal = area.goal_count
            area.progress = min(100.0, 100.0 * area.done_count / goal) if goal else 0.0

    @api.constrains("drive_id", "office_id", "asset_id", "user_id")
    def _check_within_reach(self):
        """An area lies within the office of its drive, and its staff work there."""
        for area in self:
            if not self._is_below(area.office_id, area.drive_id.office_id):
                raise ValidationError(
                    self.env._(
                        "%(office)s does not belong to %(top)s, the office of the drive. "
                        "Choose an office below it.",
                        top=area.drive_id.office_id.name,
                        office=area.office_id.name,
                    )
                )
            # sudo: what a colleague may see is not for everyone to read.
            scope = area.user_id.sudo().discom_scope_ids
            if area.user_id and not any(
                self._is_below(area.office_id, office) or self._is_below(office, area.office_id)
                for office in scope
            ):
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work for %(office)s. Choose somebody else, or ask "
                        "the administrator to add that office to the user.",
                        user=area.user_id.name,
                        office=area.office_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._clean_village(vals)
        return super().create(vals_list)

    def write(self, vals):
        return super().write(self._clean_village(dict(vals)))

    def action_open_consumers(self):
        """Open the consumers of the area who are left to visit."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_kyc_field_action")
        action["name"] = self.name
        action["domain"] = [
            *self._consumer_domain(),
            *self._connected_domain(),
        ]
        return action

    def action_print_sheet(self):
        """Make the sheet to fill in by hand or without network."""
        self.ensure_one()
        return self.env["discom.kyc.sheet"].create({"area_id": self.id}).action_print()

    @api.model
    def _running_domain(self):
        """Areas of running drives that are the current user's own."""
        return Domain("user_id", "=", self.env.uid) & Domain("drive_id.state", "=", "running")

    def _consumer_domain(
        self, office="discom_office_id", asset="discom_asset_id", village="discom_village"
    ):
        """Domain of the consumers of any of these areas.

        :param office, asset, village: names of the fields in the model that is searched
        """
        villages = defaultdict(set)
        for area in self:
            villages[area.office_id, area.asset_id].add(area.village)
        domains = []
        for (office_record, asset_record), names in villages.items():
            domain = Domain(office, "child_of", office_record.id)
            if asset_record:
                domain &= Domain(asset, "child_of", asset_record.id)
            if all(names):
                domain &= Domain.OR(Domain(village, "=ilike", escape_like(name)) for name in names)
            domains.append(domain)
        return Domain.OR(domains)

    def _holding(self, consumer):
        """Return the areas that ``consumer`` belongs to: as :meth:`_consumer_domain`, in memory."""
        village = (consumer.discom_village or "").lower()
        return self.filtered(
            lambda area: (
                self._is_below(consumer.discom_office_id, area.office_id)
                and (not area.asset_id or self._is_below(consumer.discom_asset_id, area.asset_id))
                and (not area.village or area.village.lower() == village)
            )
        )

    @api.model
    def _connected_domain(self):
        """Consumers with a connection: the permanently disconnected are nobody's to visit."""
        return Domain("discom_consumer", "=", True) & Domain("discom_status", "!=", "permanent")

    @api.model
    def _missing_domain(self):
        """Consumers whose KYC is missing, has bounced or is stale."""
        return self._connected_domain() & Domain("discom_kyc_state", "not in", SETTLED_STATES)

    def _count_consumers(self, by):
        """Count the consumers of the areas, in one query on consumers grouped beforehand.

        :param str by: ``id`` for figures by area, ``drive_id`` for figures by drive, in which a
            consumer of two areas counts once
        :return: dict of id to a dict with the names of ``AREA_COUNTS``
        """
        if not self.ids:
            return {}
        self.env.flush_all()
        # Numbers only: an area may reach beyond the offices of its staff.
        rows = self.env.execute_query(
            SQL(
                """
                WITH area AS (
                    SELECT area.id, area.drive_id, drive.date_start, area.asset_id,
                           lower(NULLIF(area.village, '')) AS village, office.id AS office_id
                      FROM discom_kyc_drive_area area
                      JOIN discom_kyc_drive drive ON drive.id = area.drive_id
                      JOIN discom_office root ON root.id = area.office_id
                      JOIN discom_office office ON office.parent_path LIKE root.parent_path || '%%'
                     WHERE area.id = ANY(%(ids)s)),
                fed AS (
                    SELECT DISTINCT area.asset_id AS top_id, asset.id AS asset_id
                      FROM area
                      JOIN discom_asset top ON top.id = area.asset_id
                      JOIN discom_asset asset ON asset.parent_path LIKE top.parent_path || '%%'),
                shifted AS (
                    SELECT DISTINCT visit.partner_id
                      FROM discom_kyc_visit visit
                     WHERE visit.outcome = 'shifted'
                       AND visit.drive_id IN (SELECT drive_id FROM area)),
                cell AS MATERIALIZED (
                    SELECT row_number() OVER () AS id, counted.*
                      FROM (SELECT partner.discom_office_id AS office_id,
                                   partner.discom_asset_id AS asset_id,
                                   lower(partner.discom_village) AS village,
                                   partner.discom_kyc_state AS state,
                                   CASE WHEN partner.discom_kyc_date >=
                                             (SELECT min(date_start) FROM area)
                                        THEN partner.discom_kyc_date END AS taken_on,
                                   shifted.partner_id IS NOT NULL AS shifted,
                                   count(*) AS size
                              FROM res_partner partner
                         LEFT JOIN shifted ON shifted.partner_id = partner.id
                             WHERE partner.discom_consumer AND partner.active
                               AND partner.discom_status IS DISTINCT FROM 'permanent'
                               AND partner.discom_office_id IN (SELECT office_id FROM area)
                               AND (EXISTS (SELECT FROM area WHERE village IS NULL)
                                    OR lower(partner.discom_village) IN
                                       (SELECT village FROM area))
                          GROUP BY 1, 2, 3, 4, 5, 6) counted),
                met AS (
                    SELECT area.%(by)s AS key, area.date_start, area.asset_id AS top_id,
                           cell.id AS cell_id, cell.asset_id
                      FROM area JOIN cell USING (office_id, village)
                 UNION ALL
                    SELECT area.%(by)s, area.date_start, area.asset_id, cell.id, cell.asset_id
                      FROM area JOIN cell USING (office_id)
                     WHERE area.village IS NULL),
                belonging AS (
                    SELECT DISTINCT met.key, met.date_start, met.cell_id
                      FROM met
                 LEFT JOIN fed ON fed.top_id = met.top_id AND fed.asset_id = met.asset_id
                     WHERE met.top_id IS NULL OR fed.asset_id IS NOT NULL)
                SELECT belonging.key, sum(size),
                       COALESCE(sum(size) FILTER (WHERE state IN %(taken)s), 0),
                       COALESCE(sum(size) FILTER (WHERE state = 'verified'), 0),
                       COALESCE(sum(size) FILTER (WHERE state IN %(taken)s
                                                    AND taken_on >= date_start), 0),
                       COALESCE(sum(size) FILTER (WHERE state = 'refused'), 0),
                       COALESCE(sum(size) FILTER (WHERE NOT shifted AND (state IS NULL
                                                        OR state NOT IN %(settled)s)), 0)
                  FROM belonging JOIN cell ON cell.id = belonging.cell_id
              GROUP BY belonging.key
                """,
                ids=self.ids,
                by=SQL.identifier(by),
                taken=TAKEN_STATES,
                settled=SETTLED_STATES,
            )
        )
        return {key: dict(zip(AREA_COUNTS, map(int, counts), strict=True)) for key, *counts in rows}

    @api.model
    def _is_below(self, node, root):
        """Whether an office or asset is ``root`` or lies below it."""
        return bool(root) and (node.parent_path or "").startswith(root.parent_path)

    @api.model
    def _clean_village(self, vals):
        if vals.get("village"):
            vals["village"] = " ".join(vals["village"].split())
        return vals


class DiscomKycDrivePerson(models.Model):
    """What one member of staff has to do in a drive: the sum of the areas."""

    _name = "discom.kyc.drive.person"
    _description = "Staff of a KYC drive"
    _auto = False
    _order = "drive_id desc, user_id"
    _rec_name = "user_id"
    _depends = {"discom.kyc.drive.area": ["drive_id", "user_id"]}

    drive_id = fields.Many2one("discom.kyc.drive", readonly=True)
    user_id = fields.Many2one("res.users", "Staff", readonly=True)
    area_count = fields.Integer("Areas", readonly=True)
    goal_count = fields.Integer("Goal", compute="_compute_counts")
    consumer_count = fields.Integer("Consumers", compute="_compute_counts")
    done_count = fields.Integer("With KYC", compute="_compute_counts")
    taken_count = fields.Integer("Taken", compute="_compute_counts")
    refused_count = fields.Integer("Refused", compute="_compute_counts")
    left_count = fields.Integer("Left", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="Of the goal, in %.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT min(area.id) AS id, area.drive_id, area.user_id, count(*) AS area_count
              FROM discom_kyc_drive_area area
             WHERE area.user_id IS NOT NULL
          GROUP BY area.drive_id, area.user_id
            """
        )

    @api.depends("drive_id.area_ids.user_id", "drive_id.area_ids.progress")
    def _compute_counts(self):
        names = (*AREA_COUNTS, "goal_count")
        for person in self:
            areas = person.drive_id.area_ids.filtered(
                lambda area, person=person: area.user_id == person.user_id
            )
            for name in names:
                if name in self._fields:
                    person[name] = sum(areas.mapped(name))
            goal = person.goal_count
            person.progress = min(100.0, 100.0 * person.done_count / goal) if goal else 0.0
