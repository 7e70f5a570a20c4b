"""Two hosts on one database: no message twice, no limit broken, and one may die.

``python -m unittest dev.tests.hosts_run`` takes about three minutes and is no part of ``make
test``; ``DISCOM_HOSTS_MESSAGES=5000`` is the number of messages of each sending number.
"""

import os
import time

from ..stack.process import free_port
from .odoo_case import OdooCase, wait_for

COUNT = int(os.environ.get("DISCOM_HOSTS_MESSAGES", 600))
NUMBERS = [f"10000000000000{place}" for place in range(1, 5)]
#: Messages a second of each number.
RATE = 30
#: Code of WhatsApp for more messages in a second than the number may send.
TOO_FAST = "130429"
#: People who may not be written to any more on this day.
TOO_MANY = 100
CONFIG = """[options]
db_name = {database}
db_app_name = {name}
addons_path = {addons}
data_dir = {folder}/data
http_interface = 127.0.0.1
http_port = {port}
gevent_port = {gevent_port}
proxy_mode = True
workers = 2
max_cron_threads = 3
log_level = warn
"""


class HostsRun(OdooCase):
    """Two Odoo servers, each with its own configuration, cron workers and port; one PostgreSQL."""

    settings = {
        "latency_ms": 150,
        "sent_ms": 300,
        "delivered_ms": 800,
        "read_ms": 1500,
        "batch": 10,
        "throughput": RATE,
    }
    setup = "hosts_setup.py"
    count = COUNT
    # One in ten shares a phone; numbers share the limit of people a day.
    people = len(NUMBERS) * (COUNT - COUNT // 10) - TOO_MANY
    setup_environ = {
        "DISCOM_HOSTS_NUMBERS": " ".join(NUMBERS),
        "DISCOM_HOSTS_RATE": str(RATE),
        "DISCOM_HOSTS_PEOPLE": str(people),
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for phone_number_id in NUMBERS[1:]:
            cls.simulator.add_number(phone_number_id)
        cls.simulator.settings(daily_limit=cls.people)

    def host(self, name, port):
        """Start a server with a configuration of its own, in which it has this name."""
        config = self.folder / f"{name}.conf"
        config.write_text(
            CONFIG.format(
                name=name,
                database=self.database,
                addons=self.folder / "addons",
                folder=self.folder,
                port=port,
                gevent_port=free_port(),
            )
        )
        return self.start_server("-c", config)

    def sending(self):
        """Names of the hosts that have just worked on messages, as PostgreSQL knows them."""
        return {
            name
            for [name] in self.query(
                "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = %s"
                " AND query LIKE '%%discom_whatsapp_message%%' AND pid <> pg_backend_pid()",
                [self.database],
            )
        }

    def query(self, statement, parameters=()):
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            rows = cursor.fetchall()
        connection.close()
        return rows

    def settled(self, states):
        """Whether every message is in one of ``states``; meanwhile Meta calls, as on any day.

        Without any call for a number nothing tells whether its messages in doubt would have been
        reported.
        """
        if set(self.states()) == states:
            return True
        for phone_number_id in NUMBERS:
            self.simulator.webhook(
                "messages", {"metadata": {"phone_number_id": phone_number_id}, "statuses": []}
            )
        # Time for the calls to be applied: while some wait, nothing in doubt is decided.
        time.sleep(15)
        return False

    def day_is_over(self):
        """Whether as many people were written to as may be, and nothing is under way."""
        [[people]] = self.query("SELECT count(*) FROM discom_whatsapp_recipient")
        return people == self.people and self.settled({"read", "queued"})

    def raise_limit(self):
        """Let as many people be written to as one likes, as after a day."""
        self.simulator.settings(daily_limit=0)
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute("UPDATE discom_whatsapp_account SET daily_limit = 0")
        connection.close()

    def accepted(self):
        return self.simulator.state()["accepted"]

    def test_one_host_dies(self):
        """Both hosts send at once under the limits; one is killed and the other finishes."""
        begun = time.monotonic()
        total = len(NUMBERS) * self.count
        doomed = self.host("host-a", free_port())
        self.host("host-b", self.port)
        seen = set()

        def both_and_some():
            seen.update(self.sending())
            return self.accepted() >= total // 3 and seen >= {"host-a", "host-b"}

        wait_for(both_and_some, 120, f"a third accepted by both, seen {seen}")
        accepted = self.accepted()
        self.kill(doomed)
        killed = self.states()
        self.assertLess(accepted, total * 0.9, "killed too late to prove anything")
        self.assertGreater(killed.get("in_flight", 0), 0, "nothing was in doubt")

        # The limit of people a day is shared by numbers and hosts; what is over it waits.
        wait_for(self.day_is_over, 400, f"settled, was {killed}")
        state = self.simulator.state()
        self.assertLessEqual(state["daily_recipients"], self.people)
        self.assertGreater(state["daily_recipients"], self.people * 0.8)
        self.assertEqual(state["accepted"], self.states()["read"], "nothing got lost on the way")

        self.raise_limit()
        wait_for(lambda: self.settled({"read"}), 400, "the rest is read the next day")
        self.assertEqual(self.states(), {"read": total})
        state = self.simulator.state(keys=True)
        self.assertEqual(state["keys"]["repeated"], {}, "nothing twice")
        self.assertEqual(state["accepted"], total)
        # A call that a busy machine delays may come one too many in its second: WhatsApp refuses it
        # and it goes a moment later. No other limit is met at all.
        refused = dict(state["refused"])
        self.assertLessEqual(refused.pop(TOO_FAST, 0), total / 200)
        self.assertEqual(refused, {})
        for number in state["numbers"].values():
            self.assertEqual(number["accepted"], self.count)
            self.assertLessEqual(number["max_1s"], RATE)
        print(
            f"{state['accepted']} messages of {len(NUMBERS)} numbers from two hosts, one killed"
            f" after {accepted} with {killed['in_flight']} under way,"
            f" at most {max(n['max_1s'] for n in state['numbers'].values())} a second of {RATE},"
            f" refused {state['refused']},"
            f" {time.monotonic() - begun:.0f} s"
        )
