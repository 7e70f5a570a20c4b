"""Bootstrap of a development machine: Odoo 19, PostgreSQL, the demo, the tests and the linters.

Runs under the system's Python (3.11 to 3.13) with the standard library alone, because it is what
builds the virtual environment that everything else lives in. ``python3 -m dev.stack --help``.
"""
