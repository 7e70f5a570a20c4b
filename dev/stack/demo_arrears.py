"""The demo's arrears run of today: proposed by the clerk, approved by the manager, sent."""

from datetime import date

from .console import StackError

#: Id of who loads data, Odoo's SUPERUSER_ID.
ROOT = 1


def run(clerk, manager, office):
    """Do today's arrears run of a division as its people would; return what to say of it.

    What was done before, on an earlier day or by somebody who tries the demo, is left as it is.

    :param clerk: :class:`.web.Session` of who proposes and sends
    :param manager: of who approves
    :param int office: id of the division's office
    """
    runs = clerk.read(
        "discom.notice.run",
        # What came with the demo's data was done by nobody.
        [("office_id", "=", office), ("state", "!=", "cancelled"), ("create_uid", "!=", ROOT)],
        ["state", "date"],
        order="id desc",
        limit=1,
    )
    if runs and (runs[0]["state"] == "done" or runs[0]["date"] != f"{date.today()}"):
        return f"of {runs[0]['date']}, as it was left"
    this = runs[0]["id"] if runs else None
    if this is None:
        [this] = clerk.call("discom.notice.run", "create", [{"office_id": office}])

    def look(*fields):
        return clerk.read("discom.notice.run", [("id", "=", this)], list(fields))[0]

    if look("state")["state"] == "draft":
        clerk.call("discom.notice.run", "action_propose", [this])
    if not look("proposed_count")["proposed_count"]:
        raise StackError("The arrears run of the demo finds nobody who owes.")
    if look("state")["state"] == "proposed":
        clerk.call("discom.notice.run", "action_submit", [this])
    if look("state")["state"] == "submitted":
        manager.call("discom.notice.run", "action_approve", [this])
    seen = look("overdue_unsent", "waiting_text", "closed_text", "proposed_count", "formal_count")
    said = f"{seen['proposed_count']} steps, {seen['formal_count']} formal notices"
    if seen["overdue_unsent"] and not seen["waiting_text"]:
        composer = clerk.call("discom.notice.run", "action_send_overdue", [this])
        clerk.call(composer["res_model"], "action_send", composer["res_id"])
        seen = look("waiting_text")
    return f"{said}; {seen['waiting_text']}" if seen["waiting_text"] else said
