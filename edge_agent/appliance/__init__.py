"""Puts edge_agent onto a device, brings it up to date, takes it away: what `sudo ./install.sh` does.

Runs under the system's Python before there is anything of ours, so it imports the standard library alone.

Invariants: a release is a folder of its own under `/opt/edge_agent/versions`, complete or about to be removed, and
never changed afterwards; `current` is a link that is replaced in one step; the release before is kept. Evidence and
configuration are never deleted. Whatever fails, either the old release runs on or the next attempt starts clean.
"""
