"""Where the data of one person lie: told when the person asks, blanked when they are erased."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from odoo.fields import Domain
from odoo.tools import SQL

#: Stands in the place of a text that may not be empty.
ERASED = "—"
#: Columns that say nothing about a person.
TECHNICAL = {
    *("id", "create_uid", "write_uid", "write_date", "message_main_attachment_id", "key"),
    *(
        "access_token",
        "nonce",
        "wamid",
        "read_wamid",
        "wa_media_id",
        "plan_res_id",
        "plan_partner_id",
    ),
}


class Person:
    """A consumer, and the phones by which what belongs to nobody else is found.

    :param consumers: connections of one person, as superuser
    """

    def __init__(self, consumers):
        self.env = consumers.env
        self.consumers = consumers
        self.partners = consumers | self._contacts()
        self.ids = self.partners.ids
        self.phones = self._phones()

    def _contacts(self):
        """Contacts that are there for these connections alone: the person above, those below.

        Whoever may change contacts chooses what stands above and below: never a company or a user,
        also one who has left.
        """
        mine = self.consumers
        above = mine.parent_id.filtered(
            lambda parent: parent.with_context(active_test=False).child_ids <= mine
        )
        contacts = (above | mine.child_ids).with_context(active_test=False)
        companies = self.env["res.company"].with_context(active_test=False)
        ours = companies.search([("partner_id", "in", contacts.ids)]).partner_id
        return (contacts - ours).filtered(
            lambda contact: not contact.discom_consumer and not contact.user_ids
        )

    def _phones(self):
        """Numbers that the person has or had, and that are no other consumer's now."""
        self.env["res.partner"].flush_model(["discom_whatsapp_number", "phone", "phone_sanitized"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH mine AS (
                    SELECT discom_whatsapp_number AS phone FROM res_partner WHERE id = ANY(%(ids)s)
                     UNION SELECT phone_sanitized FROM res_partner WHERE id = ANY(%(ids)s)
                     UNION SELECT unnest(ARRAY[old, new]) FROM discom_kyc_event
                            WHERE partner_id = ANY(%(ids)s)
                              AND field IN ('discom_whatsapp_number', 'phone')
                )
                SELECT phone FROM mine
                 WHERE phone ~ '^\\+91[0-9]{10}$'
                   AND NOT EXISTS (SELECT FROM res_partner other
                                    WHERE other.discom_whatsapp_number = mine.phone
                                      AND other.id <> ALL(%(ids)s))
                   AND NOT EXISTS (SELECT FROM res_partner other
                                    WHERE other.phone_sanitized = mine.phone
                                      AND other.id <> ALL(%(ids)s))
                """,
                ids=self.ids,
            )
        )
        return [phone for (phone,) in rows]

    def found(self):
        """Return [(place, records)] of all that belongs to the person."""
        return [
            (
                place,
                self.env[place.model]
                .with_context(active_test=False)
                .search(place.domain(self), order="id"),
            )
            for place in places()
        ]

    def files(self):
        """Return the files and pictures of the person's records."""
        # Odoo leaves out pictures and other fields unless they are asked for.
        any_field = Domain("res_field", "=", False) | Domain("res_field", "!=", False)
        return self._below("ir.attachment", "res_model", any_field)

    def notes(self):
        """Return what was written below the person's records."""
        return self._below("mail.message", "model")

    def tasks(self):
        """Return what is to be done about the person's records."""
        return self._below("mail.activity", "res_model")

    def _below(self, model, key, domain=Domain.TRUE):
        owners = defaultdict(set)
        owners["res.partner"].update(self.ids)
        for _place, records in self.found():
            owners[records._name].update(records.ids)
        below = Domain.OR(
            Domain(key, "=", name) & Domain("res_id", "in", list(ids))
            for name, ids in owners.items()
            if ids
        )
        return self.env[model].with_context(active_test=False).search(below & domain)


def of_partner(person):
    """Domain of the rows of a person."""
    return Domain("partner_id", "in", person.ids)


def of_phone(person):
    """Domain of the rows of the phones that are only this person's."""
    return Domain("phone", "in", person.phones)


def of_partner_or_phone(person):
    """Domain of the rows of a person, and of nobody from the person's own phones."""
    return of_partner(person) | (Domain("partner_id", "=", False) & of_phone(person))


@dataclass(frozen=True)
class Place:
    """A model that holds data of persons.

    :param model: its name
    :param domain: function of a :class:`Person` to the domain of the rows
    :param blank: column -> value or SQL that takes its place when the person is erased
    :param delete: whether the rows go as a whole
    :param told: whether the rows are in the file that the person gets
    """

    model: str
    domain: Callable = of_partner
    blank: dict = field(default_factory=dict)
    delete: bool = False
    told: bool = True


def places():
    """The places in the order of the file. What hangs on these records follows from them."""
    text = SQL("CASE WHEN %s IS NULL THEN NULL ELSE %s END", SQL.identifier("text"), ERASED)
    return [
        Place("discom.consent", blank={"evidence": None}),
        Place(
            "discom.kyc.event",
            blank={
                "old": SQL("CASE WHEN old IS NULL THEN NULL ELSE %s END", ERASED),
                "new": SQL("CASE WHEN new IS NULL THEN NULL ELSE %s END", ERASED),
                "place": None,
                "evidence": None,
            },
        ),
        Place("discom.kyc.visit", blank={"note": None}),
        Place("discom.kyc.attempt", of_partner_or_phone, delete=True),
        Place("discom.kyc.code", delete=True),
        # The account: amounts, dates and numbers stay, remarks about the person go.
        Place(
            "discom.bill",
            blank={
                "reading_remark": None,
                "cancel_reason": None,
                "link_generation": SQL("link_generation + 1"),
            },
        ),
        Place("discom.bill.line", lambda person: Domain("bill_id.partner_id", "in", person.ids)),
        Place("discom.bill.problem", blank={"text": text, "mobile": None, "answer": None}),
        Place("discom.payment", blank={"means_no": None, "cancel_note": None}),
        Place("discom.payment.plan", blank={"reason": ERASED}),
        Place(
            "discom.payment.plan.line",
            lambda person: Domain("plan_id.partner_id", "in", person.ids),
        ),
        Place("discom.scheme.registration"),
        Place("discom.notice", blank={"village": None, "exclude_reason": None}),
        Place("discom.notice.visit", blank={"note": None, "receipt_no": None}),
        Place("discom.notice.hold", blank={"note": ERASED}),
        Place(
            "discom.complaint",
            of_partner_or_phone,
            {"text": ERASED, "phone": None, "resolution": None},
        ),
        Place("discom.outage.call", blank={"note": None, "village": None}),
        Place(
            "discom.whatsapp.message",
            of_partner_or_phone,
            {
                "phone": None,
                "body": None,
                "values": None,
                "buttons": None,
                "error_text": None,
                "wa_user_id": None,
                "text_deleted": True,
            },
        ),
        Place(
            "discom.whatsapp.file",
            lambda person: (
                Domain("message_id.partner_id", "in", person.ids)
                | Domain("message_id.phone", "in", person.phones)
            ),
            {"filename": None, "sha256": None},
        ),
        Place("discom.whatsapp.fallback", blank={"phone": None, "note": None}),
        Place("discom.whatsapp.conversation", of_phone, delete=True),
        # On a phone that others have too, the conversation is theirs as well.
        Place(
            "discom.whatsapp.conversation",
            of_partner,
            {"partner_id": None, "data": None, "last_text": None, "profile_name": None},
            told=False,
        ),
        Place("discom.whatsapp.person", of_phone, delete=True, told=False),
        Place("discom.whatsapp.recipient", of_phone, delete=True, told=False),
    ]


#: Contact data of the consumer, and what takes their place. The account number stays: the ledger is
#: kept under it.
PROFILE = {
    **dict.fromkeys(
        (
            *("discom_name_hi", "discom_guardian_name", "phone", "email"),
            *("discom_village", "discom_village_hi"),
            *("discom_whatsapp_number", "street", "street2", "zip", "city", "state_id", "vat"),
            *("website", "comment", "function", "ref", "barcode", "company_registry"),
            *("discom_id_kind", "discom_id_last4", "discom_id_seen", "discom_kyc_source"),
            *("discom_kyc_date", "discom_kyc_user_id", "discom_priority", "discom_number_flag"),
            *("discom_priority_proof", "phone_sanitized", "email_normalized", "parent_id"),
            *("discom_kyc_hash", "discom_import_hash"),
            *("company_name", "commercial_company_name", "signup_type", "additional_info"),
        )
    ),
    "discom_kyc_state": "none",
}

#: Models with a consumer or a phone that are no place of a person, and why.
EXEMPT = {
    "discom.ledger.entry": "a view of bills and payments",
    "discom.ageing": "a view of bills and payments",
    "discom.kyc.report": "a view of consumers",
    "discom.kyc.taking": "a view of the KYC history",
    "discom.notice.effect": "figures of notices and payments",
    "discom.outage.contact": "contact persons, who are no consumers here; deleted by hand",
    "discom.outage.village": "names the contact person above",
    "discom.kyc.number": "numbers of agents: protect others",
    "discom.whatsapp.account": "numbers of the company",
    "discom.whatsapp.template.button": "numbers of the company",
    "discom.office": "numbers of the company",
    "discom.privacy.request": "the request itself: proves that the law was kept",
    "discom.privacy.breach.person": "who was affected by a breach: has to be told",
}
