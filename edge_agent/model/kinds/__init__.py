"""The payloads of facts, a module a subject. `model/fact.py` makes the catalogue of them.

A payload is a frozen dataclass of plain values; its `KIND` is its name on the wire. Fields may be added with a
default, never renamed or removed: the centre keeps facts for years. Ids of trainees are opaque; no name, no resident
id and no face stands in a payload.
"""
