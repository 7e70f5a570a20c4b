from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import formatLang

from ..tools.phone import mask
from .consumer_consent import NOTICE_PURPOSES
from .consumer_kyc_event import TAKING_FIELD


class DiscomKycCounter(models.AbstractModel):
    """What the screen of the KYC counter asks the server: one call for each step of the queue."""

    _name = "discom.kyc.counter"
    _inherit = ["discom.counter.mixin"]
    _description = "KYC counter"
    _consumer_access = "write"

    @api.model
    def start(self):
        """Return what the screen needs once: purposes, languages and today's count."""
        self._check_user()
        purpose = self.env["discom.consent"]._fields["purpose"]
        labels = dict(purpose._description_selection(self.env))
        return {
            "purposes": [{"key": key, "label": labels[key]} for key in NOTICE_PURPOSES],
            "languages": self._languages(),
            "today": self._today(),
        }

    @api.model
    def find(self, text):
        """Return the consumers that ``text`` (a number, a phone, a name) finds, the first few.

        :return: dict with ``rows`` (id, name, account, village), ``more`` (whether there are
            others) and ``card`` when there is exactly one
        """
        self._check_user()
        return self._find(text)

    @api.model
    def card(self, partner_id):
        """Return what the clerk sees of one consumer, with the notice to be read out."""
        consumer = self._consumer(partner_id)
        return {
            "id": consumer.id,
            "name": consumer.name,
            "name_hi": consumer.discom_name_hi or "",
            "guardian": consumer.discom_guardian_name or "",
            "account": consumer.discom_account_no,
            "village": self._village(consumer),
            "office": consumer.discom_office_id.with_context(
                hierarchical_naming=False
            ).display_name,
            "category": consumer.discom_category_id.code or "",
            "status": consumer.discom_status,
            "status_label": self._label(consumer, "discom_status"),
            "dues": formatLang(
                self.env,
                consumer.discom_amount_due,
                currency_obj=consumer.discom_bill_currency_id,
            ),
            "has_dues": consumer.discom_amount_due > 0,
            "number": (consumer.discom_whatsapp_number or "")[-10:],
            "mobile": consumer._discom_mobile_for_whatsapp() or "",
            "lang": consumer.lang,
            "state": consumer.discom_kyc_state or "none",
            "state_label": self._label(consumer, "discom_kyc_state"),
            "consents": {
                key: consumer[f"discom_consent_{key}"] == "given" for key in NOTICE_PURPOSES
            },
            "shared": consumer.discom_same_number_count,
            "others": len(consumer.discom_connection_ids),
            "notice": self.env["discom.consent.notice"]._current(consumer.lang)._shown(),
            "code": bool(consumer._discom_code_template()),
        }

    @api.model
    def notice(self, lang):
        """Return the notice to be read out in a language."""
        self._check_user()
        return self.env["discom.consent.notice"]._current(lang)._shown()

    @api.model
    def number(self, text):
        """Return the ten digits of the mobile number in ``text``, before anything else is asked.

        :raise ValidationError: with the reason, for what cannot be a WhatsApp number
        """
        self._check_user()
        return self.env["res.partner"]._discom_normalise_number(text)[-10:]

    @api.model
    def save(self, partner_id, values):
        """Keep the number, the language and what the consumer agreed to, and send the code.

        :param dict values: ``number``, ``lang``, ``notice_id``, ``consents`` (list of purposes
            agreed to) and ``send`` (whether a code is wanted)
        :return: dict with ``phone`` (masked), ``sent``, ``proved``, ``problem`` (why no code went)
            and ``today``
        """
        consumer = self._consumer(partner_id)._discom_by_way(
            "counter", place=self.env.user.discom_scope_ids[:1].name
        )
        number = consumer._discom_normalise_number(values.get("number"))
        vals = {"discom_whatsapp_number": number}
        if values.get("lang") and values["lang"] != consumer.lang:
            vals["lang"] = values["lang"]
        proved = (
            consumer.discom_kyc_state == "verified" and consumer.discom_whatsapp_number == number
        )
        consumer.write(vals)
        self._record_consents(consumer, values)
        result = {"phone": mask(number), "sent": False, "problem": "", "proved": proved}
        if values.get("send") and not proved and consumer._discom_code_waits():
            # Back at this consumer within the minute: the code on the phone is still good.
            result["sent"] = True
        elif values.get("send") and not proved:
            try:
                consumer._discom_send_code()
                result["sent"] = True
            except UserError as error:
                # The number is kept all the same; a later message may prove it.
                result["problem"] = str(error)
        if not result["sent"]:
            consumer._discom_welcome()
        consumer._discom_note_taken()
        return {**result, "today": self._today()}

    @api.model
    def confirm(self, partner_id, code):
        """Compare the code told with the one sent.

        :return: dict with ``result`` (see ``_discom_check_code``), ``message`` and ``today``
        """
        consumer = self._consumer(partner_id)
        result = consumer._discom_check_code(code)
        if result == "proved":
            consumer._discom_welcome()
        messages = {
            "proved": self.env._("The number is verified."),
            "wrong": self.env._("This is not the code. Ask the consumer to read it out again."),
            "expired": self.env._("The code is older than ten minutes. Send another."),
            "tries": self.env._("Too many wrong codes. Send another."),
            "user": self.env._(
                "You have typed too many wrong codes within an hour. Ask your manager."
            ),
            "other": self.env._("A colleague sent this code. Send one yourself."),
            "none": self.env._("No code has been sent to this number."),
        }
        return {"result": result, "message": messages[result], "today": self._today()}

    @api.model
    def resend(self, partner_id):
        """Send another code to the number that is on record."""
        self._consumer(partner_id)._discom_send_code()
        return True

    @api.model
    def code_state(self, partner_id):
        """Return how far the newest code has come: a state of messages, and its reason."""
        consumer = self._consumer(partner_id)
        # Codes are nobody's to read; only the way of the message is told.
        code = (
            self.env["discom.kyc.code"].sudo().search([("partner_id", "=", consumer.id)], limit=1)
        )
        # sudo: a message belongs to an office above where a colleague there sent the code.
        message = (
            self.env["discom.whatsapp.message"]
            .sudo()
            .search([("res_model", "=", code._name), ("res_id", "=", code.id)], limit=1)
        )
        return {
            "state": message.state or "",
            "label": self._label(message, "state") if message else "",
            "reason": message.error_text or "",
            "bounced": consumer.discom_kyc_state == "bounced",
        }

    @api.model
    def skip(self, partner_id):
        """Leave the number as captured, without its code; the consumer is welcomed all the same."""
        self._consumer(partner_id)._discom_welcome()
        return True

    @api.model
    def refuse(self, partner_id):
        """Note that the consumer was asked and gave no number."""
        self._consumer(partner_id).action_discom_kyc_refused()
        return {"today": self._today()}

    # === BUSINESS METHODS === #

    @api.model
    def _check_user(self):
        """
        :raise AccessError: for whoever is no counter clerk; field staff have the form for the door
        """
        if not self.env.user.has_group("discom.group_counter_clerk"):
            raise AccessError(self.env._("The KYC counter is for counter clerks."))

    @api.model
    def _languages(self):
        """Return code and name of the languages that a consumer can choose.

        Odoo's own English is no choice beside that of India: both read the same messages.
        """
        installed = self.env["res.lang"].get_installed()
        indian = "en_IN" in dict(installed)
        return [
            {"code": code, "name": name}
            for code, name in installed
            if not (indian and code == "en_US")
        ]

    @api.model
    def _record_consents(self, consumer, values):
        """Record what was agreed to on the notice read out, and what was taken back."""
        agreed = [key for key in NOTICE_PURPOSES if key in (values.get("consents") or [])]
        withdrawn = [
            key
            for key in NOTICE_PURPOSES
            if key not in agreed and consumer[f"discom_consent_{key}"] == "given"
        ]
        notice = self.env["discom.consent.notice"].browse(int(values.get("notice_id") or 0))
        today = self.env["res.partner"]._discom_today()
        notice = notice.exists().filtered(lambda n: n.active and n.date_from <= today)
        if agreed and not notice:
            raise UserError(self.env._("Read out the notice that is in use, then ask again."))
        if agreed:
            consumer._discom_record_consent(
                "given",
                agreed,
                "counter",
                notice_version=notice.version,
                notice_lang=notice.lang,
            )
        if withdrawn:
            consumer._discom_record_consent("withdrawn", withdrawn, "counter")

    @api.model
    def _today(self):
        """Return how many consumers the user has taken and proved today."""
        taken = self.env["discom.kyc.event"].search(
            [
                ("user_id", "=", self.env.uid),
                ("field", "=", TAKING_FIELD),
                ("new", "=", fields.Date.to_string(self.env["res.partner"]._discom_today())),
            ]
        )
        states = taken.partner_id.mapped("discom_kyc_state")
        return {"taken": len(states), "proved": states.count("verified")}

    @api.model
    def _label(self, record, name):
        """Return the label of the choice of a field."""
        labels = dict(record._fields[name]._description_selection(self.env))
        return labels.get(record[name], "")
