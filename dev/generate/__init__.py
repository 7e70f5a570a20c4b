"""Writes the files that a billing system hands over, for invented consumers of a real place.

``python -m dev.generate --size 275000 --seed 1 --months 1 --out DIR`` writes ``offices.csv``,
``assets.csv``, ``consumers.csv``, ``kyc.csv``, ``bills.csv`` and ``payments.csv``. The same
arguments give the same bytes. Places, organisation and tariff follow public pages on Uttar Pradesh;
every person, phone, account and amount is invented.
"""
