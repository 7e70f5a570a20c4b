# Teaches num2words, and with it Odoo's own amounts in words, Hindi.
from . import words
