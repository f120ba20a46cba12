"""Commands of the centre: signed, for this agent alone, once, before they expire; and always answered.

`desk.py` decides whether a command counts, the other modules carry it out by subject. What changes tables runs in one
transaction with the fact that says so; what another service must do is a request, answered when that service has.
"""
