"""Housekeeping: retention, disk guard, health, clock anchors, seals, backups.

It talks to nothing but the database and the disk, and no other service waits for it. What it deletes it has decided in
`retention.decide`, one pure function; each deletion is a fact with its rule and its confirmation.
"""
