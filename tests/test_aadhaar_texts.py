from odoo.tests import TransactionCase, tagged

from ..models.consumer_res_partner import FREE_TEXT_FIELDS

# Texts that nobody searches for Aadhaar numbers, and why that is right. Everything else names its
# texts in ``_no_aadhaar``.
NUMBERS = "the number of a phone, of an account or of a document: it may have the check digit"
KEYS = "made by the program: key, fingerprint, token, code"
TABLES = "set up by administrators and the code: about no consumer"
CHECKED = "checked or crossed out where it is written, see test_aadhaar.py"
EXEMPT = {
    NUMBERS: {
        "discom.bill": {"name", "account_no"},
        "discom.payment": {"reference", "account_no"},
        "discom.bill.problem": {"name", "mobile"},
        "discom.complaint": {"name", "phone"},
        "discom.kyc.attempt": {"phone"},
        "discom.kyc.code": {"phone"},
        "discom.kyc.number": {"number"},
        "discom.ledger.entry": {"name"},
        "discom.notice": {"name", "account_no", "paid_from"},
        "discom.notice.visit": {"account_no"},
        "discom.office": {"phone", "grievance_phone"},
        "discom.outage": {"name"},
        "discom.outage.call": {"account_no"},
        "discom.outage.contact": {"whatsapp_number"},
        "discom.payment.plan": {"name"},
        "discom.unmasking": {"account_no"},
        "discom.whatsapp.fallback": {"phone"},
        "res.partner": {"discom_account_no", "discom_old_account_no", "discom_whatsapp_number"},
    },
    KEYS: {
        "discom.bill": {"import_hash"},
        "discom.export.request": {"domain", "columns", "report"},
        "discom.import": {"columns_used", "columns_ignored"},
        "discom.import.source": {"signature"},
        "discom.figure": {"key", "state", "facts"},
        "discom.kyc.code": {"nonce"},
        "discom.payment": {"counter_token"},
        "discom.report.job": {"name", "model", "params", "key", "error"},
        "discom.bill.run": {"name", "work_error"},
        "discom.outage": {"officer_title"},
        "discom.unmasking": {"res_model"},
        "res.partner": {
            *("discom_import_hash", "discom_kyc_hash", "discom_id_last4", "signup_type"),
        },
    },
    TABLES: dict.fromkeys(
        (
            "discom.api.version",
            "discom.asset",
            "discom.bill.basis",
            "discom.bill.check",
            "discom.category",
            "discom.holiday",
            "discom.import.field",
            "discom.name.word",
            "discom.notice.policy",
            "discom.notice.step",
            "discom.office",
            "discom.outage.compensation",
            "discom.outage.reason",
            "discom.payment.rule",
            "discom.payment.rule.part",
            "discom.payment.word",
            "discom.report.schedule",
            "discom.retention.rule",
            "discom.scheme",
            "discom.setup.step",
            "discom.sms.template",
            "discom.tariff",
            "discom.tariff.dated",
            "discom.tariff.rate",
            "discom.tariff.slab",
            "discom.tariff.value",
            "discom.whatsapp.account",
            "discom.whatsapp.api.version",
            "discom.whatsapp.error",
            "discom.whatsapp.rate",
        )
    ),
    CHECKED: dict.fromkeys(
        (
            "discom.audit.entry",
            "discom.bill.finding",
            "discom.consent",
            "discom.kyc.event",
            "discom.kyc.report",
            "discom.kyc.taking",
            "discom.import",
            "discom.outage.village",
            "discom.whatsapp.broadcast",
            "discom.whatsapp.conversation",
            "discom.whatsapp.event",
            "discom.whatsapp.file",
            "discom.whatsapp.media",
            "discom.whatsapp.message",
            "discom.whatsapp.person",
            "discom.whatsapp.recipient",
            "discom.whatsapp.template",
            "discom.whatsapp.template.button",
            "discom.whatsapp.template.variable",
            "discom.whatsapp.template.version",
            "discom.notice",
        )
    ),
}


@tagged("post_install", "-at_install")
class TestAadhaarTexts(TransactionCase):
    def test_every_text_is_judged(self):
        """A new text field is searched for Aadhaar numbers, or stands above with the reason."""
        forgotten = []
        for name, model in self.registry.items():
            if model._abstract or model._transient:
                continue
            if not (name.startswith("discom.") or name == "res.partner"):
                continue
            exempt = set()
            for models in EXEMPT.values():
                if name in models:
                    exempt |= set(model._fields) if models[name] is None else models[name]
            searched = {*getattr(model, "_no_aadhaar", ()), *exempt}
            if name == "res.partner":
                searched |= set(FREE_TEXT_FIELDS)
            forgotten += [
                f"{name}.{field.name}"
                for field in model._fields.values()
                if field.type in ("char", "text", "html")
                and field.store
                and not field.related
                and (
                    name != "res.partner"
                    or field.name.startswith("discom_")
                    or not (field.compute and field.readonly)
                )
                and field.name not in (*searched, "parent_path")
            ]
        self.assertFalse(forgotten)

    def test_texts_named_are_there(self):
        for name, model in self.registry.items():
            with self.subTest(model=name):
                self.assertLessEqual(set(getattr(model, "_no_aadhaar", ())), set(model._fields))
