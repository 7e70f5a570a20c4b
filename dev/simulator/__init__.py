"""Stand-in for Meta's WhatsApp Cloud API; see README.md. Imports nothing of Odoo."""
