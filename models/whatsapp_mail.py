"""E-mail and SMS are no way around broadcasts, their consent, approval and record."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize_all

from .whatsapp_inbox import ANSWERING

#: Consumers to whom one user sends e-mails within 24 hours, as from the chatter.
DAILY = 20


class ResUsers(models.Model):
    _inherit = "res.users"

    def _discom_is_bound(self):
        """Whether this is one of the roles, whatever rights the code has; the system is none."""
        return not self._is_superuser() and self.has_group("discom.group_staff")


class MailMail(models.Model):
    """All e-mails become one of these: from the chatter, the composer, a template or a report."""

    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        if self.env.user._discom_is_bound():
            mails._discom_check_outside()
        return mails

    def _discom_check_outside(self):
        """Put e-mails to consumers on record.

        :raise AccessError: for a role that answers no consumers
        :raise UserError: where they are so many that it is a broadcast
        """
        # sudo: to whom it goes is asked, not what is known of them.
        mails = self.sudo()
        consumers = mails.recipient_ids.filtered("discom_consumer")
        typed = {
            address
            for mail in mails
            for address in email_normalize_all(f"{mail.email_to or ''},{mail.email_cc or ''}")
        }
        users = mails.env["res.users"].search([("email_normalized", "in", list(typed))])
        number = len(consumers) + len(typed - set(users.mapped("email_normalized")))
        if not number:
            return
        if not any(map(self.env.user.has_group, ANSWERING)):
            raise AccessError(self.env._("Your role writes no messages to consumers."))
        journal = self.env["discom.audit.entry"]
        text = self.env._("E-mail to consumers")
        # sudo: users do not read the journal.
        [(sent,)] = journal.sudo()._read_group(
            [
                ("kind", "=", "send"),
                ("user_id", "=", self.env.uid),
                ("model", "=", self._name),
                ("at", ">", fields.Datetime.now() - timedelta(days=1)),
            ],
            [],
            ["number:sum"],
        )
        if (sent or 0) + number > DAILY:
            raise UserError(
                self.env._(
                    "By e-mail at most %(most)s consumers are written to in a day. Many are told by"
                    " a broadcast, which looks at consent and is approved.",
                    most=DAILY,
                )
            )
        journal._log("send", self._name, text, number=number)


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _send_check_access(self, res_ids):
        """Extend: as for the composer."""
        result = super()._send_check_access(res_ids)
        if self.env.user._discom_is_bound():
            self.env[self.model].browse(res_ids)._discom_check_post()
        return result


class Base(models.AbstractModel):
    _inherit = "base"

    def _discom_check_post(self):
        """
        :raise AccessError: where the user may not write a message on one of these records
        """
        self.check_access(getattr(self, "_mail_post_access", "write"))


class SmsSms(models.Model):
    _inherit = "sms.sms"

    @api.model_create_multi
    def create(self, vals_list):
        """SMS of a division have a registered text and replace a message that failed.

        :raise UserError: for a text that one of the roles has typed
        """
        if self.env.user._discom_is_bound() and not all(
            vals.get("discom_fallback_id") for vals in vals_list
        ):
            raise UserError(
                self.env._(
                    "SMS with a text of one's own are not sent: the law asks for registered texts."
                    " Write on WhatsApp; what fails there may go as SMS."
                )
            )
        return super().create(vals_list)
