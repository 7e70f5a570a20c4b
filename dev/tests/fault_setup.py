"""Fills the database of the fault run; fed to ``odoo shell``."""

import os

url, webhook_key, count = os.environ["DISCOM_CRASH"].split(" ")
account = env["discom.whatsapp.account"].create(  # noqa: F821 odoo shell gives env
    {
        "name": "Faults",
        "base_url": url,
        "phone_number_id": "100000000000001",
        "waba_id": "200000000000001",
        "access_token": "simulator-token",
        "app_secret": "simulator-secret",
        "webhook_key": webhook_key,
        "quiet_from": 0,
        "quiet_to": 0,
        # Slow enough that everything is torn down while they leave.
        "rate_limit": max(10, min(400, int(count) // 40)),
        "settle_minutes": 1,
        "state": "connected",
    }
)
template = env["discom.whatsapp.template"].create(  # noqa: F821
    {
        "name": "crash_bill",
        "account_id": account.id,
        "lang": "hi_IN",
        "purpose": "bill",
        "body": "नमस्ते {{name}}, आपका बिल {{amount}} है। धन्यवाद।",
        "status": "approved",
    }
)
env.flush_all()  # noqa: F821
# A message for each of so many people, as a broadcast writes them.
env.cr.execute(  # noqa: F821
    """
    INSERT INTO discom_whatsapp_message (
        key, direction, account_id, template_id, phone, lang, purpose, priority, values, state,
        attempts, create_date, write_date)
    SELECT gen_random_uuid()::text, 'out', %s, %s, '+91' || (9415000000 + n), 'hi_IN', 'bill', 40,
           jsonb_build_object('name', 'Person ' || n, 'amount', '₹' || n), 'queued', 0, now(), now()
      FROM generate_series(1, %s) AS n
    """,
    [account.id, template.id, int(count)],
)
account._trigger_lane()
env.cr.commit()  # noqa: F821
