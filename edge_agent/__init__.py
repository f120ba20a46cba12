"""Evidence for subsidised vocational training: recordings, snapshots and check-in that prove themselves."""

__version__ = "0.1.0"
