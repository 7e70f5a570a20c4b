"""A sending number on the simulator, and bills queued on it."""

import contextlib

from .workbench import Unavailable

TEXT = "bench_text"
WITH_PDF = "bill_issued"


def account(bench, env):
    """The sending number that the rows use, connected to the bench's simulator.

    Its templates go the way of real ones: the standard set is submitted and approved. A family
    without a document, ``bench_text``, says the same as the standard bill.
    """
    accounts = env["discom.whatsapp.account"]
    simulator = bench.simulator
    found = accounts.search([("base_url", "=", simulator.url)])
    if found:
        return found
    # One of an earlier run with the same number, whose simulator is gone.
    accounts.search([("phone_number_id", "=", simulator.phone_number_id)]).active = False
    env.flush_all()
    found = accounts.create(
        {
            "name": "Bench",
            # Measured at any hour, and nobody is there to approve.
            "quiet_from": 0,
            "quiet_to": 0,
            "approve_above": 0,
            "base_url": simulator.url,
            "phone_number_id": simulator.phone_number_id,
            "waba_id": simulator.waba_id,
            "app_id": "300000000000001",
            "access_token": simulator.token,
            "app_secret": simulator.app_secret,
        }
    )
    found.action_test_connection()
    found.action_create_templates()
    templates = found.template_ids.filtered(lambda template: template.name == WITH_PDF)
    templates.copy({"name": TEXT, "header_type": "none"}).action_submit()
    found.action_sync_templates()
    env.cr.commit()
    return found


def compose(env, account, template, domain=()):
    """The composer on issued bills of ``domain``, with the template of this name chosen."""
    chosen = account.template_ids.filtered(
        lambda found: (found.name, found.lang, found.status) == (template, "hi_IN", "approved")
    )
    if not chosen:
        raise Unavailable(f"There is no approved template {template}")
    return env["discom.whatsapp.composer"].create(
        {
            "res_model": "discom.bill",
            "res_domain": repr(list(domain)),
            "purpose": "bill",
            "account_id": account.id,
            "template_id": chosen.id,
        }
    )


def sendable(env, size):
    """Domain of the first issued bills of which ``size`` can be sent.

    :raise Unavailable: when there are not as many
    """
    env.cr.execute(
        """
        SELECT max(id), count(*)
          FROM (SELECT bill.id
                  FROM discom_bill bill
                  JOIN res_partner partner ON partner.id = bill.partner_id
                 WHERE bill.state IN ('issued', 'partial', 'paid', 'overdue') AND bill.is_latest
                   AND partner.discom_whatsapp_number <> ''
                   AND partner.discom_consent_bills = 'given'
              ORDER BY bill.id LIMIT %s) reachable
        """,
        [size],
    )
    last, count = env.cr.fetchone()
    if count < size:
        raise Unavailable(f"Only {count} bills can be sent")
    return [("id", "<=", last)]


def send(env, composer):
    """Confirm ``composer`` and plan all of its messages; return the broadcast, committed."""
    broadcasts = env["discom.whatsapp.broadcast"]
    broadcast = broadcasts.browse(composer.action_send()["res_id"])
    env.cr.commit()
    while broadcast.state == "planning":
        broadcasts.sudo()._cron_work()
        env.cr.commit()
        env.invalidate_all()
    return broadcast


@contextlib.contextmanager
def no_traces(bench):
    """Remove all broadcasts, messages and outages, before and after."""

    def remove():
        with bench.env() as env:
            env.cr.execute("TRUNCATE discom_whatsapp_message CASCADE")
            env.cr.execute("DELETE FROM discom_whatsapp_broadcast")
            env.cr.execute("DELETE FROM discom_outage")
            env.cr.execute("DELETE FROM ir_cron_trigger")

    remove()
    try:
        yield
    finally:
        remove()
