"""`metrics`: what a monitoring system reads every few seconds, while messages leave."""

from ..registry import row
from ..result import Result, interleaved
from .control_room import seconds, today
from .pages import year

GOAL_SECONDS = 0.5
REPEATS = 15


@row("metrics", f"<={GOAL_SECONDS}s", 275_000, group="year")
def metrics(bench, size):
    """Seconds to make the text that a monitoring system reads, with a year of bills and their
    messages (33 and 50 lakh at full size) and those of today under way, four in ten of which wait;
    the yardstick is to count the messages. Without HTTP, and with the tables just vacuumed.
    """
    year(bench)
    with today(bench):
        steps = [lambda step=step: (seconds(bench, step),) for step in (_render, _count)]
        for step in steps:
            step()  # plans, and what is read from the disk
        [ours], [counting] = interleaved(REPEATS, *steps)
        with bench.env() as env:
            env.cr.execute(
                "SELECT count(*), count(*) FILTER (WHERE open_state = 'queued')"
                " FROM discom_whatsapp_message"
            )
            messages, waiting = env.cr.fetchone()
    result = Result(ours, counting, "s", more_is_better=False)
    result.also = {"messages": str(messages), "waiting": str(waiting)}
    result.met = ours <= GOAL_SECONDS
    return result


def _render(env):
    env["discom.metrics"]._render()


def _count(env):
    env.cr.execute("SELECT count(*) FROM discom_whatsapp_message")
