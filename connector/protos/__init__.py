"""Definitions of vendors' wires, as the vendors publish them, and what is generated from them.

`pubsub_api.proto` is Salesforce's, from https://github.com/forcedotcom/pub-sub-api, unchanged, under CC0 1.0. Its
module is generated with grpcio-tools 1.85 and never edited:

    python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. pubsub_api.proto

Whoever calls a vendor and whoever plays one in a rehearsal both read it.
"""

from __future__ import annotations
