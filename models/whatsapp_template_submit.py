import base64

import typst

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools import template_text
from ..tools.cloud_api import CloudApiError
from .whatsapp_template import WA_LANGUAGES

LIST_FIELDS = (
    "id,name,language,status,category,components,quality_score,rejected_reason,"
    "message_send_ttl_seconds"
)
# Events of Meta that name no status of theirs. FLAGGED, LOCKED and the like are only noted.
EVENT_STATUSES = {"REINSTATED": "approved", "UNARCHIVED": "approved", "UNPAUSED": "approved"}
SAMPLE_PAGE = b"""
#set page(width: 148mm, height: 105mm, margin: 15mm)
#set text(size: 14pt)
= Sample document
The real message carries the consumer's own document here.
"""


class WhatsAppTemplate(models.Model):
    """Submitting templates to Meta and following what becomes of them."""

    _inherit = "discom.whatsapp.template"

    def action_submit(self):
        """Create the templates at Meta, or send the edited texts, for review."""
        self.check_access("write")
        for template in self:
            if not template.account_id:
                raise UserError(
                    self.env._(
                        "%(name)s is a blueprint. Open a sending number and choose Create standard "
                        "templates.",
                        name=template.display_name,
                    )
                )
            reason = template._submit()
            if reason:
                raise UserError(
                    self.env._("%(name)s: %(reason)s", name=template.display_name, reason=reason)
                )

    def action_sync(self):
        """Read one template from Meta; what was edited here and not submitted is overwritten."""
        self.ensure_one()
        self.check_access("write")
        if not self.wa_template_id:
            raise UserError(
                self.env._(
                    "Meta does not know %(template)s yet. Submit it first.",
                    template=self.display_name,
                )
            )
        self._write_from_meta(
            self.account_id._call("get", self.wa_template_id, {"fields": LIST_FIELDS}),
            overwrite=True,
        )

    @api.model
    def _create_standard_set(self, account):
        """Give a sending number its own copies of the blueprints it lacks and submit them.

        A template that Meta refuses stays a draft with the reason; the others go on.

        :return: client action that tells what became of them
        """
        self._sync_account(account)
        known = {
            (template.name, template.wa_language)
            for template in self.with_context(active_test=False).search(
                [("account_id", "=", account.id)]
            )
        }
        blueprints = self.search([("account_id", "=", False)]).filtered(
            lambda blueprint: (blueprint.name, blueprint.wa_language) not in known
        )
        copies = blueprints.copy({"account_id": account.id})
        drafts = self.search([("account_id", "=", account.id), ("status", "=", "draft")])
        problems = []
        for template in drafts:
            reason = template._submit()
            if reason:
                template.reject_reason = reason
                problems.append(f"{template.display_name}: {reason}")
        message = self.env._(
            "Templates created: %(created)s. Submitted to Meta: %(submitted)s.",
            created=len(copies),
            submitted=len(drafts) - len(problems),
        )
        return account._notify("\n".join([message, *problems]), ok=not problems)

    def _submit(self):
        """Create or edit the template at Meta.

        :return: the reason when it could not be submitted, else None
        """
        self.ensure_one()
        errors = self._lint_texts("error")
        if errors:
            return " ".join(errors)
        client = self.account_id._cloud_api()
        try:
            handle = None
            if self.header_type in ("document", "image"):
                handle = self.account_id._upload_sample(client, *self._sample_file())
            payload = self._create_payload(handle)
            if self.wa_template_id:
                client.post(self.wa_template_id, payload)
                answer = {}
            else:
                payload |= {"name": self.name, "language": self.wa_language}
                if self.category != template_text.AUTHENTICATION:
                    payload["parameter_format"] = "NAMED"
                answer = client.post(f"{self.account_id.waba_id}/message_templates", payload)
        except CloudApiError as error:
            if error.http_status is None or self.account_id._is_halting(error):
                # Not this template's fault, and the next one would meet the same.
                raise UserError(self.account_id._explain(error)) from None
            return self.account_id._explain(error)
        vals = {
            "status": self._status(answer.get("status")) or "pending",
            "submitted_category": self.category,
            "reject_reason": False,
        }
        if answer.get("id"):
            vals["wa_template_id"] = str(answer["id"])
        # Meta may put the text into another category at once.
        if answer.get("category") in dict(self._fields["category"].selection):
            vals["category"] = answer["category"]
        self.with_context(whatsapp_from_meta=True).write(vals)
        self._keep_version()
        return None

    def _create_payload(self, header_handle):
        """Return the body with which Meta creates or edits the template."""
        self.ensure_one()
        if self.category == template_text.AUTHENTICATION:
            components = template_text.authentication_components(self.button_ids[:1].text)
        else:
            components = template_text.create_components(
                self._text_data(), self._examples(), header_handle
            )
        payload = {"category": self.category, "components": components}
        if self.ttl_seconds:
            payload["message_send_ttl_seconds"] = self.ttl_seconds
        return payload

    def _text_data(self):
        """Return the text as plain data, as :mod:`tools.template_text` takes it."""
        self.ensure_one()
        return {
            "header_type": self.header_type,
            "header_text": (self.header_type == "text" and self.header_text) or "",
            "body": self.body or "",
            "footer": self.footer or "",
            "buttons": [
                {
                    "type": button.type,
                    "text": button.text,
                    "url": button._full_url(),
                    "phone": (button.type == "phone" and button.phone) or "",
                }
                for button in self.button_ids
            ],
        }

    def _sample_file(self):
        """Return ``(filename, mime type, bytes)`` of the file Meta's reviewers see."""
        self.ensure_one()
        if self.header_sample:
            content = base64.b64decode(self.with_context(bin_size=False).header_sample)
            mimetype = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
            if self.header_type == "document":
                mimetype = "application/pdf"
            return self.header_sample_name or "sample", mimetype, content
        if self.header_type == "document":
            return "sample.pdf", "application/pdf", typst.compile(SAMPLE_PAGE)
        return "sample.png", "image/png", typst.compile(SAMPLE_PAGE, format="png", ppi=72.0)

    # === FROM META === #

    @api.model
    def _sync_account(self, account):
        """Read all templates of a business account, page by page.

        :return: counts ``updated``, ``created``, ``skipped`` (languages that are not used here)
        """
        known = {
            (template.name, template.wa_language): template
            for template in self.with_context(active_test=False).search(
                [("account_id", "=", account.id)]
            )
        }
        counts = {"updated": 0, "created": 0, "skipped": 0}
        seen = self.browse()
        new = {}
        for answer in account._call_paged(
            f"{account.waba_id}/message_templates", {"fields": LIST_FIELDS, "limit": 100}
        ):
            key = (answer.get("name"), answer.get("language"))
            if key in known:
                known[key]._write_from_meta(answer)
                seen |= known[key]
                counts["updated"] += 1
            elif self._lang_of(key[1]):
                new[key] = answer
            else:
                counts["skipped"] += 1
        created = self._create_from_meta(account, new)
        counts["created"] = len(created)
        gone = self.union(*known.values()).filtered("wa_template_id") - seen
        gone.filtered(lambda template: template.status != "deleted").status = "deleted"
        return counts

    @api.model
    def _create_from_meta(self, account, answers):
        """Create templates that Meta has and we have not.

        What Meta does not know (purpose, document, payloads of buttons) comes from the blueprint of
        the same name.

        :param dict answers: (name, language of WhatsApp) -> item of ``message_templates``
        """
        blueprints = {
            (blueprint.name, blueprint.lang): blueprint
            for blueprint in self.search(
                [("account_id", "=", False), ("name", "in", [name for name, _lang in answers])]
            )
        }
        created = self.browse()
        for (name, language), answer in answers.items():
            lang = self._lang_of(language)
            own = {"account_id": account.id, "lang": lang, "wa_language": language}
            blueprint = blueprints.get((name, lang))
            if blueprint:
                template = blueprint.copy(own)
            else:
                body = template_text.read_components(answer.get("components"))[0]["body"]
                template = self.create({"name": name, "body": body or "-", **own})
            template._write_from_meta(answer)
            created |= template
        return created

    def _write_from_meta(self, answer, overwrite=False):
        """Take over what Meta says of a template.

        A text that was edited here and not yet submitted stays, unless ``overwrite``.

        :param dict answer: an item of ``message_templates``
        """
        self.ensure_one()
        quality = str((answer.get("quality_score") or {}).get("score") or "").lower()
        vals = {
            "quality": quality if quality in dict(self._fields["quality"].selection) else "unknown",
            "wa_template_id": str(answer.get("id") or ""),
        }
        edited_here = self.status == "draft" and self.wa_template_id and not overwrite
        if not edited_here:
            reason = answer.get("rejected_reason")
            vals["reject_reason"] = False if reason in (None, "", "NONE") else reason
            vals["status"] = self._status(answer.get("status")) or self.status
            vals["ttl_seconds"] = max(answer.get("message_send_ttl_seconds") or 0, 0)
            if answer.get("category") in dict(self._fields["category"].selection):
                vals["category"] = answer["category"]
            vals |= self._text_from_meta(answer)
        template = self.with_context(whatsapp_from_meta=True)
        changed = {
            name: value
            for name, value in vals.items()
            if name == "button_ids" or template[name] != value
        }
        template.write(changed)
        if "body" in changed or "button_ids" in changed:
            _text, examples = template_text.read_components(answer.get("components"))
            for variable in template.variable_ids:
                variable.example = examples.get(variable.name) or variable.example
        if not edited_here:
            template._keep_version()

    def _text_from_meta(self, answer):
        """Return the values of the text where Meta's differs from ours, else an empty dict."""
        theirs, _examples = template_text.read_components(answer.get("components"))
        if answer.get("category") == template_text.AUTHENTICATION:
            # Its one variable has no name at Meta.
            code = f"{{{{{template_text.CODE_VARIABLE}}}}}"
            theirs["body"] = template_text.VARIABLE.sub(code, theirs["body"])
        ours = self._text_data()
        for button in ours["buttons"]:
            # At Meta the variable of an address has no name.
            button["url"] = template_text.VARIABLE.sub("{{1}}", button["url"])
        if theirs == ours or not theirs["body"]:
            return {}
        vals = {name: theirs[name] or False for name in ("header_text", "body", "footer")}
        vals["header_type"] = theirs["header_type"]
        if theirs["buttons"] != ours["buttons"]:
            if answer.get("category") == template_text.AUTHENTICATION:
                for button in theirs["buttons"]:
                    button["url"] = template_text.CODE_URL
            payloads = {button.text: button.payload for button in self.button_ids}
            vals["button_ids"] = [
                Command.clear(),
                *[
                    Command.create(
                        {**button, "sequence": index, "payload": payloads.get(button["text"])}
                    )
                    for index, button in enumerate(theirs["buttons"])
                ],
            ]
        return vals

    @api.model
    def _apply_event(self, account, row):
        """Take over what a webhook tells of a template; unknown templates are left alone.

        Meta sends the events of a whole business account to one address, so every sending number of
        that business account in the company is looked at.

        :param dict row: as in :class:`tools.webhook_payload.Webhook`
        """
        template = self.with_context(active_test=False).search(
            [
                ("account_id.waba_id", "=", row["waba_id"]),
                ("company_id", "=", account.company_id.id),
                "|",
                ("wa_template_id", "=", row["wa_template_id"]),
                "&",
                ("name", "=", row["name"]),
                ("wa_language", "=", row["language"]),
            ]
        )
        if not template:
            return
        value = row["value"]
        note = ""
        vals = {}
        if row["kind"] == "status":
            event = str(value.get("event") or "").upper()
            status = EVENT_STATUSES.get(event) or self._status(event)
            rejection, other = (
                part if isinstance(part := value.get(name), dict) else {}
                for name in ("rejection_info", "other_info")
            )
            reason = [value.get("reason"), rejection.get("reason"), rejection.get("recommendation")]
            reason += [other.get("description")]
            note = " ".join(
                str(text) for text in reason if isinstance(text, str) and text != "NONE"
            )
            if status:
                vals["status"] = status
                vals["reject_reason"] = note if status != "approved" else False
            else:
                note = f"{event} {note}"
        elif row["kind"] == "quality":
            quality = str(value.get("new_quality_score") or "").lower()
            if quality in dict(self._fields["quality"].selection):
                vals["quality"] = quality
        elif str(value.get("new_category")) in dict(self._fields["category"].selection):
            vals["category"] = value["new_category"]
            note = (
                self.env._("Meta wants to change the category.")
                if value.get("correct_category")
                else ""
            )
        # An edited text is submitted anew: what Meta says of the old one does not make it approved.
        if "status" in vals:
            template = template.filtered(lambda t: t.status != "draft" or not t.wa_template_id)
        sendable = template.filtered(lambda t: t._is_sendable())
        template.with_context(whatsapp_from_meta=True).write(vals)
        # What waited for it leaves at once.
        (template.filtered(lambda t: t._is_sendable()) - sendable).account_id._trigger_lane()
        if note:
            template._message_log_batch(bodies=dict.fromkeys(template.ids, note))

    @api.model
    def _status(self, text):
        """Return our key of one of Meta's statuses, None for an unknown one."""
        status = str(text or "").lower()
        return status if status in dict(self._fields["status"].selection) else None

    @api.model
    def _lang_of(self, language):
        """Return our language of a template for one of WhatsApp's (``en_US`` -> ``en_IN``)."""
        base = str(language or "").split("_")[0]
        return next((lang for lang, code in WA_LANGUAGES.items() if code == base), None)

    @api.model
    def _reply_text(self, action, lang):
        """Return the free text that confirms a consent ``withdrawn`` or ``given`` by word."""
        name = "opt_out_confirmed" if action == "withdrawn" else "opt_in_confirmed"
        return self.env.ref(
            f"discom.whatsapp_template_{name}_{'en' if lang and lang.startswith('en') else 'hi'}"
        ).body
