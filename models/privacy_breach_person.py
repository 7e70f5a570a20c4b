from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval


class DiscomPrivacyBreachPerson(models.Model):
    """A consumer affected by a breach."""

    _name = "discom.privacy.breach.person"
    _description = "Person affected by a breach"
    _order = "id"
    _rec_name = "partner_id"
    _log_access = False

    breach_id = fields.Many2one(
        "discom.privacy.breach", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict")
    sure = fields.Boolean("Certain", readonly=True, help="Else: possibly affected.")
    account_no = fields.Char(related="partner_id.discom_account_no")
    whatsapp_number = fields.Char(related="partner_id.discom_whatsapp_number")
    phone = fields.Char(related="partner_id.phone")
    lang = fields.Selection(related="partner_id.lang")

    _once = models.UniqueIndex(
        "(breach_id, partner_id)", "This person is on the list of the breach already."
    )


class DiscomPrivacyBreach(models.Model):
    """Finding who is affected: a few statements, however many they are."""

    _inherit = "discom.privacy.breach"

    def _find(self):
        """Write down who is affected, in a few statements however many they are."""
        self.env.flush_all()
        queries = {"records": self._records, "session": self._session, "broadcast": self._sent}
        for sure, partners in queries[self.kind]():
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO discom_privacy_breach_person
                           (breach_id, company_id, partner_id, office_id, sure)
                    SELECT %(breach)s, %(company)s, partner.id, partner.discom_office_id, %(sure)s
                      FROM res_partner partner
                     WHERE partner.id IN (%(partners)s)
                       AND partner.discom_consumer AND partner.company_id = %(company)s
                       AND %(office)s
                  ORDER BY partner.id
                        ON CONFLICT (breach_id, partner_id) DO NOTHING
                    """,
                    breach=self.id,
                    company=self.company_id.id,
                    sure=sure,
                    partners=partners,
                    office=self._in_office(),
                )
            )
        persons = self.env["discom.privacy.breach.person"]
        persons.invalidate_model(flush=False)
        [[count, sure, reachable]] = self.env.execute_query(
            SQL(
                """
                SELECT count(*), count(*) FILTER (WHERE person.sure),
                       count(*) FILTER (WHERE COALESCE(partner.discom_whatsapp_number,
                                                       partner.phone, partner.email) IS NOT NULL)
                  FROM discom_privacy_breach_person person
                  JOIN res_partner partner ON partner.id = person.partner_id
                 WHERE person.breach_id = %s
                """,
                self.id,
            )
        )
        self._set(
            state="found",
            found_at=fields.Datetime.now(),
            person_count=count,
            sure_count=sure,
            reachable_count=reachable,
        )

    def _in_office(self):
        if not self.office_id:
            return SQL("TRUE")
        return SQL(
            "partner.discom_office_id IN (SELECT id FROM discom_office WHERE parent_path LIKE %s)",
            f"{self.office_id.parent_path}%",
        )

    def _records(self):
        """[(whether it is sure, SQL of consumers)] of the records described."""
        try:
            domain = Domain(safe_eval(self.domain or "[]", {"uid": self.env.uid}))
            return [(True, self._partners_of(self.model, domain))]
        # Whatever is wrong with a filter that somebody typed.
        except Exception as error:
            raise UserError(
                self.env._(
                    "The filter of %(breach)s cannot be read; choose it anew. (%(error)s)",
                    breach=self.display_name,
                    error=error,
                )
            ) from error

    def _partners_of(self, model, domain):
        """SQL of the consumers to whom the records of a model belong."""
        # sudo: who is affected does not depend on what the one may see who looks into it.
        records = self.env[model].sudo().with_context(active_test=False)
        query = records._search(domain)
        column = "id" if model == "res.partner" else "partner_id"
        return query.subselect(SQL.identifier(query.table, column))

    def _session(self):
        """[(sure, SQL)] of what the audit journal says that a user had in hand.

        Entries that name their records are sure; of those that hold only a number, all consumers
        of their office are possibly affected.
        """
        entries = (
            # sudo: what somebody did counts, in whichever office.
            self.env["discom.audit.entry"]
            .sudo()
            .search(
                [
                    ("user_id", "=", self.user_id.id),
                    ("at", ">=", self.date_from),
                    ("at", "<=", self.date_to),
                    ("kind", "in", ("export", "unmasking", "data_file", "correction")),
                ]
            )
        )
        # sudo: who is affected does not depend on what the one may see who looks into it.
        known, unknown = {}, self.env["discom.office"].sudo()
        everything = False
        for entry in entries:
            model, ids = self._in_hand(entry)
            if ids and self._holds_partner(model):
                known.setdefault(model, set()).update(ids)
            elif entry.number or not entry.model:
                unknown |= entry.office_id
                everything = everything or not entry.office_id
        queries = [
            (True, self._partners_of(model, Domain("id", "in", list(ids))))
            for model, ids in known.items()
        ]
        if self.with_scope:
            # sudo: which offices a colleague works for is not for everybody to read.
            scope = self.user_id.sudo().discom_scope_ids
            unknown |= scope
        if everything:
            queries.append((False, SQL("SELECT id FROM res_partner WHERE discom_consumer")))
        elif unknown:
            domain = Domain("discom_office_id", "child_of", unknown.ids)
            queries.append((False, self._partners_of("res.partner", domain)))
        return queries

    @api.model
    def _in_hand(self, entry):
        """``(model, ids)`` of the records that an entry is about."""
        if entry.model == "discom.export.request":
            # sudo: as for the entries. What was exported stands on the request it rested on.
            request = self.env[entry.model].sudo().browse(entry.res_id).exists()
            return request.model, request.exported_ids
        return entry.model, [entry.res_id] if entry.res_id else entry.res_ids

    @api.model
    def _holds_partner(self, name):
        if name not in self.env:
            return False
        field = self.env[name]._fields.get("partner_id")
        return name == "res.partner" or bool(
            field and field.store and field.comodel_name == "res.partner"
        )

    def _sent(self):
        """[(sure, SQL)] of those to whom a broadcast went, or may have gone."""
        return [
            (
                True,
                SQL(
                    "SELECT partner_id FROM discom_whatsapp_message WHERE broadcast_id = %s"
                    " AND partner_id IS NOT NULL"
                    " AND state NOT IN ('queued', 'skipped', 'cancelled', 'failed')",
                    self.broadcast_id.id,
                ),
            )
        ]
