"""A worker that dies while it sends: nothing is lost and nobody gets a message twice."""

from .odoo_case import OdooCase, wait_for


class CrashTest(OdooCase):
    """Real Odoo processes, a real database and a real SIGKILL."""

    settings = {"latency_ms": 300, "sent_ms": 500, "delivered_ms": 1000, "read_ms": 1500}
    setup = "crash_setup.py"
    count = 200

    def test_killed_while_sending(self):
        self.assertEqual(self.states(), {"queued": self.count})
        server = self.start_server()
        # Odoo looks for work more than a minute after its start, and every minute from then on.
        wait_for(
            lambda: self.simulator.state()["accepted"] >= self.count // 4, 240, "a quarter accepted"
        )
        self.kill(server)
        accepted = self.simulator.state()["accepted"]
        states = self.states()
        self.assertLess(accepted, self.count, "killed too late to prove anything")
        self.assertGreater(states.get("in_flight", 0), 0, "nothing was in doubt")

        self.start_server()
        wait_for(
            lambda: set(self.states()) == {"read"}, 480, f"all read, were {states}, {accepted}"
        )
        counts = self.simulator.key_counts()
        self.assertEqual(len(counts), self.count)
        self.assertEqual(set(counts.values()), {1}, "each message exactly once")
