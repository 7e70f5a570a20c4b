"""The main job of the demo: connect the sending number, do two bill runs and an arrears run, say
where to look."""

import json
import re
import time
from collections import Counter

from . import demo_arrears, demo_bills
from .console import StackError, say, step
from .paths import STATE
from .web import Session, send_json

BILLS = 20
# Divisions, and who takes their bill file and who approves it; passwords are the logins.
DIVISIONS = (
    ("Pipri", "clerk", "manager"),
    ("Robertsganj", "clerk_robertsganj", "manager_robertsganj"),
)
SECONDS = 300
# The simulator keeps nothing on disk: it begins with what it knew when it was last used.
TEMPLATES = STATE / "simulator-templates.json"
ARRIVED = ("delivered", "read")
LOST = ("failed", "skipped", "cancelled")
AFRESH = "Start afresh: make clean demo"


def main(url, database, simulator):
    """Do the main job as its people would; what is done already is left as it is.

    :param str url: Odoo's address, `database` the name of the demo's database
    :param str simulator: the simulator's address
    """
    admin = Session(url, database, "admin", "admin")
    with step("Connecting the sending number to the simulator") as current:
        account = _connect(admin, simulator)
        current.note = account["name"]
    with step("Message templates") as current:
        current.note = _templates(admin, account, simulator)
    for name, clerk, manager in DIVISIONS:
        with step(f"Bill run of {name}") as current:
            office = admin.read("discom.office", [("name", "=", name)], ["id"])[0]["id"]
            current.note = demo_bills.run(
                Session(url, database, clerk, clerk),
                Session(url, database, manager, manager),
                office,
                name.lower(),
            )
    with step("Sending the demo's bills") as current:
        current.note = _arrive(admin)
    name, clerk, manager = DIVISIONS[0]
    with step(f"Arrears run of {name}") as current:
        office = admin.read("discom.office", [("name", "=", name)], ["id"])[0]["id"]
        current.note = demo_arrears.run(
            Session(url, database, clerk, clerk), Session(url, database, manager, manager), office
        )
    _show(admin, url, simulator)


def _connect(admin, simulator):
    """Point the demo's sending number and the simulator at each other."""
    fields = ["name", "base_url", "state", "waba_id", "access_token", "app_secret"]
    fields += ["verify_token", "webhook_url"]
    accounts = admin.read(
        "discom.whatsapp.account", [("base_url", "=like", "http://127.0.0.1:%")], fields, limit=1
    )
    if not accounts:
        raise StackError(
            "The demo data has no sending number for the simulator.", "make clean demo"
        )
    account = accounts[0]
    if account["base_url"] != simulator:
        admin.call("discom.whatsapp.account", "write", account["id"], {"base_url": simulator})
    # What the App Dashboard is for at Meta.
    settings = {
        "webhook_url": account["webhook_url"],
        "verify_token": account["verify_token"],
        "app_secret": account["app_secret"],
    }
    send_json(f"{simulator}/simulator/settings", settings)
    handshake = send_json(f"{simulator}/simulator/verify", {})
    if not handshake.get("ok"):
        raise StackError(f"Odoo refused the webhook's handshake: {handshake}")
    admin.call("discom.whatsapp.account", "action_test_connection", account["id"])
    return account


def _templates(admin, account, simulator):
    """Submit the standard templates and wait for their approval; return what to say of them."""
    admin.call("discom.whatsapp.account", "action_create_templates", account["id"])

    def statuses():
        rows = admin.read(
            "discom.whatsapp.template", [("account_id", "=", account["id"])], ["status"]
        )
        return Counter(row["status"] for row in rows)

    counts = _wait(statuses, lambda counts: set(counts) == {"approved"})
    if set(counts) != {"approved"}:
        raise StackError(f"Templates that are not approved: {_listing(counts)}.")
    listed = send_json(
        f"{simulator}/v25.0/{account['waba_id']}/message_templates?limit=500",
        headers={"Authorization": f"Bearer {account['access_token']}"},
    )
    TEMPLATES.write_text(json.dumps([_create_body(template) for template in listed["data"]]))
    return _listing(counts)


def _create_body(template):
    """Return what a listed template was created from: Meta writes the texts of codes itself."""
    if template["category"] != "AUTHENTICATION":
        return template
    made = []
    for component in template["components"]:
        text = component.get("text", "")
        if component["type"] == "BODY":
            advised = len(re.findall(r"[.।]", text)) > 1
            made.append({"type": "BODY", "add_security_recommendation": advised})
        elif component["type"] == "FOOTER":
            minutes = int(re.search(r"\d+", text)[0])
            made.append({"type": "FOOTER", "code_expiration_minutes": minutes})
        else:
            made.append({"type": "BUTTONS", "buttons": [{"type": "otp", "otp_type": "COPY_CODE"}]})
    return {**template, "components": made}


def _arrive(admin):
    """Wait until the bills that were sent have arrived; return what to say of them."""
    messages = [("res_model", "=", "discom.bill"), ("direction", "=", "out")]

    def states():
        rows = admin.read("discom.whatsapp.message", messages, ["state"])
        return Counter(row["state"] for row in rows)

    counts = _wait(states, lambda counts: set(counts) <= {*ARRIVED, *LOST})
    if sum(counts[state] for state in ARRIVED) < BILLS:
        raise StackError(f"Not all bills have arrived: {_listing(counts)}.", AFRESH)
    return _listing(counts)


def _wait(look, enough):
    """Call `look` until what it returns is `enough`, for :data:`SECONDS` at most; return it."""
    deadline = time.monotonic() + SECONDS
    while True:
        seen = look()
        if enough(seen) or time.monotonic() > deadline:
            return seen
        time.sleep(1)


def _listing(counts):
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def _show(admin, url, simulator):
    """Say where everything is, who may log in, and where to begin."""
    say(f"\nOdoo        {url}/odoo")
    say(f"Phones      {simulator}/  (what the consumers see; write as one of them)\n")
    say("Log in as (password = login):")
    roles = {
        group["id"]: group["name"]
        for group in admin.read("res.groups", [("privilege_id.name", "=", "Discom")], ["name"])
    }
    users = admin.read("res.users", [], ["login", "name", "group_ids"], order="login")
    for user in users:
        held = [roles[group] for group in user["group_ids"] if group in roles]
        if held:
            say(f"  {user['login']:<20}{', '.join(held)}: {user['name']}")
    say(
        "\nSee what was sent: as clerk, Discom > Bills > Bill runs and Arrears > Runs;"
        "\nand the phones."
        "\nSend yourself: as clerk_robertsganj, Discom > Bills > Overdue, select some,"
        "\nSend overdue notice. As manager, release the bill that is held back."
        "\nStop it all: make stop"
    )
