"""Command line of the generator: ``python -m dev.generate --help``."""

import argparse
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from . import bills, consumers, files, kyc, network

# The month of the last bill is fixed, so that the same seed gives the same files on any day.
DEFAULT_UNTIL = "2026-11"


class Monthly:
    """A table of which each month has a file of its own, ``name_YYYY-MM.csv``.

    :param table: makes a file by name and columns
    :param month: finds the month in a row
    """

    def __init__(self, table, name, columns, months, month):
        self.files = {text: table(f"{name}_{text}", columns) for text in months}
        self.month = month

    def write_all(self, rows):
        """Write each row into the file of its month."""
        for row in rows:
            self.files[self.month(row)].write(row)


def generate(
    folder,
    size,
    seed=1,
    months=1,
    until=DEFAULT_UNTIL,
    kyc_share=kyc.SHARE,
    xlsx=False,
    monthly=False,
):
    """Write all files into ``folder``.

    :param size: number of consumers
    :param months: how many months are billed
    :param until: last month billed, ``YYYY-MM``
    :param kyc_share: share of the consumers with a KYC row
    :param xlsx: write each file as an Excel workbook too
    :param monthly: bills and payments of each month in files of their own
    :return: {name of the file: rows}
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    last = date.fromisoformat(f"{until}-01")
    tables = []
    with ExitStack() as stack:

        def table(name, columns):
            tables.append(stack.enter_context(files.CsvFile(folder, name, columns)))
            return tables[-1]

        def of_months(name, columns, month):
            if not monthly:
                return table(name, columns)
            billed = [period.text for period in bills.periods(last, months)]
            return Monthly(table, name, columns, billed, month)

        offices = table("offices", network.Office._fields)
        assets = table("assets", network.Asset._fields)
        masters = table("consumers", consumers.COLUMNS)
        drive_file = table("kyc", kyc.COLUMNS)
        period = bills.BILL_COLUMNS.index("period")
        bill_file = of_months("bills", bills.BILL_COLUMNS, lambda row: row[period])
        # A bill is paid in the month it is made out, or not at all.
        day = bills.PAYMENT_COLUMNS.index("date")
        payments = of_months("payments", bills.PAYMENT_COLUMNS, lambda row: row[day][:7])

        offices.write_all(list(network.offices(seed)))

        def transformers():
            for asset, transformer in network.assets(size, seed):
                assets.write(asset)
                if transformer:
                    yield transformer

        biller = bills.Biller(seed, last, months)
        # KYC was taken until the day before the first bills of the last month.
        drive = kyc.Drive(seed, last + timedelta(days=1), kyc_share)
        for consumer in consumers.consumers(transformers(), seed, last):
            masters.write(consumer.row)
            if row := drive.row(consumer):
                drive_file.write(row)
            billed, paid = biller.bills_of(consumer)
            bill_file.write_all(billed)
            payments.write_all(paid)
    if xlsx:
        for one in tables:
            files.to_xlsx(one.path)
    return {one.path.name: one.rows for one in tables}


def _whole(least):
    def parse(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{text} is below {least}")
        return number

    return parse


def _share(text):
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def _month(text):
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no month; write it as 2026-11") from None
    return text


def main(argv=None):
    """Parse ``argv``, write the files and print what was written."""
    parser = argparse.ArgumentParser(prog="python -m dev.generate", description=__doc__)
    parser.add_argument("--size", type=_whole(1), default=275_000, help="consumers (%(default)s)")
    parser.add_argument(
        "--seed", type=_whole(0), default=1, help="the same seed gives the same files (%(default)s)"
    )
    parser.add_argument("--months", type=_whole(1), default=1, help="months of bills (%(default)s)")
    parser.add_argument(
        "--until", type=_month, default=DEFAULT_UNTIL, help="last month billed (%(default)s)"
    )
    parser.add_argument(
        "--kyc-share", type=_share, default=kyc.SHARE, help="share with KYC (%(default)s)"
    )
    parser.add_argument(
        "--xlsx", action="store_true", help="write Excel workbooks beside the CSV files"
    )
    parser.add_argument(
        "--monthly", action="store_true", help="bills and payments in a file for each month"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    options = parser.parse_args(argv)
    begun = time.perf_counter()
    counts = generate(
        options.out,
        options.size,
        seed=options.seed,
        months=options.months,
        until=options.until,
        kyc_share=options.kyc_share,
        xlsx=options.xlsx,
        monthly=options.monthly,
    )
    for name, rows in counts.items():
        print(f"{options.out / name}: {rows} rows")
    print(f"{time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
