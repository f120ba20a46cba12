"""Frozen values of the field: no I/O, standard library only.

Instants are aware `datetime`s, spans and windows are closed at both ends unless a name says otherwise, and every
id is an opaque string; nothing here names a person except `people`, which never enters a fact.
"""
