"""Fills the database of the run on two hosts; fed to ``odoo shell``."""

import os

url, webhook_key, count = os.environ["DISCOM_CRASH"].split(" ")
numbers = os.environ["DISCOM_HOSTS_NUMBERS"].split(" ")
for place, phone_number_id in enumerate(numbers):
    account = env["discom.whatsapp.account"].create(  # noqa: F821 odoo shell gives env
        {
            "name": f"Number {place + 1}",
            "base_url": url,
            "phone_number_id": phone_number_id,
            "waba_id": "200000000000001",
            "access_token": "simulator-token",
            "app_secret": "simulator-secret",
            # Meta calls the one address of the app for all of them.
            "webhook_key": f"{webhook_key}-{place}" if place else webhook_key,
            "quiet_from": 0,
            "quiet_to": 0,
            "rate_limit": int(os.environ["DISCOM_HOSTS_RATE"]),
            "daily_limit": int(os.environ["DISCOM_HOSTS_PEOPLE"]),
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
    # Every tenth shares the phone of the one before, as families do.
    env.cr.execute(  # noqa: F821
        """
        INSERT INTO discom_whatsapp_message (
            key, direction, account_id, template_id, phone, lang, purpose, priority, values, state,
            attempts, create_date, write_date)
        SELECT gen_random_uuid()::text, 'out', %s, %s,
               '+91' || (9415000000 + %s + n - CASE WHEN mod(n, 10) = 0 THEN 1 ELSE 0 END),
               'hi_IN', 'bill', 40,
               jsonb_build_object('name', 'Person ' || n, 'amount', '₹' || n), 'queued', 0,
               now(), now()
          FROM generate_series(1, %s) AS n
        """,
        [account.id, template.id, 1_000_000 * place, int(count)],
    )
    account._trigger_lane()
env.cr.commit()  # noqa: F821
