"""Records, takes snapshots and shows live what the plan wants, by copying packets.

Invariants, each with a test that tries to break it:

1. A kill loses at most 1 s of video: fragments of 0.5 s are written as soon as they are complete, and packets wait in
   the socket for 0.2 s at most. A power cut loses at most 6 s: open segments are fdatasynced every 5 s.
2. No camera waits for another, for the database, or for a slow reader: one thread a camera reads and writes, everything
   else happens elsewhere.
3. A gap in the recording has a cause on the record; unheard for 10 s is offline.
4. Every segment plays by itself: it starts with a keyframe, at time 0, with its own header.

Recovery: a killed service leaves `*.part` files; at the next start each is cut after its last whole fragment, hashed
and kept as a torn segment. The gap between them is computed from what is stored.
"""
