"""Starts Odoo as its own `odoo-bin` does.

With workers, Odoo starts its gevent process by the file that it was started by itself; after
``python -m odoo`` that process fails and is started again without end.
"""

import importlib
import sys

if __name__ == "__main__":
    # Python puts this file's folder there; nothing in it is for Odoo.
    sys.path.pop(0)
    importlib.import_module("odoo.cli").main()
