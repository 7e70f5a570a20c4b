"""What the web client asks the server for when somebody opens a page, without a browser.

A :class:`Page` is one thing a person does: open a menu's list, choose a filter of it, search for a
word, group it, open a record, look at the pivot. It calls the methods the web client calls, with
the fields its views name, and so costs the server what a person's click costs.
"""

import datetime
import time
from dataclasses import dataclass, field

from lxml import etree

PAGE = 80
CARDS = 40
#: The web client asks how many there are up to this, and shows "10,000+" above it.
COUNT_LIMIT = 10_001
ROOT_MENU = "discom.menu_discom_root"
#: What people type into the search box: part of an account number, a name in either script.
WORDS = ("3012", "Sunita Devi", "सुनीता")


@dataclass
class Page:
    """One request of a person: ``run()`` answers it and returns what the client would get."""

    name: str
    kind: str
    model: str
    run: callable = field(repr=False)


class Client:
    """The pages below a menu as one user sees them.

    :param env: environment of the user
    """

    def __init__(self, env):
        self.env = env(context={"lang": env.user.lang, "tz": "Asia/Kolkata"})

    def pages(self, root=ROOT_MENU):
        """Yield every page below ``root``: lists with each filter and group, forms, reports."""
        menus = self.env["ir.ui.menu"].load_menus(False)
        todo = [self.env.ref(root).id]
        seen = set()
        while todo:
            menu = menus.get(todo.pop(0))
            if not menu:
                continue
            todo = [*menu["children"], *todo]
            if menu["action_model"] != "ir.actions.act_window" or menu["action_id"] in seen:
                continue
            seen.add(menu["action_id"])
            action = self.env["ir.actions.act_window"].browse(menu["action_id"])
            yield from self.action_pages(action.sudo()._get_action_dict(), menu["name"])

    def action_pages(self, action, title):
        """Yield the pages of one window action."""
        if action["res_model"] not in self.env or action["target"] == "new":
            return
        context = self._evaluate(action["context"] or "{}")
        model = self.env[action["res_model"]].with_context(**context)
        domain = self._evaluate(action["domain"] or "[]")
        kinds = [kind for _id, kind in action["views"]]
        search = [(action["search_view_id"] and action["search_view_id"][0], "search")]
        archs = {
            kind: etree.fromstring(view["arch"])
            for kind, view in model.get_views([*map(tuple, action["views"]), *search])[
                "views"
            ].items()
        }
        filters = {
            node.get("name"): node for node in archs["search"].iter("filter") if node.get("name")
        }
        chosen = [
            node
            for name, node in filters.items()
            if context.get(f"search_default_{name}") and not self._group_by(node)
        ]
        default = domain + self._chosen_domain(model, archs["search"], chosen)
        for name, value in context.items():
            name = name.removeprefix("search_default_")
            given = f"search_default_{name}" in context and name not in filters
            if name in model._fields and given and value:
                default.append((name, "=", value))
        grouped = [
            self._group_by(node)
            for name, node in filters.items()
            if self._group_by(node) and context.get(f"search_default_{name}")
        ]
        for kind in kinds:
            if kind in ("list", "kanban"):
                yield from self._list_pages(model, title, kind, archs[kind], default, grouped)
            elif kind == "form":
                yield from self._form_pages(model, title, archs[kind], default)
            elif kind in ("pivot", "graph"):
                yield self._pivot_page(model, title, kind, archs[kind], default)
        if kinds and kinds[0] in ("list", "kanban"):
            yield from self._search_pages(model, title, kinds[0], archs, domain, default, filters)

    # === WHAT THE VIEWS SAY === #

    def _evaluate(self, text):
        from odoo.tools.safe_eval import datetime as safe_datetime
        from odoo.tools.safe_eval import dateutil, safe_eval
        from odoo.tools.safe_eval import time as safe_time

        values = {
            "uid": self.env.uid,
            "active_id": False,
            "active_ids": [],
            "allowed_company_ids": self.env.companies.ids,
            "context_today": datetime.date.today,
            "datetime": safe_datetime,
            "relativedelta": dateutil.relativedelta.relativedelta,
            "time": safe_time,
            "current_date": str(datetime.date.today()),
            "self": WORDS[0],
        }
        return safe_eval(text, values) if isinstance(text, str) else text

    def _group_by(self, node):
        return self._evaluate(node.get("context") or "{}").get("group_by")

    def _filter_domain(self, model, node):
        if name := node.get("date"):
            first = datetime.date.today().replace(day=1)
            following = (first + datetime.timedelta(days=32)).replace(day=1)
            return ["&", (name, ">=", str(first)), (name, "<", str(following))]
        from odoo.fields import Domain

        return list(Domain(self._evaluate(node.get("domain") or "[]")))

    def _chosen_domain(self, model, search, chosen):
        """Domain of several filters: one or the other of a group between separators, all groups."""
        from odoo.fields import Domain

        groups, group = {}, 0
        for node in search.iter("filter", "separator", "group"):
            if node.tag != "filter":
                group += 1
            elif node in chosen:
                groups.setdefault(group, []).append(Domain(self._filter_domain(model, node)))
        return [part for each in groups.values() for part in Domain.OR(each)]

    def specification(self, model, arch):
        """What to read of each record: the fields named in the view, lines of x2many ones too."""
        spec = {}
        for node in arch.iter("field"):
            name = node.get("name")
            if name not in model._fields or self._inside_other(node, arch):
                continue
            found = model._fields[name]
            hidden = node.get("invisible") in ("1", "True")
            if found.type in ("one2many", "many2many"):
                spec[name] = {}
                if hidden:
                    continue
                other = self.env[found.comodel_name]
                sub = next((node.find(kind) for kind in ("list", "kanban") if len(node)), None)
                fields_ = (
                    self.specification(other, sub) if sub is not None else {"display_name": {}}
                )
                spec[name] = {"fields": fields_, "limit": CARDS}
            elif found.type in ("many2one", "reference"):
                spec[name] = {"fields": {} if hidden else {"display_name": {}}}
            else:
                spec[name] = {}
        return spec

    @staticmethod
    def _inside_other(node, arch):
        above = node.getparent()
        while above is not None and above is not arch:
            if above.tag in ("field", "groupby", "searchpanel"):
                return True
            above = above.getparent()
        return False

    # === PAGES === #

    def _list(self, model, kind, arch, domain):
        return model.web_search_read(
            domain,
            self.specification(model, arch),
            limit=PAGE if kind == "list" else CARDS,
            order=arch.get("default_order") or None,
            count_limit=COUNT_LIMIT,
        )

    def _groups(self, model, kind, arch, domain, group_by):
        sums = [
            f"{node.get('name')}:sum"
            for node in arch.iter("field")
            if node.get("sum")
            and node.get("name") in model._fields
            and model._fields[node.get("name")].store
        ]
        groups = group_by if isinstance(group_by, list) else [group_by]
        return model.web_read_group(
            domain,
            groups,
            sums,
            limit=PAGE,
            auto_unfold=kind == "kanban",
            unfold_read_specification=self.specification(model, arch),
        )

    def _list_pages(self, model, title, kind, arch, domain, grouped):
        grouped = grouped or [arch.get("default_group_by")]
        if grouped[0]:
            yield Page(
                title,
                kind,
                model._name,
                lambda: self._groups(model, kind, arch, domain, grouped[0]),
            )
        else:
            yield Page(title, kind, model._name, lambda: self._list(model, kind, arch, domain))

    def _search_pages(self, model, title, kind, archs, domain, default, filters):
        """Filters and words in place of what the menu has chosen; groups of what it has chosen."""
        arch, search = archs[kind], archs["search"]
        for name, node in filters.items():
            if group_by := self._group_by(node):
                yield Page(
                    f"{title}: by {name}",
                    "group",
                    model._name,
                    lambda group_by=group_by: self._groups(model, kind, arch, default, group_by),
                )
                continue
            yield Page(
                f"{title}: {name}",
                "filter",
                model._name,
                lambda node=node: self._list(
                    model, kind, arch, domain + self._filter_domain(model, node)
                ),
            )
        for node in search.iter("field"):
            if self._inside_other(node, search):
                continue
            for word in self._words(model, node):
                yield Page(
                    f"{title}: {node.get('name')} {word}",
                    "search",
                    model._name,
                    lambda node=node, word=word: self._list(
                        model, kind, arch, domain + self._search_domain(model, node, word)
                    ),
                )
        for panel in search.iter("searchpanel"):
            for node in panel.iter("field"):
                yield Page(
                    f"{title}: panel {node.get('name')}",
                    "panel",
                    model._name,
                    lambda node=node: self._panel(model, node, domain),
                )

    def _words(self, model, node):
        found = model._fields.get(node.get("name"))
        if found is None or found.type not in ("char", "text", "many2one"):
            return ()
        if found.type == "many2one" and found.comodel_name != "res.partner":
            # The client offers the values by name; the person chooses one.
            others = self.env[found.comodel_name]
            offered = self._evaluate(node.get("domain") or "[]")
            other = others.has_access("read") and others.search(offered, limit=1)
            return (other.id,) if other else ()
        return WORDS

    def _search_domain(self, model, node, word):
        name = node.get("name")
        if node.get("filter_domain") and isinstance(word, str):
            from odoo.tools.safe_eval import safe_eval

            return safe_eval(node.get("filter_domain"), {"self": word, "uid": self.env.uid})
        if isinstance(word, int):
            return [(name, node.get("operator") or "=", word)]
        return [(name, node.get("operator") or "ilike", word)]

    def _panel(self, model, node, domain):
        options = {
            "search_domain": domain,
            "category_domain": [],
            "filter_domain": [],
            "enable_counters": node.get("enable_counters") == "1",
            "expand": node.get("expand") == "1",
            "limit": int(node.get("limit") or 200) or None,
        }
        if node.get("select") == "multi":
            return model.search_panel_select_multi_range(node.get("name"), **options)
        return model.search_panel_select_range(
            node.get("name"), hierarchize=node.get("hierarchize") != "0", **options
        )

    def _form_pages(self, model, title, arch, domain):
        def one():
            # Opened from the list, which was paid for there.
            record = model.search(domain, limit=PAGE)[:1] or model.search([], limit=PAGE)[:1]
            return record.web_read(self.specification(model, arch))

        yield Page(title, "form", model._name, one)
        if arch.get("create") not in ("0", "false") and model.has_access("create"):
            yield Page(
                f"{title}: new",
                "form",
                model._name,
                lambda: model.onchange({}, [], self.specification(model, arch)),
            )

    def _pivot_page(self, model, title, kind, arch, domain):
        sides = {"row": [], "col": []}
        measures = []
        for node in arch.iter("field"):
            name, interval = node.get("name"), node.get("interval")
            if node.get("type") == "measure":
                found = model._fields[name]
                if found.store or found.aggregator:
                    measures.append(f"{name}:{found.aggregator or 'sum'}")
            elif not node.get("invisible"):
                sides["col" if node.get("type") == "col" else "row"].append(
                    f"{name}:{interval}" if interval else self._with_interval(model, name)
                )
        aggregates = [*measures, "__count"]
        rows, cols = sides["row"][:1], sides["col"][:1]
        sets = [[], rows, cols, [*rows, *cols]] if kind == "pivot" else [[*sides["row"], *cols]]
        unique = []
        for groups in sets:
            if groups not in unique:
                unique.append(groups)
        return Page(
            title,
            kind,
            model._name,
            lambda: model.formatted_read_grouping_sets(domain, unique, aggregates),
        )

    @staticmethod
    def _with_interval(model, name):
        return f"{name}:month" if model._fields[name].type in ("date", "datetime") else name


def opened(page, env):
    """Open ``page`` once as a request of its own: nothing of the records is cached.

    :return: seconds
    """
    env.cr.rollback()
    env.invalidate_all(flush=False)
    begun = time.perf_counter()
    page.run()
    return time.perf_counter() - begun
