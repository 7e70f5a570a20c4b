"""`pages`: opening every list, form and report, and what PostgreSQL reads for it.
`year_two`: the same pages when a year of bills and messages has gathered.
"""

import time
from dataclasses import dataclass
from statistics import median

from .. import fill, messaging, plans, process
from ..client import Client, opened
from ..registry import row
from ..result import Result, written
from ..workbench import STATE, Unavailable, Workbench

#: What a person does not yet call slow, for the slowest page.
SECONDS = 1.0
TIMES = 3
#: How much slower a page may be with a year of data, and below which it is no matter.
SLOWER, UNNOTICED = 1.2, 0.2
MONTHS = 12
MANAGER = "bench_manager"
#: Pages that sum up all that was asked for, and so read all of it.
SUMS = "group", "panel", "pivot", "graph"


@dataclass
class Opened:
    """A page that was opened: median seconds, MiB it added to the peak, and scans too large."""

    name: str
    seconds: float
    memory: float
    queries: int
    scans: list
    error: str = ""
    sums: bool = False


def manager(env):
    """The division manager of the largest office below a circle, who opens the pages."""
    users = env["res.users"]
    found = users.search([("login", "=", MANAGER)])
    if found:
        return found
    env.cr.execute(
        """
        SELECT office.id FROM discom_office office
          JOIN discom_office below ON starts_with(below.parent_path, office.parent_path)
          JOIN res_partner partner ON partner.discom_office_id = below.id
         WHERE office.level = 'division'
         GROUP BY office.id ORDER BY count(*) DESC LIMIT 1
        """
    )
    offices = [office for [office] in env.cr.fetchall()]
    return users.create(
        {
            "name": "Bench Manager",
            "login": MANAGER,
            "lang": "hi_IN",
            "group_ids": [(6, 0, [env.ref("discom.group_division_manager").id])],
            "discom_office_ids": [(6, 0, offices)],
        }
    )


def open_all(bench, user, times=TIMES, explain=True):
    """Open all pages as ``user``; return a list of :class:`Opened`.

    :param explain: also ask PostgreSQL what it reads for them
    """
    from odoo import api

    results = []
    with bench.registry.cursor() as cr:
        big = {name for name, rows in plans.sizes(cr).items() if rows >= plans.BIG}
        env = api.Environment(cr, user, {})
        for page in Client(env).pages():
            try:
                opened(page, env)  # fills the caches of views and access rights
            except Exception as error:  # a page that fails is a result
                results.append(Opened(_name(page), 0, 0, 0, [], f"{type(error).__name__}: {error}"))
                cr.rollback()
                continue
            process.forget_peak()
            before = process.memory()
            seconds = median(opened(page, env) for _time in range(times))
            memory = process.peak_memory() - before
            with plans.recorded(cr) as statements:
                opened(page, env)
            found = []
            if explain:
                for statement in dict.fromkeys(statements):
                    found += [(scan, statement) for scan in plans.wasteful(cr, statement, big)]
            results.append(
                Opened(
                    _name(page),
                    seconds,
                    memory,
                    len(statements),
                    found,
                    sums=page.kind in SUMS,
                )
            )
    return results


def _name(page):
    return f"{page.model} {page.kind} {page.name}"


def report(bench, name, results):
    """Write all pages, the slowest first, beside the files of the bench; return the path."""
    path = STATE / "bench" / f"{name}_{bench.consumers}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for one in sorted(results, key=lambda one: -one.seconds):
        lines.append(
            f"{one.seconds:7.3f} s {one.memory:6.1f} MiB {one.queries:4} queries  {one.name}"
            f"{'  ' + one.error if one.error else ''}"
        )
        for scan, statement in one.scans:
            how = f"{scan.node} {scan.index} {scan.filter}"
            lines.append(f"        {scan.rows} rows of {scan.table} by {how}")
            lines.append(f"            {' '.join(statement.split())[:1500]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _own_contacts(bench, user):
    """Seconds of a page of Odoo's own list of contacts, on the same rows."""
    from odoo import api

    with bench.registry.cursor() as cr:
        env = api.Environment(cr, user, {})
        client = Client(env)
        action = env.ref("base.action_partner_form").sudo()._get_action_dict()
        action["views"] = [view for view in action["views"] if view[1] == "list"]
        page = next(client.action_pages(action, "Contacts"))
        opened(page, env)
        return median(opened(page, env) for _time in range(TIMES))


def year(bench, months=MONTHS):
    """Fill the database with months of bills and messages, where they are missing.

    :return: id of the manager
    """
    bench.seed("payment")
    with bench.env() as env:
        account = messaging.account(bench, env)
        user = manager(env).id
        env.cr.commit()
        begun = time.perf_counter()
        added = fill.months(env, account, months)
        bench.report(f"Filled {added} in {time.perf_counter() - begun:.0f} s")
    return user


@row("pages", f"slowest<={SECONDS}s,no_scan", 275_000, group="year")
def pages(bench, size):
    """Median seconds of a page over all pages of the menus, as the manager of the larger division
    sees them, with a year of bills and messages; the yardstick is Odoo's own list of contacts on
    the same rows.

    A scan counts that reads more than 25,000 rows of a table with a lakh or more for a page of
    records; groups, pivots and graphs sum up all that was asked for, and are held by time alone.
    """
    user = year(bench)
    results = open_all(bench, user)
    broken = [one for one in results if one.error]
    if broken:
        raise Unavailable(f"{broken[0].name}: {broken[0].error}")
    path = report(bench, "pages", results)
    bench.report(f"All pages are in {path}")
    slowest = max(results, key=lambda one: one.seconds)
    heaviest = max(results, key=lambda one: one.memory)
    scanning = [one for one in results if one.scans and not one.sums]
    summing = [one for one in results if one.scans and one.sums]
    result = Result(
        median(one.seconds for one in results),
        _own_contacts(bench, user),
        "s",
        more_is_better=False,
    )
    result.also = {
        "pages": str(len(results)),
        "slowest": f"{written(slowest.seconds, 's')} ({slowest.name})",
        "memory": f"+{heaviest.memory:.0f}MiB",
        "above_1s": str(sum(one.seconds > SECONDS for one in results)),
        "scanning": f"{len(scanning)} lists and {len(summing)} sums",
    }
    result.met = slowest.seconds <= SECONDS and not scanning
    return result


@row("year_two", f"<={SLOWER}x_first_month", 27_500, group="year")
def year_two(bench, size):
    """Seconds to open all pages with twelve months of bills and messages; the yardstick is the same
    with those of one month, in a database of its own. A page that gets slower but stays below 0.2 s
    is not held against it.
    """
    month = Workbench(bench.consumers, bench.keep, bench.report, group="month")
    try:
        # Before the first message: those of the newest month are the last to come, as in life.
        month.seed("payment")
        bench.start_from(month)
        user = year(month, months=1)
        later_user = year(bench)
        first = {one.name: one for one in open_all(month, user, explain=False)}
        later = {one.name: one for one in open_all(bench, later_user, explain=False)}
    finally:
        month.close()
    names = first.keys() & later.keys()
    slower = {
        name: later[name].seconds / first[name].seconds
        for name in names
        if later[name].seconds > max(UNNOTICED, SLOWER * first[name].seconds)
    }
    result = Result(
        sum(later[name].seconds for name in names),
        sum(first[name].seconds for name in names),
        "s",
        more_is_better=False,
    )
    bench.report(f"All pages are in {report(bench, 'year_two', list(later.values()))}")
    worst = max(slower, key=slower.get, default="")
    result.also = {"pages": str(len(names)), "slower": str(len(slower))}
    if worst:
        result.also["worst"] = f"{slower[worst]:.1f}x ({worst})"
    result.met = result.ours <= SLOWER * result.yardstick and not slower
    return result
