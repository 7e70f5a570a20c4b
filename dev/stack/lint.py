"""`make lint`: ruff, pylint-odoo, bandit, pip-audit, OCA; `sudo()`, XML, translations, texts."""

import ast
import os
import re
from pathlib import Path
from xml.etree import ElementTree

from . import advisories, system, venv
from .console import StackError, say, step
from .paths import CHECKOUT, MODULE, STATE, prepare_state
from .process import run
from .stack import python_env

OWN_FOLDERS = {".git", ".discom", "node_modules", "__pycache__"}
# The checks read the module's name off its folder; a README.md is as good on the web.
OCA_OPTIONS = (STATE / "addons" / MODULE, "--disable=prefer-readme-rst")
BANDIT_OPTIONS = ("--quiet", "--configfile=pyproject.toml", "--recursive", ".")
NAMING_TESTS = ("docs/FEATURES.md", "SECURITY.md")
RUNNING_CODE = ("controllers", "models", "wizards", "reports", "hooks.py")


def main():
    """Run every check, show what each complains about; return the exit status."""
    prepare_state()
    system.ensure(system.VENV)
    python = venv.ensure()
    checks = (
        ("ruff check", lambda: _tool(python, "ruff", "check", "--output-format=concise", ".")),
        ("ruff format", lambda: _tool(python, "ruff", "format", "--check", "--diff", ".")),
        ("pylint-odoo", lambda: _tool(python, "pylint", ".")),
        ("bandit", lambda: _tool(python, "bandit", *BANDIT_OPTIONS)),
        ("pip-audit", lambda: advisories.check(python)),
        ("OCA module checks", lambda: _tool(python, "oca_pre_commit_hooks.cli", *OCA_OPTIONS)),
        ("reasons of sudo()", check_sudo),
        ("XML files", check_xml),
        ("translations", lambda: _tool(python, "dev.stack.translations")),
        ("manual", lambda: _tool(python, "dev.stack.manual")),
        ("tests named in the documents", check_features),
    )
    complaints = 0
    for title, check in checks:
        try:
            with step(title) as current:
                current.note = check() or ""
        except StackError as error:
            complaints += 1
            say(error.problem)
    say("lint: " + (f"{complaints} of {len(checks)} checks failed" if complaints else "clean"))
    return 1 if complaints else 0


def _tool(python, module, *arguments):
    run(
        [python, "-m", module, *arguments],
        cwd=CHECKOUT,
        env=python_env(python, os.environ),
        problem=f"{module} has complaints:",
    )


def xml_files():
    """Yield the XML files of the checkout."""
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = sorted(set(folders) - OWN_FOLDERS)
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(".xml"))


def check_xml():
    """See that XML files are well-formed and name no `tree` view, which Odoo 19 calls `list`.

    Odoo refuses the element by itself; in `view_mode` it is accepted and breaks in the browser.

    :raise StackError: with one line for each finding
    """
    findings = []
    for path in xml_files():
        name = os.path.relpath(path, CHECKOUT)
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            findings.append(f"{name}: {error}")
            continue
        for element in root.iter():
            if element.tag == "tree":
                findings.append(f"{name}: <tree> is <list> in Odoo 19")
            if element.tag == "field" and element.get("name") == "view_mode":
                if re.search(r"\btree\b", element.text or ""):
                    findings.append(f"{name}: view_mode {element.text!r}: `tree` is `list`")
    if findings:
        raise StackError("\n".join(findings))


def check_sudo():
    """See that each ``sudo()`` has its reason beside it, in its paragraph or on its line.

    :raise StackError: with one line for each that has none
    """
    findings = []
    for name in RUNNING_CODE:
        path = CHECKOUT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            findings += [
                f"{file.relative_to(CHECKOUT)}:{line}: say in a comment why sudo() is right here"
                for line in unreasoned_sudo(file.read_text())
            ]
    if findings:
        raise StackError("\n".join(findings))


def unreasoned_sudo(text):
    """Return the lines of Python source on which ``sudo()`` stands without a comment near it.

    Near is the statement itself and what stands above it without an empty line between.
    """
    lines = text.splitlines()
    tree = ast.parse(text)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Attribute)
            or node.func.attr != "sudo"
            or node.args
        ):
            continue
        statement = node
        while not isinstance(statement, ast.stmt):
            statement = parents[statement]
        top = statement.lineno - 1
        while top and lines[top - 1].strip():
            top -= 1
        if not any(re.search(r"(^|\s)#", line) for line in lines[top : node.end_lineno + 1]):
            found.append(node.lineno)
    return sorted(found)


def check_features():
    """See that each test that the documents name as ``file.py::test_name`` exists.

    :raise StackError: with one line for each that does not, or when none is named
    """
    findings = []
    for document in filter(Path.is_file, (CHECKOUT / name for name in NAMING_TESTS)):
        title = document.relative_to(CHECKOUT)
        named = re.findall(r"`([\w/.]+\.py)::(\w+)`", document.read_text())
        if not named:
            findings.append(f"{title} names no test.")
        for name, test in dict.fromkeys(named):
            path = CHECKOUT / name
            if not path.is_file() or not re.search(rf"^ +def {test}\(", path.read_text(), re.M):
                findings.append(f"{title}: there is no {name}::{test}")
    if findings:
        raise StackError("\n".join(findings))
