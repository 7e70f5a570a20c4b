from collections import defaultdict
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from odoo import api, models
from odoo.tools import SQL

from ..tools.identity import find_aadhaar, mask_aadhaar
from ..tools.keywords import fold
from .consumer_consent import NOTICE_PURPOSES, PURPOSES
from .whatsapp_message import PRIORITY_REPLY

# Who stops messages stops all of them; who wants them again gets those that the notice names.
ASKED_PURPOSES = {
    "withdrawn": [purpose for purpose, _label in PURPOSES],
    "given": NOTICE_PURPOSES,
}
# What people write to stop, and to begin again; the whole text must be the word. Compared after
# casefolding and without punctuation; the quick replies of our templates are among them.
STOP_WORDS = frozenset(
    {
        "stop",
        "unsubscribe",
        "रोकें",
        "रोको",
        "रोक दें",
        "बंद",
        "बंद करें",
        "बन्द करें",
        "संदेश बंद करें",
        "सन्देश बन्द करें",
    }
)
START_WORDS = frozenset({"start", "subscribe", "चालू", "चालू करें", "शुरू", "शुरू करें", "संदेश चालू करें"})
# Free text may be sent for 24 hours after the consumer wrote.
# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages
WINDOW = timedelta(hours=24)
#: Texts of one batch shown in a consumer's chatter; all of them are in the inbox.
LOGGED = 20

#: What stands for a file, a place or a card where a line is all that is shown.
KIND_SIGNS = {
    "image": "📷",
    "document": "📄",
    "audio": "🎤",
    "video": "🎬",
    "sticker": "🙂",
    "location": "📍",
    "contacts": "👤",
}


class WhatsAppMessage(models.Model):
    """What consumers write back: kept, shown on the consumer, and STOP obeyed at once."""

    _inherit = "discom.whatsapp.message"

    @api.model
    def _receive(self, rows):
        """Store inbound messages and do what they ask for; a message that came before is ignored.

        The number of queries depends on the batch, not on the number of messages.

        :param list[dict] rows: as in :class:`tools.webhook_payload.Webhook`, with ``account_id``
        :return: the new messages
        """
        rows = self._inbound_new(rows)
        if not rows:
            return self.browse()
        self._inbound_cross_out(rows)
        self._inbound_route(rows)
        self._inbound_find_partners(rows)
        messages = self.create([self._inbound_values(row) for row in rows])
        for row, message in zip(rows, messages, strict=True):
            row["message"] = message
        self.env["discom.whatsapp.file"]._receive(rows)
        self._inbound_log(rows)
        self.env["discom.whatsapp.conversation"]._converse(rows)
        return messages

    @api.model
    def _inbound_cross_out(self, rows):
        """Cross out full Aadhaar numbers and note where there was one.

        They may not be kept, and what people send cannot be refused.
        """
        exempt = self._inbound_exempt(row["text"] for row in rows)
        for row in rows:
            row["has_aadhaar"] = bool(find_aadhaar(row["text"], exempt))
            if row["has_aadhaar"]:
                row["text"] = mask_aadhaar(row["text"], exempt)

    @api.model
    def _inbound_exempt(self, texts):
        """Return the numbers in ``texts`` that look like Aadhaar and are old account numbers."""
        suspects = set()
        for text in texts:
            while found := find_aadhaar(text, suspects):
                suspects.add(found)
        if not suspects:
            return frozenset()
        partners = self.env["res.partner"].search_fetch(
            [("discom_old_account_no", "in", list(suspects)), ("discom_consumer", "=", True)],
            ["discom_old_account_no"],
        )
        return frozenset(partners.mapped("discom_old_account_no"))

    @api.model
    def _inbound_new(self, rows):
        """Return the rows that are not stored yet, each once, in the order of writing."""
        by_key = {}
        for row in rows:
            by_key.setdefault(f"in:{row['wamid']}", dict(row))
        known = self.search_fetch([("key", "in", list(by_key))], ["key"])
        for message in known:
            del by_key[message.key]
        return sorted(by_key.values(), key=lambda row: row["timestamp"])

    @api.model
    def _inbound_route(self, rows):
        """Set each row's account to the one of the number written to.

        Meta may deliver for all numbers of an app to one address. Only accounts of the same company
        are looked at: a secret opens no other company's inbox.
        """
        accounts = self.env["discom.whatsapp.account"]
        receivers = accounts.browse({row["account_id"] for row in rows})
        company_of = {account.id: account.company_id for account in receivers}
        by_number = {
            (account.phone_number_id, account.company_id): account.id
            for account in accounts.search(
                [
                    ("phone_number_id", "in", list({row["phone_number_id"] for row in rows})),
                    ("company_id", "in", receivers.company_id.ids),
                ]
            )
        }
        for row in rows:
            company = company_of[row["account_id"]]
            row["company"] = company
            row["account_id"] = by_number.get((row["phone_number_id"], company), row["account_id"])

    @api.model
    def _inbound_find_partners(self, rows):
        """Set ``partners``, ``partner``, ``origin`` and ``office`` of each row.

        ``partners`` are all connections with that number. ``partner`` is the one the message is
        shown on: the one of the message replied to, else the one last written to, else the first.
        ``origin`` is the message of ours that was replied to; ``office`` sees the message.
        """
        phones = list({row["phone"] for row in rows if row["phone"]})
        partners = self.env["res.partner"].search(
            [
                ("discom_whatsapp_number", "in", phones),
                ("discom_consumer", "=", True),
                ("company_id", "in", [False, *{row["company"].id for row in rows}]),
            ],
            order="id",
        )
        by_phone = defaultdict(lambda: self.env["res.partner"])
        for partner in partners:
            by_phone[partner.discom_whatsapp_number] |= partner
        contexts = [row["context_wamid"] for row in rows if row["context_wamid"]]
        origins = {
            message.wamid: message
            for message in self.search([("wamid", "in", contexts), ("direction", "=", "out")])
        }
        shared = [phone for phone, found in by_phone.items() if len(found) > 1]
        last_written = self._inbound_last_written(shared)
        offices = self._inbound_offices({row["account_id"] for row in rows})
        for row in rows:
            company = row["company"]
            found = by_phone[row["phone"]].filtered(
                lambda partner, company=company: partner.company_id <= company
            )
            origin = origins.get(row["context_wamid"], self.browse())
            last = last_written.get(row["phone"])
            row["partners"] = found
            row["origin"] = origin
            row["partner"] = (
                origin.partner_id
                or found.filtered(lambda partner, last=last: partner.id == last)
                or found[:1]
            )
            row["office"] = (
                row["partner"].discom_office_id or origin.office_id or offices[row["account_id"]]
            )

    @api.model
    def _inbound_last_written(self, phones):
        """Return phone -> id of the partner to whom the newest message to that phone went."""
        if not phones:
            return {}
        self.flush_model(["phone", "partner_id", "direction"])
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (phone) phone, partner_id
                  FROM discom_whatsapp_message
                 WHERE phone IN %s AND direction = 'out' AND partner_id IS NOT NULL
                 ORDER BY phone, id DESC
                """,
                tuple(phones),
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _inbound_values(self, row):
        return {
            "key": f"in:{row['wamid']}",
            "direction": "in",
            "state": "received",
            "account_id": row["account_id"],
            "wamid": row["wamid"],
            "phone": row["phone"],
            "partner_id": row["partner"].id,
            "office_id": row["office"].id,
            "lang": row["partner"].lang,
            "res_model": row["origin"].res_model,
            "res_id": row["origin"].res_id,
            "purpose": "other",
            "kind": row["type"],
            "body": row["text"],
            "sent_at": self._inbound_time(row),
        }

    @api.model
    def _inbound_offices(self, account_ids):
        """Return {account id: office that sees what strangers write to it}."""
        accounts = self.env["discom.whatsapp.account"].browse(account_ids)
        roots = {
            office.company_id: office
            for office in self.env["discom.office"].search([("parent_id", "=", False)])
        }
        return {
            account.id: account.inbox_office_id
            or account.office_ids[:1]
            or roots.get(account.company_id, self.env["discom.office"])
            for account in accounts
        }

    @api.model
    def _inbound_time(self, row):
        return datetime.fromtimestamp(row["timestamp"], UTC).replace(tzinfo=None)

    @api.model
    def _inbound_log(self, rows):
        """Show what came in the chatter of the consumers, one note for each in this batch."""
        texts = defaultdict(list)
        for row in rows:
            if row["partner"]:
                texts[row["partner"]].append(self._inbound_readable(row))
        partners = self.env["res.partner"].union(*texts)
        partners._message_log_batch(
            bodies={
                partner.id: Markup("<br/>").join(
                    [
                        *(Markup("<b>WhatsApp</b> %s") % text for text in lines[:LOGGED]),
                        *([f"… {len(lines) - LOGGED}"] if len(lines) > LOGGED else []),
                    ]
                )
                for partner, lines in texts.items()
            }
        )

    @api.model
    def _inbound_readable(self, row):
        """Return the text of a message in one line, a sign in the place of a file."""
        if sign := KIND_SIGNS.get(row["type"]):
            return f"{sign} {row['text'].removeprefix('[' + row['type'] + ']').strip()}".strip()
        return row["text"]

    @api.model
    def _inbound_obey(self, rows):
        """Record the consent that people withdrew or gave by word, and confirm it once.

        It holds for every connection with the number: the number is the person.
        """
        asked = {}
        for row in rows:
            action = self._inbound_action(row)
            if action and row["partners"]:
                asked[row["phone"], row["company"]] = (action, row)
        changed = defaultdict(list)
        for action, row in asked.values():
            partners = row["partners"].filtered(
                lambda partner, action=action: any(
                    partner[f"discom_consent_{purpose}"] != action
                    for purpose in ASKED_PURPOSES[action]
                )
            )
            if partners:
                changed[action].append((row, partners))
        for action, found in changed.items():
            self.env["res.partner"].union(
                *[partners for _row, partners in found]
            )._discom_record_consent(action, ASKED_PURPOSES[action], method="whatsapp")
        self._inbound_confirm(
            [(action, row) for action, found in changed.items() for row, _partners in found]
        )

    @api.model
    def _inbound_action(self, row):
        """Return ``withdrawn``, ``given`` or None: what the writer asks for."""
        for text in (row["payload"], row["text"]):
            text = fold(text)
            if text in STOP_WORDS:
                return "withdrawn"
            if text in START_WORDS:
                return "given"
        return None

    @api.model
    def _inbound_confirm(self, asked):
        """Queue one free-text answer to each who stopped or began again, while the window is open.

        :param asked: list of (action, row)
        """
        templates = self.env["discom.whatsapp.template"]
        texts = {}
        values = []
        for action, row in asked:
            lang = row["partner"].lang
            if (action, lang) not in texts:
                texts[action, lang] = templates._reply_text(action, lang)
            values.append(
                {
                    "direction": "out",
                    "state": "queued",
                    "account_id": row["account_id"],
                    "phone": row["phone"],
                    "partner_id": row["partner"].id,
                    "office_id": row["partner"].discom_office_id.id,
                    "lang": lang,
                    "purpose": "opt_out" if action == "withdrawn" else "other",
                    "priority": PRIORITY_REPLY,
                    "body": texts[action, lang],
                    "expires_at": self._inbound_time(row) + WINDOW,
                }
            )
        if values:
            self.create(values).account_id._trigger_lane()
