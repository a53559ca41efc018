"""Values as the Bulk API writes and reads them in CSV. Salesforce: Bulk API 2.0, "Prepare CSV Files"."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connector.sandbox.salesforce.fields import NUMBERS, Field, FieldType
from connector.sandbox.salesforce.outbound_xml import to_soap_text

#: What empties a field; an empty cell leaves it as it is.
NOTHING = "#N/A"
DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def write_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], *, delimiter: str, line_ending: str) -> bytes:
    """A file with every value in quotes."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_ending, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([to_cell(value) for value in row] for row in rows)
    return file.getvalue().encode()


def read_csv(content: bytes, *, delimiter: str) -> tuple[list[str], Iterator[dict[str, str]]]:
    """The columns of a file and its rows. Raises UnicodeDecodeError or csv.Error."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
    return list(reader.fieldnames or ()), iter(reader)


def to_cell(value: Any) -> str:
    """A stored value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return to_soap_text(value)


def from_cell(field: Field, cell: str) -> Any:
    """A cell as the JSON value that it means; what cannot be read stays text, and is refused as such."""
    if cell == NOTHING:
        return None
    if field.type == FieldType.BOOLEAN:
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.lower(), cell)
    if field.type in NUMBERS:
        try:
            return int(cell) if field.type == FieldType.INT else float(cell)
        except ValueError:
            return cell
    return cell
