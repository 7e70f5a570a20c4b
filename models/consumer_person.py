from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# What makes somebody a person with connections, or ends that it is an organisation.
MARKED_BY = {"parent_id", "child_ids", "discom_consumer", "is_company"}


class ResPartner(models.Model):
    """The contact of a person, above the connections: seen where one of these is.

    It has the name of a consumer, which every colleague of the company could read in the contacts.
    An organisation, and a contact that is a user, stay what they are for everyone.
    """

    _inherit = "res.partner"

    discom_person = fields.Boolean(
        "Person with connections",
        readonly=True,
        copy=False,
        help="Consumers stand below this contact; it is seen by the people of their offices.",
    )
    discom_person_own = fields.Boolean(
        "Person of own offices",
        compute="_compute_discom_person_own",
        search="_search_discom_person_own",
    )

    _discom_connections_idx = models.Index(
        "(parent_id, discom_office_id) WHERE discom_consumer AND parent_id IS NOT NULL"
    )

    @api.depends("discom_person", "child_ids.discom_office_id")
    @api.depends_context("uid")
    def _compute_discom_person_own(self):
        # sudo: a record rule asks, and must not depend on itself.
        everyone = self.env["res.partner"].sudo().with_context(active_test=False)
        domain = Domain("id", "in", self.filtered("discom_person").ids)
        own = everyone.search(domain & self._search_discom_person_own("in", [True]))
        for partner in self:
            partner.discom_person_own = partner._origin.id in own._ids

    @api.model
    def _search_discom_person_own(self, operator, _value):
        """Persons of whom a connection, also an archived one, belongs to the offices of the user,
        or is the user."""
        if operator != "in":
            return NotImplemented
        user = self.env.user
        # sudo: a record rule asks, and must not depend on itself.
        consumers = self.env["res.partner"].sudo().with_context(active_test=False)
        connections = consumers._search(
            Domain("discom_consumer", "=", True)
            & Domain("parent_id", "!=", False)
            & (
                Domain("discom_office_id", "child_of", user.discom_scope_ids.ids)
                | Domain("id", "=", user.partner_id.id)
            )
        )
        return Domain("discom_person", "=", True) & Domain(
            "id", "in", connections.subselect(SQL.identifier(connections.table, "parent_id"))
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        below = {"parent_id", "child_ids"}
        if any(below & vals.keys() for vals in vals_list) or any(
            self.env.context.get(f"default_{name}") for name in below
        ):
            partners._discom_mark_persons()
        return partners

    def write(self, vals):
        result = super().write(vals)
        if MARKED_BY & vals.keys():
            self._discom_mark_persons()
        return result

    # === BUSINESS METHODS === #

    def _discom_above_consumers(self):
        """Return those of ``self`` that are no consumers but have some below them, in one query."""
        # sudo: whether the user sees the connections is not the question.
        consumers = self.env["res.partner"].sudo().with_context(active_test=False)
        below = consumers.search_fetch(
            [("parent_id", "in", self.ids), ("discom_consumer", "=", True)], ["parent_id"]
        )
        above = set(below.parent_id.ids)
        return self.filtered(lambda p: p.id in above and not p.discom_consumer)

    def _discom_about_consumers(self):
        """Return those of ``self`` that are consumers, persons, or have consumers below them."""
        return (
            self.filtered(lambda partner: partner.discom_consumer or partner.discom_person)
            | self._discom_above_consumers()
        )

    def _discom_mark_persons(self):
        """Mark the persons among ``self`` and above it; the mark stays, as the name does."""
        # sudo: who the contact above is, and whether it is a user, is not for everybody to read.
        partners = self.sudo()
        (partners | partners.parent_id)._discom_above_consumers().filtered(
            lambda partner: (
                not partner.discom_person and not partner.is_company and partner.partner_share
            )
        ).write({"discom_person": True})
