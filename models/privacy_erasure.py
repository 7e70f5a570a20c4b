from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.webhook_redact import redact
from .privacy_place import ERASED, PROFILE, Person


class ResPartner(models.Model):
    """Erasing a person: what the law wants kept of the account stays, without the person."""

    _inherit = "res.partner"

    def action_discom_data_file(self):
        """Ask what to put into the file of this person's data."""
        return self._discom_open_privacy("discom.privacy.file", self.env._("Data of a person"))

    def action_discom_erase(self):
        """Show what would be erased of this person, and ask."""
        return self._discom_open_privacy("discom.privacy.erase", self.env._("Erase a person"))

    def _discom_open_privacy(self, model, title):
        self.ensure_one()
        self._discom_check_privacy()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    def _discom_check_privacy(self):
        """Raise unless the user may act for these persons: managers of their offices."""
        self.check_access("write")
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(
                self.env._("The division manager deals with requests about personal data.")
            )
        if any(not partner.discom_consumer for partner in self):
            raise UserError(
                self.env._(
                    "%(name)s is no consumer. Open the connection by its account number.",
                    name=self.display_name,
                )
            )

    # === BUSINESS METHODS === #

    def _discom_erasure_obstacles(self):
        """Return why these consumers cannot be erased, as texts; none: they can."""
        reasons = []
        dues = self._discom_dues()
        for consumer in self:
            if consumer.discom_status != "permanent":
                reasons.append(
                    self.env._("The connection is not permanently disconnected: supply needs it.")
                )
            if dues[consumer.id]["due"] > 0:
                reasons.append(
                    self.env._("%(amount)s is due.", amount=f"₹{dues[consumer.id]['due']}")
                )
            if dues[consumer.id]["advance"] > 0:
                reasons.append(
                    self.env._(
                        "%(amount)s was paid in advance and is to be paid back.",
                        amount=f"₹{dues[consumer.id]['advance']}",
                    )
                )
        for model, domain, text in (
            (
                "discom.notice.hold",
                ["|", ("date_to", "=", False), ("date_to", ">=", self._discom_today())],
                self.env._("A stop of arrears steps, such as a court's, is in force."),
            ),
            (
                "discom.payment.plan",
                [("state", "in", ("submitted", "running"))],
                self.env._("A payment plan is running."),
            ),
            (
                "discom.complaint",
                [("state", "in", ("new", "progress"))],
                self.env._("A complaint is open."),
            ),
        ):
            # sudo: what stands in the way counts whoever may read it.
            if (
                self.env[model]
                .sudo()
                .search_count([*domain, ("partner_id", "in", self.ids)], limit=1)
            ):
                reasons.append(text)
        return list(dict.fromkeys(reasons))

    def _discom_erasure_counts(self):
        """Return [(what, number of records, whether they go or are blanked)] of what would go."""
        # sudo: a person's data go whole, wherever they lie.
        person = Person(self.sudo())
        counts = [
            (self.env["ir.model"]._get(place.model).name, len(records), place.delete)
            for place, records in person.found()
            if records and (place.blank or place.delete)
        ]
        for records in (person.files(), person.notes(), person.tasks()):
            counts.append((self.env["ir.model"]._get(records._name).name, len(records), True))
        counts.append((self.env._("Raw calls of the webhook"), len(_events(person)), False))
        return [row for row in counts if row[1]]

    def _discom_erase(self):
        """Erase these consumers for good; what is counted for the ledger stays.

        The caller has checked that it may be done.

        :return: as :meth:`_discom_erasure_counts`
        """
        counts = self._discom_erasure_counts()
        self.env.flush_all()
        # sudo: a person's data go whole, wherever they lie.
        person = Person(self.sudo())
        names = person.partners.mapped("name") + person.partners.mapped("discom_name_hi")
        found = person.found()
        _cancel_queued(person)
        person.files().unlink()
        _erase_notes(person.notes())
        person.tasks().unlink()
        _erase_aside(person)
        _erase_events(person)
        _erase_broadcast_names(person)
        for place, records in found:
            if place.delete:
                _delete(records)
            elif place.blank:
                _blank(records, place.blank)
        self._discom_blank_profile(person)
        _forget_words(self.env, names)
        return counts

    def _discom_blank_profile(self, person):
        """Blank the contact data past what would write down the old values."""
        partners = person.partners
        _blank(
            partners,
            {
                **PROFILE,
                "name": self.env._("Erased consumer"),
                "active": False,
                "discom_erased_at": self.env.cr.now().replace(microsecond=0),
            },
        )
        # What is worked out of these and stored follows.
        partners.modified(["name", "phone", "email", "parent_id", "street", "active"])
        self.env.flush_all()
        self.env.invalidate_all()


def _erase_notes(messages):
    """Blank what was written below the records; that something was written stays."""
    if not messages:
        return
    env = messages.env
    env["mail.tracking.value"].search([("mail_message_id", "in", messages.ids)]).unlink()
    _blank(messages, {"body": None, "subject": None, "email_from": None, "reply_to": None})
    env["mail.notification"].search([("mail_message_id", "in", messages.ids)]).unlink()


def _erase_aside(person):
    """Delete what Odoo keeps about a contact beside ours."""
    env, partner = person.env, Domain("partner_id", "in", person.ids)
    env["sms.sms"].search(partner).unlink()
    env["res.partner.bank"].with_context(active_test=False).search(partner).unlink()
    env["mail.followers"].search(partner).unlink()
    env["mail.notification"].search([("res_partner_id", "in", person.ids)]).unlink()


def _people(person):
    """How Meta names the phones of a person, and the ids under which it knows them."""
    known = person.env["discom.whatsapp.person"].search([("phone", "in", person.phones)])
    return {phone.lstrip("+") for phone in person.phones} | set(known.mapped("wa_user_id"))


def _events(person):
    """[(id, payload)] of the webhook calls that name the person."""
    people = _people(person)
    if not people:
        return []
    return person.env.execute_query(
        SQL(
            "SELECT id, payload FROM discom_whatsapp_event WHERE payload LIKE ANY(%s)",
            [f"%{each}%" for each in people],
        )
    )


def _erase_events(person):
    people = _people(person)
    rows = [(event_id, redact(payload, people)) for event_id, payload in _events(person)]
    if rows:
        person.env.cr.execute_values(
            "UPDATE discom_whatsapp_event e SET payload = v.payload, error = NULL"
            " FROM (VALUES %s) AS v(id, payload) WHERE e.id = v.id",
            rows,
        )


def _erase_broadcast_names(person):
    """A sending of one document may be called after its only consumer."""
    person.env.cr.execute(
        SQL(
            """
            UPDATE discom_whatsapp_broadcast b SET name = %s
             WHERE b.id IN (SELECT broadcast_id FROM discom_whatsapp_message
                             WHERE partner_id = ANY(%s))
               AND NOT EXISTS (SELECT FROM discom_whatsapp_message other
                                WHERE other.broadcast_id = b.id
                                  AND other.partner_id <> ALL(%s))
            """,
            ERASED,
            person.ids,
            person.ids,
        )
    )


def _cancel_queued(person):
    """What waits to leave to the person does not leave any more."""
    person.env.cr.execute(
        SQL(
            "UPDATE discom_whatsapp_message SET state = 'cancelled'"
            " WHERE partner_id = ANY(%s) AND direction = 'out' AND state = 'queued'",
            person.ids,
        )
    )


def _forget_words(env, names):
    """Take words out of the search that no consumer's name holds any more."""
    words = sorted({word for name in names if name for word in name.lower().split(" ") if word})
    if words:
        env["discom.name.word"]._forget(words)


def _delete(records):
    """Delete rows past the rights and journals of their model."""
    if records:
        records.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                records.ids,
            )
        )


def _blank(records, values):
    """Set columns past what would write down the old values; those the table has."""
    if not records:
        return
    fields_ = records._fields
    sets = SQL(", ").join(
        SQL("%s = %s", SQL.identifier(name), value)
        for name, value in values.items()
        if name in fields_ and fields_[name].store and fields_[name].column_type
    )
    update = SQL(
        "UPDATE %s SET %s WHERE id = ANY(%s)", SQL.identifier(records._table), sets, records.ids
    )
    if hasattr(records, "_opened"):
        with records._opened("UPDATE"):
            records.env.cr.execute(update)
    else:
        records.env.cr.execute(update)
