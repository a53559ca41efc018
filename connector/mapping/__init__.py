"""Mapping files: the language in which marketing operations says what CRM data means and what programs do.

Turns a folder of YAML files into `connector.domain.book.Definitions`, or into a report of everything that is wrong
with them. Knows no store, no CRM and no lead. Nothing is imported here: `connector.mapping.load` is the way in, and
brings pydantic, ruamel.yaml and Jinja2 with it.
"""
