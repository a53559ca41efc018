"""The schema of an outbound message on leads, from the description of its service where that is at hand."""

from __future__ import annotations

import os
from pathlib import Path

from lxml import etree

_ROOT = Path(__file__).parents[4]
_FOLDER = Path(os.environ.get("COLTIVA_SPECS", _ROOT.parent / "shared" / "specs")) / "salesforce"
_FILE = _FOLDER / "outbound_message_shape.wsdl"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
MESSAGE_NAMESPACE = "http://soap.sforce.com/2005/09/outbound"


def is_at_hand() -> bool:
    """Whether messages can be judged."""
    return _FILE.is_file()


def problems(content: bytes, folder: Path) -> list[str]:
    """What is wrong with the first element of a SOAP body; `folder` takes the schema's parts."""
    body = etree.fromstring(content).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    schema = _schema(folder)
    schema.validate(etree.fromstring(etree.tostring(body[0])))
    return [str(error) for error in schema.error_log]


def _schema(folder: Path) -> etree.XMLSchema:
    parts = {part.get("targetNamespace"): part for part in etree.parse(_FILE).iter(f"{_XSD}schema")}
    files = {namespace: folder / f"part{number}.xsd" for number, namespace in enumerate(parts)}
    for namespace, part in parts.items():
        for imported in part.iter(f"{_XSD}import"):
            imported.set("schemaLocation", files[imported.get("namespace")].name)
        files[namespace].write_bytes(etree.tostring(part))
    return etree.XMLSchema(etree.parse(files[MESSAGE_NAMESPACE]))
