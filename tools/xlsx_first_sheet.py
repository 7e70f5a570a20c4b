"""The first sheet of a workbook: charts, then tables of formulas over the data sheets."""

from dataclasses import replace
from datetime import date

from xlsxwriter.utility import xl_rowcol_to_cell

from .xlsx_summary import (
    EPOCH,
    NUMBER_FORMATS,
    Top,
    criterion,
    literal,
    looks_like_number,
    number_width,
    plain,
    text_lines,
    text_width,
)

COLOURS = ("#1B7F5C", "#4FB286", "#A7D8C0", "#E6B34A", "#C8553D", "#8A8D91", "#C9CCD1", "#5B7DB1")
CHART_WIDTH, CHART_HEIGHT = 515, 234  # pixels; two stand side by side on a page
CHART_FONT = {"name": "Nirmala UI", "size": 9}
ROW_HEIGHT, ROW_PIXELS = 18, 24  # points; vowel signs above and below letters need more than Latin
LINE_HEIGHT, LINE_PIXELS = 15, 20  # of each more line of a text
PADDING = 2  # characters of a column that a text leaves empty
HEAD_HEIGHT, HEAD_MORE = 48, 40  # points of headings; by how many pixels they are higher than rows
CHART_ROWS = 1 + CHART_HEIGHT // ROW_PIXELS
PAGE_WIDTH, PAGE_HEIGHT = 1046, 665  # pixels within the margins of A4 across
MIN_WIDTH, MAX_WIDTH = 10, 42  # of a column, in characters


class Summary:
    """Writes the first sheet when all rows have passed."""

    def __init__(self, book):
        self.book, self.sheet, self.formats = book, book.summary, book.formats
        self.widths = {}
        self.charts = []
        self.more = 0  # pixels by which the rows of a table are higher than others

    def write(self):  # pylint: disable=method-required-super
        """Write charts and tables."""
        tallies = [(data, tally) for data in self.book.sheets for tally in data.tallies]
        drawn = [tally for _data, tally in tallies if getattr(tally.table, "chart", None)]
        self.chart_row = self.book.write_head(self.sheet) + 1
        self.row = self.chart_row + (len(drawn) + 1) // 2 * (CHART_ROWS + 1)
        # Said for each row: an empty one is lower in LibreOffice.
        for row in range(self.chart_row, self.row):
            self.sheet.set_row(row, ROW_HEIGHT)
        starts = range(self.chart_row, self.row, CHART_ROWS + 1)
        blocks = [(row, row + CHART_ROWS, 0) for row in starts]
        for data, tally in tallies:
            begin, self.more = self.row, HEAD_MORE
            if isinstance(tally.table, Top):
                self._write_top(data, tally)
            else:
                self._write_table(data, tally)
            blocks.append((begin, self.row - 1, self.more))
        width = 0
        for column in range(max(self.widths, default=0) + 1):
            letters = min(max(self.widths.get(column, 0) + PADDING, MIN_WIDTH), MAX_WIDTH)
            self.sheet.set_column(column, column, letters, self.formats["plain"])
            width += 7 * letters + 5
        self._break_pages(blocks, max(width, 2 * CHART_WIDTH))
        for place, chart in enumerate(self.charts):
            self._draw(place, *chart)

    def _break_pages(self, blocks, width):
        """Keep charts and tables on one page, where a page holds them.

        :param blocks: [(first row, row after it, pixels more)] of each, from top to bottom
        :param width: of the sheet in pixels
        """
        page = PAGE_HEIGHT * max(1, width / PAGE_WIDTH)
        top, breaks, more = 0, [], 0
        for begin, end, extra in blocks:
            first = begin * ROW_PIXELS + more
            height = (end - begin) * ROW_PIXELS + extra
            # Of a table that is longer than a page some rows follow its heading.
            if first + (height if height <= page else page / 3) > top + page:
                breaks.append(begin)
                top = first
            while first + height > top + page:
                top += page
            more += extra
        self.sheet.set_h_pagebreaks([row for row in breaks if row])

    def _write_heads(self, title, headers):
        self.sheet.write_string(self.row, 0, title, self.formats["heading"])
        self.sheet.set_row(self.row + 1, HEAD_HEIGHT)
        for column, text in enumerate(headers):
            self.sheet.write_string(self.row + 1, column, text, self.formats["head"])
            self._widen(column, max(text.split(" "), key=text_width, default=""))
        self.row += 2

    def _write_table(self, data, tally):
        groups, total = tally.results()
        table = tally.table
        if table.sparse:
            kept = [place for place, value in enumerate(total) if value]
            if not kept:
                return
            table = replace(table, measures=tuple(table.measures[place] for place in kept))
            total = [total[place] for place in kept]
            groups = {key: [values[place] for place in kept] for key, values in groups.items()}
        self._write_heads(table.title, [*table.headers, *(m.header for m in table.measures)])
        head, first, size = self.row - 1, self.row, len(table.keys)
        shown = list(groups.items())[: table.limit]
        for key, values in shown:
            for column, text in enumerate(key):
                self._text(column, text, data.columns[table.keys[column]].kind)
            for place, (measure, value) in enumerate(zip(table.measures, values, strict=True)):
                formula = self._formula(data, table, measure, key)
                self._number(size + place, formula, self._kind(data, measure), value)
            self.row += 1
        last = self.row - 1
        if len(groups) > len(shown):
            self._write_others(data, table, [values for _key, values in shown], total)
        self._text(0, self.book.texts["total"], "total text")
        for column in range(1, size):
            self.sheet.write_blank(self.row, column, None, self.formats["total text"])
        for place, (measure, value) in enumerate(zip(table.measures, total, strict=True)):
            formula = self._formula(data, table, measure, None)
            self._number(size + place, formula, self._kind(data, measure), value, total=True)
        self.row += 2
        if table.chart and shown:
            last = min(last, first + table.chart.limit - 1)
            # What is nothing everywhere needs no place in the legend.
            drawn = [place for place in table.chart.measures if total[place]]
            days = isinstance(shown[0][0][0], date)
            measures = drawn or table.chart.measures
            self.charts.append((table, head, first, last, measures, days))

    def _write_others(self, data, table, shown, total):
        """What the rows above leave of the whole."""
        first = self.row - len(shown)
        size = len(table.keys)
        self._text(0, self.book.texts["others"])
        for column in range(1, size):
            self.sheet.write_blank(self.row, column, None, self.formats["text"])
        rest = []
        for place, measure in enumerate(table.measures):
            if measure.share:
                above, below = measure.share
                rest.append(sum(rest[i] for i in above) / rest[below] if rest[below] else 0)
                formula = self._quotient(table, measure)
            else:
                rest.append(total[place] - sum(values[place] for values in shown))
                whole = xl_rowcol_to_cell(self.row + 1, size + place)
                begin = xl_rowcol_to_cell(first, size + place)
                end = xl_rowcol_to_cell(self.row - 1, size + place)
                formula = f"={whole}-SUM({begin}:{end})"
            self._number(size + place, formula, self._kind(data, measure), rest[place])
        self.row += 1

    def _write_top(self, data, tally):
        table = tally.table
        columns = [data.columns[index] for index in table.columns]
        self._write_heads(table.title, [column.header for column in columns])
        for place, values in enumerate(tally.rows):
            for number, (index, column) in enumerate(zip(table.columns, columns, strict=True)):
                value = values[number]
                if column.kind == "text":
                    formula = f'={data.cell(place, index)}&""'
                    value = plain(value or "")
                    style = self.formats[self._make_room(value)]
                    self.sheet.write_formula(self.row, number, formula, style, value)
                    self._widen(number, value)
                elif value is None:
                    self.sheet.write_blank(self.row, number, None, self.formats["text"])
                elif column.kind in ("date", "month"):
                    formula, value = f"={data.cell(place, index)}", value.toordinal() - EPOCH
                    style = self.formats[column.kind]
                    self.sheet.write_formula(self.row, number, formula, style, value)
                else:
                    self._number(number, f"={data.cell(place, index)}", column.kind, value)
            self.row += 1
        self.row += 1

    def _formula(self, data, table, measure, key):
        """The formula of a measure for the group ``key``, or for all rows."""
        if measure.share:
            return self._quotient(table, measure)
        wanted = list(measure.where)
        if key is not None:
            wanted = [*zip(table.keys, key, strict=True), *wanted]
        cells = None if measure.summed is None else data.cells(measure.summed)
        criteria = ",".join(f"{data.cells(index)},{criterion(text)}" for index, text in wanted)
        if not wanted:
            rows = f"ROWS({data.cells(table.keys[0])})" if data.rows else "0"
            formula = f"SUM({cells})" if cells else rows
        elif any(map(looks_like_number, (text for _index, text in wanted))):
            # COUNTIFS would take 0041 for the number 41.
            same = "*".join(f"({data.cells(index)}={literal(text)})" for index, text in wanted)
            formula = f"SUMPRODUCT({same}*1,{cells})" if cells else f"SUMPRODUCT({same}*1)"
        else:
            formula = f"SUMIFS({cells},{criteria})" if cells else f"COUNTIFS({criteria})"
        return f"={formula}/{measure.divided}" if measure.divided != 1 else f"={formula}"

    def _quotient(self, table, measure):
        above, below = measure.share
        size = len(table.keys)
        total = "+".join(xl_rowcol_to_cell(self.row, size + index) for index in above)
        whole = xl_rowcol_to_cell(self.row, size + below)
        return f"=IF({whole}=0,0,({total})/{whole})"

    def _kind(self, data, measure):
        if measure.kind:
            return measure.kind
        if measure.share:
            return "percent"
        return "integer" if measure.summed is None else data.columns[measure.summed].kind

    def _text(self, column, text, style="text"):
        if isinstance(text, date):
            self.sheet.write_number(self.row, column, text.toordinal() - EPOCH, self.formats[style])
            return
        if style == "text":
            style = self._make_room(text)
        self.sheet.write_string(self.row, column, text, self.formats[style])
        self._widen(column, text)

    def _make_room(self, text):
        """Make the row as high as a text needs that is wider than a column gets; return the format
        of its cell."""
        lines = text_lines(text, MAX_WIDTH - PADDING)
        if lines == 1:
            return "text"
        self.sheet.set_row(self.row, ROW_HEIGHT + LINE_HEIGHT * (lines - 1))
        self.more += LINE_PIXELS * (lines - 1)
        return "lines"

    def _number(self, column, formula, kind, value, total=False):
        style = self.book.style(kind, value, total)
        self.sheet.write_formula(self.row, column, formula, style, value)
        self.widths[column] = max(self.widths.get(column, 0), number_width(value, kind))

    def _widen(self, column, text):
        self.widths[column] = max(self.widths.get(column, 0), text_width(text))

    def _draw(self, place, table, head, first, last, drawn, days):
        name, size = self.sheet.get_name(), len(table.keys)
        kind, key = table.chart.kind, table.chart.key
        named = (0, size - 1) if key is None else (key, key)
        stacked = {"type": "column", "subtype": "stacked"}
        chart = self.book.book.add_chart(stacked if kind == "stacked" else {"type": kind})
        for number, index in enumerate(drawn):
            colour = {"color": COLOURS[number % len(COLOURS)]}
            style = {"fill": colour, "gap": 60}
            if kind == "line":
                style = {"line": {**colour, "width": 2}}
            elif kind == "pie":
                style = {
                    "points": [{"fill": {"color": colour}} for colour in COLOURS],
                    "data_labels": {"percentage": True},
                }
            chart.add_series(
                {
                    "name": [name, head, size + index],
                    "categories": [name, first, named[0], last, named[1]],
                    "values": [name, first, size + index, last, size + index],
                    **style,
                }
            )
        title = table.title
        if len(drawn) == 1:
            title = f"{title}: {table.measures[drawn[0]].header}"
        chart.set_title({"name": title, "name_font": {**CHART_FONT, "size": 11}, "overlay": False})
        measure = table.measures[drawn[0]]
        percent = measure.share and not measure.kind
        number_format = "0%" if percent else NUMBER_FORMATS["integer"]
        numbers = {
            "num_font": CHART_FONT,
            "num_format": number_format,
            "major_gridlines": {"visible": True, "line": {"color": "#E1E4E7"}},
        }
        if percent:
            numbers["min"] = 0
        # Days without anything are left out.
        names = {"num_font": CHART_FONT, "reverse": kind == "bar", "text_axis": True}
        if days:
            # Upright they would be broken after the stroke.
            names.update(num_format="dd/mm", num_font={**CHART_FONT, "rotation": -45})
        if kind == "bar":
            names["interval_unit"] = 1  # else names are left out where bars are narrow
        # Of a bar chart the axis of the groups is the upright one.
        chart.set_x_axis(numbers if kind == "bar" else names)
        chart.set_y_axis(names if kind == "bar" else numbers)
        if len(drawn) > 1 or kind == "pie":
            chart.set_legend({"position": "bottom", "font": CHART_FONT})
        else:
            chart.set_legend({"none": True})
        chart.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
        row = self.chart_row + place // 2 * (CHART_ROWS + 1)
        offset = place % 2 * (CHART_WIDTH + 10)
        # A little lower, so that no border lies on a page's end.
        place = {"object_position": 3, "x_offset": offset, "y_offset": 3}
        self.sheet.insert_chart(row, 0, chart, place)
