"""A year of a division in a database: what the imports of one month leave, copied back in time.

Importing twelve files of 2,75,000 bills and sending five million messages takes a night; the
statements here take minutes and leave the same rows: every column, index and constraint is filled
as the add-on fills it. Columns are read from the catalogue, so new ones come along.

They need a database into which the files of one month have been imported (``bench.seed("bill")``).
"""

from contextlib import contextmanager

from psycopg2.sql import SQL, Identifier

#: Of a hundred messages so many end in each state; the rest were read.
SHARES = (("skipped", 30), ("failed", 3), ("sent", 7), ("delivered", 20))
TABLES = "discom_bill", "discom_bill_line", "discom_payment", "discom_whatsapp_message"
#: Name of a month's broadcast, as PostgreSQL writes a date.
BROADCAST = '"Bills "YYYY-MM'
#: Events of the webhook for a message that is read: sent, delivered, read.
EVENTS = ("sent", "delivered", "read")


@contextmanager
def bulk(cr, *tables):
    """Add millions of rows to ``tables``: indexes are made at the end, foreign keys not looked up.

    What is inserted refers to rows it was read from. Unique indexes stay: they find what is there
    already. Commits; also when it fails the indexes are made again.
    """
    cr.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), obj_description(indexrelid)
          FROM pg_index
         WHERE indrelid = ANY (%s::regclass[]) AND NOT indisunique
        """,
        [list(tables)],
    )
    indexes = cr.fetchall()
    for name, _definition, _comment in indexes:
        cr._obj.execute(f"DROP INDEX {name}")
    cr.execute("SET session_replication_role = replica")
    cr.execute("SET maintenance_work_mem = '512MB'")
    cr.commit()
    try:
        yield
    finally:
        cr.rollback()
        for name, definition, comment in indexes:
            cr._obj.execute(definition)
            # Odoo keeps there what it made the index from.
            cr._obj.execute(f"COMMENT ON INDEX {name} IS %s", [comment])
        cr.execute("RESET session_replication_role")
        cr.execute("RESET maintenance_work_mem")
        cr.commit()


def columns(cr, table, without=()):
    """Names of the columns of ``table`` that can be written, without those named."""
    cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return [name for [name] in cr.fetchall() if name not in without]


def _copy(cr, table, source, changed, parameters=()):
    """``INSERT INTO table SELECT ... FROM source`` with all columns but ``id``.

    :param str source: FROM clause and what follows; the copied row is ``t``
    :param changed: {column: SQL expression} instead of the copied value
    :return: rows added
    """
    names = columns(cr, table, ("id",))
    values = [SQL(changed[name]) if name in changed else Identifier("t", name) for name in names]
    cr._obj.execute(
        SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
            Identifier(table),
            SQL(", ").join(map(Identifier, names)),
            SQL(", ").join(values),
            SQL(source),
        ),
        parameters,
    )
    return cr._obj.rowcount


def bills(cr, months=12, lines=True):
    """Give every account that has a bill one for each of the ``months`` before it, too.

    Three in ten of the older bills are paid, the others overdue. The transaction is committed after
    each month.

    :param lines: whether the charges of the bills are copied too
    :return: bills added
    """
    added = 0
    for back in range(1, months):
        cr.execute("SELECT COALESCE(max(id), 0) FROM discom_bill")
        [last] = cr.fetchone()
        shift = f"make_interval(months => {int(back)})"
        paid = f"abs(mod(hashint8(t.partner_id::int8 * 31 + {int(back)}), 10)) < 3"
        changed = {
            name: f"(t.{name} - {shift})::{kind}"
            for name, kind in (
                ("period", "date"),
                ("bill_date", "date"),
                ("due_date", "date"),
                ("disconnection_date", "date"),
                ("create_date", "timestamp"),
                ("write_date", "timestamp"),
            )
        } | {
            "name": f"t.name || '-{int(back)}'",
            "state": f"CASE WHEN {paid} THEN 'paid' ELSE 'overdue' END",
            "amount_paid": f"CASE WHEN {paid} THEN t.amount_total ELSE 0 END",
            "amount_due": f"CASE WHEN {paid} THEN 0 ELSE t.amount_total END",
            "is_latest": "FALSE",
            "run_id": "NULL",
        }
        added += _copy(
            cr,
            "discom_bill",
            "discom_bill t WHERE t.is_latest AND NOT EXISTS (SELECT FROM discom_bill old"
            " WHERE old.company_id = t.company_id AND old.account_no = t.account_no"
            f" AND old.period = (t.period - {shift})::date)",
            changed,
            (),
        )
        if lines:
            _copy(
                cr,
                "discom_bill_line",
                "discom_bill_line t JOIN discom_bill newest ON newest.id = t.bill_id"
                " JOIN discom_bill copy ON copy.partner_id = newest.partner_id"
                " WHERE newest.is_latest AND copy.id > %s",
                {"bill_id": "copy.id"},
                [last],
            )
        cr.commit()
    return added


def payments(cr):
    """A payment for every paid bill that has none; return how many."""
    cr.execute("SELECT id FROM res_currency WHERE name = 'INR'")
    [currency] = cr.fetchone()
    cr.execute(
        """
        INSERT INTO discom_payment (reference, partner_id, account_no, office_id, date, amount,
                                    mode, bill_id, state, company_id, currency_id,
                                    create_uid, create_date, write_uid, write_date)
        SELECT 'FILL-' || bill.id, bill.partner_id, bill.account_no, bill.office_id,
               bill.bill_date + 7, bill.amount_total, 'file', bill.id, 'posted', bill.company_id,
               %s, 1, now(), 1, now()
          FROM discom_bill bill
         WHERE bill.state = 'paid' AND bill.amount_total > 0
           AND NOT EXISTS (SELECT FROM discom_payment paid WHERE paid.bill_id = bill.id)
        """,
        [currency],
    )
    count = cr.rowcount
    cr.commit()
    return count


def messages(env, account, per_bill=1.5, replies=0.02):
    """Messages about all issued bills as if each month had been sent, in end states.

    A broadcast a month holds those of its bills; what is above one message for a bill are reminders
    without a broadcast. ``replies`` of the people have written something back. Months of which
    there are messages are left alone.

    :param account: the sending number, with the standard templates
    :return: messages added
    """
    cr = env.cr
    cr.execute(
        """
        SELECT DISTINCT period FROM discom_bill bill
         WHERE state <> 'draft' AND NOT EXISTS (
               SELECT FROM discom_whatsapp_broadcast b WHERE b.name = to_char(period, %s))
         ORDER BY period
        """,
        [BROADCAST],
    )
    periods = [period for [period] in cr.fetchall()]
    template = account.template_ids.filtered(
        lambda found: (found.name, found.lang) == ("bill_issued", "hi_IN")
    )
    template._keep_version()
    added = 0
    for period in periods:
        domain = [("period", "=", str(period))]
        # Nobody may create one by hand.
        broadcast = (
            env["discom.whatsapp.broadcast"]
            .sudo()
            .create(
                {
                    "name": f"{period:Bills %Y-%m}",
                    "res_model": "discom.bill",
                    "res_domain": repr(domain),
                    "purpose": "bill",
                    "account_id": account.id,
                    "template_id": template.id,
                    "state": "done",
                    "date": str(period),
                }
            )
        )
        env.flush_all()
        count = _month(cr, account, template, broadcast.id, period, "bill", 1.0)
        cr.execute(
            "UPDATE discom_whatsapp_broadcast SET total_count = %s, planned_count = %s"
            " WHERE id = %s",
            [count, count, broadcast.id],
        )
        added += count
        added += _month(cr, account, template, None, period, "overdue", per_bill - 1)
        cr.commit()
    if not periods:
        return 0
    cr.execute(
        """
        INSERT INTO discom_whatsapp_message (
            key, direction, account_id, partner_id, office_id, phone, kind, body, state, priority,
            wamid, create_uid, create_date, write_uid, write_date)
        SELECT gen_random_uuid()::text, 'in', %s, id, discom_office_id, discom_whatsapp_number,
               'text', 'बिजली कब आएगी', 'received', 50, 'wamid.in' || id,
               1, now(), 1, now()
          FROM res_partner
         WHERE discom_whatsapp_number <> '' AND abs(mod(hashint4(id), 1000)) < %s
        """,
        [account.id, 1000 * replies],
    )
    added += cr.rowcount
    cr.commit()
    return added


def events(cr, account, months=1):
    """The calls of the webhook that reported what became of the newest months' messages."""
    for status in EVENTS:
        _events(cr, account, status, months)
        cr.commit()


def _month(cr, account, template, broadcast_id, period, purpose, share):
    """Messages about the bills of ``period`` to ``share`` of their consumers; return how many."""
    if share <= 0:
        return 0
    bounds, limits = [], 0
    for state, percent in SHARES:
        limits += percent
        bounds.append(f"WHEN luck < {limits} THEN '{state}'")
    cr.execute(
        f"""
        INSERT INTO discom_whatsapp_message (
            key, direction, account_id, broadcast_id, template_id, version_id, partner_id,
            office_id, phone, lang, res_model, res_id, purpose, priority, values, state,
            skip_reason, wamid, category, attempts, error_code, error_text, claimed_at, sent_at,
            delivered_at, read_at, failed_at, create_uid, create_date, write_uid, write_date)
        SELECT key, 'out', %(account)s, %(broadcast)s, %(template)s, %(version)s, partner_id,
               office_id, phone, 'hi_IN', 'discom.bill', id, %(purpose)s, 40, values, state,
               CASE WHEN state = 'skipped' THEN 'no_number' END,
               CASE WHEN state <> 'skipped' THEN 'wamid.' || key END,
               CASE WHEN state <> 'skipped' THEN 'utility' END,
               CASE WHEN state = 'skipped' THEN 0 ELSE 1 END,
               CASE WHEN state = 'failed' THEN 131026 END,
               CASE WHEN state = 'failed' THEN 'Message undeliverable' END,
               CASE WHEN state <> 'skipped' THEN sent END,
               CASE WHEN state NOT IN ('skipped', 'failed') THEN sent END,
               CASE WHEN state IN ('delivered', 'read') THEN sent + interval '1 minute' END,
               CASE WHEN state = 'read' THEN sent + interval '1 hour' END,
               CASE WHEN state = 'failed' THEN sent END, 1, sent, 1, sent
          FROM (
            SELECT *, CASE {" ".join(bounds)} ELSE 'read' END AS state
              FROM (
                SELECT bill.id, bill.partner_id, bill.office_id, gen_random_uuid()::text AS key,
                       partner.discom_whatsapp_number AS phone,
                       bill.bill_date + time '04:30' + mod(bill.id, 3600) * interval '1 second'
                           AS sent,
                       jsonb_build_object(
                           'name', partner.name, 'account_last4', right(bill.account_no, 4),
                           'month', bill.period, 'amount', bill.amount_total,
                           'due_date', bill.due_date, 'office', 'विद्युत वितरण खण्ड') AS values,
                       CASE WHEN COALESCE(partner.discom_whatsapp_number, '') = '' THEN 0
                            ELSE abs(mod(hashint8(bill.id), 70)) + 30 END AS luck
                  FROM discom_bill bill JOIN res_partner partner ON partner.id = bill.partner_id
                 WHERE bill.period = %(period)s AND bill.state <> 'draft'
                   AND abs(mod(hashint8(bill.id + 7), 100)) < %(percent)s
              ) bill
          ) message
        """,
        {
            "account": account.id,
            "broadcast": broadcast_id,
            "template": template.id,
            "version": template.version_id.id,
            "purpose": purpose,
            "period": period,
            "percent": round(100 * share),
        },
    )
    return cr.rowcount


def _events(cr, account, status, months):
    """The call of the webhook that reported ``status`` of each message that came so far."""
    cr.execute(
        f"""
        INSERT INTO discom_whatsapp_event (account_id, payload, state, received_at)
        SELECT account_id, json_build_object(
                   'object', 'whatsapp_business_account', 'entry', json_build_array(
                       json_build_object('id', %s, 'changes', json_build_array(json_build_object(
                           'field', 'messages', 'value', json_build_object(
                               'messaging_product', 'whatsapp', 'statuses', json_build_array(
                                   json_build_object(
                                       'id', wamid, 'status', %s, 'recipient_id', phone,
                                       'timestamp', extract(epoch FROM {status}_at)::int::text,
                                       'biz_opaque_callback_data', key))))))))::text,
               'applied', {status}_at
          FROM discom_whatsapp_message
         WHERE {status}_at IS NOT NULL AND direction = 'out'
           AND broadcast_id IN (SELECT id FROM discom_whatsapp_broadcast ORDER BY id DESC LIMIT %s)
        """,
        [account.waba_id, status, months],
    )


def months(env, account, months=12, per_bill=1.5, lines=True):
    """A year of bills, payments and messages; return {what: rows added}.

    Ends with ``ANALYZE``, as autovacuum would do. Nothing is done where the months are there.
    """
    # The messages of a month come last.
    if (
        env["discom.whatsapp.broadcast"].search_count([("name", "=like", "Bills ____-__")])
        >= months
    ):
        return dict.fromkeys(("bills", "payments", "messages"), 0)
    with bulk(env.cr, *TABLES):
        found = {
            "bills": bills(env.cr, months, lines),
            "payments": payments(env.cr),
            "messages": messages(env, account, per_bill),
        }
    env.cr.execute("ANALYZE")
    env.cr.commit()
    env.invalidate_all()
    return found
