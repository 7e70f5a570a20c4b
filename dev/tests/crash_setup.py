"""Fills the database of the crash test; fed to ``odoo shell``."""

import os
from datetime import timedelta

from odoo import fields

url, webhook_key, count = os.environ["DISCOM_CRASH"].split(" ")
env = env(context={**env.context, "tracking_disable": True})  # noqa: F821 odoo shell gives env
office = env["discom.office"].create({"name": "Crash", "code": "CRASH", "level": "division"})
env.user.discom_office_ids = office
account = env["discom.whatsapp.account"].create(
    {
        "name": "Crash",
        "quiet_from": 0,
        "quiet_to": 0,
        "base_url": url,
        "phone_number_id": "100000000000001",
        "waba_id": "200000000000001",
        "access_token": "simulator-token",
        "app_secret": "simulator-secret",
        "webhook_key": webhook_key,
        "rate_limit": 40,
        "settle_minutes": 1,
        "state": "connected",
    }
)
env["discom.whatsapp.template"].create(
    {
        "name": "crash_bill",
        "account_id": account.id,
        "lang": "hi_IN",
        "purpose": "bill",
        "body": "नमस्ते {{name}}, आपका बिल {{amount}} है। धन्यवाद।",
        "status": "approved",
    }
)
partners = env["res.partner"].create(
    [
        {
            "name": f"Crash {number}",
            "discom_consumer": True,
            "discom_account_no": f"{8_800_000_000 + number}",
            "discom_office_id": office.id,
            "discom_area": "rural",
            "discom_whatsapp_number": f"+919{415_300_000 + number}",
            "lang": "hi_IN",
        }
        for number in range(int(count))
    ]
)
partners._discom_record_consent("given", ["bills"], "counter")
today = fields.Date.today()
bills = env["discom.bill"].create(
    [
        {
            "partner_id": partner.id,
            "period": today.replace(day=1),
            "bill_date": today,
            "due_date": today + timedelta(days=15),
            "line_ids": [(0, 0, {"head": "energy", "name": "Energy", "amount": 500})],
            "amount_total": 500,
            "amount_after_due": 510,
        }
        for partner in partners
    ]
)
bills.action_check()
bills.action_issue()
action = bills._action_whatsapp_composer("bill")
env["discom.whatsapp.composer"].browse(action["res_id"]).action_send()
env.cr.commit()
