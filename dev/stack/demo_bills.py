"""The demo's bill files of this month, and the bill runs that take them to the consumers.

`demo_bills.csv` holds the bills of two divisions, with dates in days from today and some mistakes
that the checks of a run find.
"""

import base64
import csv
import io
from datetime import date, timedelta
from pathlib import Path

from .console import StackError

BILLS = Path(__file__).parent / "demo_bills.csv"
REASON = "Looked at with the billing agency; they go out as they are"
# Held bills that a run keeps, for somebody to look at.
KEPT = 1


def run(clerk, manager, office, division):
    """Do the month of a division as its people would, up to the sending; return what to say.

    :param clerk: :class:`.web.Session` of who takes the file, issues and sends
    :param manager: of who releases held bills and approves
    :param int office: id of the division's office
    :param str division: as `demo_bills.csv` calls it
    """
    period = f"{date.today():%Y-%m}-01"
    runs = clerk.read(
        "discom.bill.run",
        [("office_id", "=", office), ("period", "=", period), ("state", "!=", "cancelled")],
        ["state"],
    )
    this = runs[0]["id"] if runs else None
    if this is None:
        [this] = clerk.call("discom.bill.run", "create", [{"office_id": office, "period": period}])

    def state():
        return clerk.read("discom.bill.run", [("id", "=", this)], ["state"])[0]["state"]

    def act(who, action):
        return who.call("discom.bill.run", action, [this])

    if state() == "draft":
        _import(clerk, this, office, division)
    if state() == "taken":
        act(clerk, "action_check")
    if state() == "checked":
        _release(manager, this)
        act(manager, "action_approve")
    if state() == "approved":
        act(clerk, "action_issue")
    if state() == "issued":
        composer = act(clerk, "action_send")
        clerk.call(composer["res_model"], "action_send", composer["res_id"])
    seen = clerk.read("discom.bill.run", [("id", "=", this)], ["issued_count", "held_count"])[0]
    if not seen["issued_count"]:
        raise StackError(f"The bill run of {division} has issued nothing; it is {state()}.")
    return f"{seen['issued_count']} issued, {seen['held_count']} held back"


def _import(clerk, run, office, division):
    """Upload the division's file into the run, have it checked and carried out."""
    [job] = clerk.call(
        "discom.import",
        "create",
        [
            {
                "kind": "bill",
                "office_id": office,
                "run_id": run,
                "filename": f"bills_{division}_{date.today():%Y-%m}.csv",
                "file": base64.b64encode(_file(division)).decode(),
            }
        ],
    )
    clerk.call("discom.import", "action_check", [job])
    clerk.call("discom.import", "action_run", [job])


def _release(manager, run):
    """Release held bills with a reason, all but :data:`KEPT`."""
    held = manager.call(
        "discom.bill", "search", [("run_id", "=", run), ("is_held", "=", True)], order="id"
    )
    if len(held) > KEPT:
        opened = manager.call("discom.bill", "action_release", held[KEPT:])
        model, wizard = opened["res_model"], opened["res_id"]
        manager.call(model, "write", [wizard], {"reason": REASON})
        manager.call(model, "action_release", [wizard])


def _file(division):
    """The bill file of a division as the billing system would write it today."""
    today = date.today()
    rows = []
    with BILLS.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            if row.pop("division") == division:
                for name, value in row.items():
                    if name.endswith("_date") and value:
                        row[name] = (today + timedelta(days=int(value))).isoformat()
                rows.append({"period": f"{today:%Y-%m}", **row})
    content = io.StringIO()
    writer = csv.DictWriter(content, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue().encode()
