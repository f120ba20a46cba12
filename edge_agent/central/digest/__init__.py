"""Facts into what pages show: classes, lessons, attendance, pictures, people, and how each venue stands.

1. Everything here is made from facts, documents and states, and can be made from them again.
2. Each agent's epoch has a cursor; it moves in the transaction that writes what was read, so that a fact counts once,
   whatever dies. Recovery: go on from the cursor.
3. The receivers know nothing of it: it reads what they have committed, in small transactions, and never
   holds their rows.
4. A fact that can't be digested (a fault of ours) is passed over and logged; the fact itself stays where it is.
"""
