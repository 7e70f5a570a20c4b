"""From 19.0.1.0.0: the day on which bills were issued, how long webhook calls are kept, text of
files that is kept no more, the mark of persons with connections, and mobiles to review."""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

PARAMETER = "discom.whatsapp_event_retention_days"
USUAL_DAYS = "365"


def migrate(cr, _version):
    """Fill in what the earlier version did not know, and take over what it was told."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _date_issued_bills(env)
    _take_over_retention(env)
    _mark_persons(env)
    env["res.partner"]._discom_flag_numbers()
    # Odoo had copied the words of our files, which are personal data, into the database.
    env.cr.execute("UPDATE ir_attachment SET index_content = NULL WHERE res_model LIKE 'discom.%'")


def _date_issued_bills(env):
    """Nobody noted when a bill was issued: the day on which it was entered stands for it.

    A cancelled bill had been issued where it was sent, or where an issued bill took its place.
    """
    env.cr.execute(
        SQL(
            """
            UPDATE discom_bill bill
               SET issued_date = bill.create_date
             WHERE bill.issued_date IS NULL
               AND (bill.state IN ('issued', 'partial', 'paid', 'overdue')
                    OR bill.state = 'cancelled'
                       AND (EXISTS (SELECT FROM discom_whatsapp_message message
                                     WHERE message.res_model = 'discom.bill'
                                       AND message.res_id = bill.id)
                            OR EXISTS (SELECT FROM discom_bill correction
                                        WHERE correction.correction_of_id = bill.id
                                          AND correction.state NOT IN ('draft', 'checked'))))
            """
        )
    )


def _mark_persons(env):
    """Contacts above consumers had been seen by everyone; see models/consumer_person.py."""
    env.cr.execute(
        """
        UPDATE res_partner person
           SET discom_person = TRUE
         WHERE person.discom_consumer IS NOT TRUE AND person.is_company IS NOT TRUE
           AND person.partner_share AND person.discom_person IS NOT TRUE
           AND EXISTS (SELECT FROM res_partner connection
                        WHERE connection.parent_id = person.id AND connection.discom_consumer)
        """
    )


def _take_over_retention(env):
    """What was a system parameter is a rule now; a time shorter than the law allows ends there."""
    parameters = env["ir.config_parameter"]
    days = parameters.get_param(PARAMETER, USUAL_DAYS)
    rule = env.ref("discom.retention_event", raise_if_not_found=False)
    if rule and days.isdigit() and days != USUAL_DAYS:
        least = rule._purges()["event"].least
        rule.keep_days = max(int(days), least, 1)
    parameters.search([("key", "=", PARAMETER)]).unlink()
