"""Signing in and out: a recognised face or a hand to an outcome, once, and on the record before anybody hears of it.

Invariants, each with a test that tries to break it:

1. A unit has one sign-in and one sign-out of a trainee: double clicks, two kiosks and restarts give one fact. Units,
   marks and the new fact are read and written in one transaction.
2. A visit is judged by the revision in force at its moment, and by its own stamp, never by when it was stored.
3. Under an untrusted clock a visit is kept as it is (已记录，待核定) and judged later, by a fact, with an anchor's
   time.
4. A hand has equal standing with a face: the same windows, the same credit, with a reason.

`visit.py` has the values, `person.py` one person's claims and their judgement, `desk.py` what kiosk and instructor
call, `provisional.py` the later judgement, `board.py` what a room's kiosk shows and whom it may recognise, `sheets.py`
the lists of signed and unsigned, `lessons.py` what an instructor changes in a lesson.
"""
