"""Shows recordings and live video to browsers: a router that the web service mounts behind its own authentication.

Playing needs no copy of a recording: lists and byte ranges point into its files. Lists are always closed (ENDLIST) and
read again while a lesson runs: an open one gives Chromium an infinite duration and no seek bar.
"""
