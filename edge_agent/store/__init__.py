"""The database and the media folder: what happened is here once, in order, or nowhere.

Invariants, each with a test that tries to break it:

1. A fact, its link and its place in the outbox commit in one transaction (WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`,
   the previous link read inside). A fact's place in the outbox is its id: whatever lies above the centre's watermark is
   still to be sent. After a crash the WAL gives back every announced fact and no half of one.
2. A media row names only a complete file: temporary file, fsync, rename, fsync of the folder, then row and fact in one
   transaction. After a crash between the two, `fsck` finds a file without a row.
3. `Writer.run` returns after the commit; jobs of one process that wait together share one commit.
"""
