"""Cameras: found on the network, bound to a room, opened, checked.

What others use: `sources` opens a bound camera, `registry` keeps the bound ones, `requests` asks for what needs the
ONVIF library (60 MB), and `desk` does it. Rules that this package keeps:

1. A password is tried once, on one device, over one protocol; the label's code only on the device whose serial number
   matched before. Cameras lock out after a handful of wrong guesses, for half an hour and more.
2. What a camera says is not believed: sizes, times and XML are bounded, and addresses that it gives are followed only
   to the host that was asked.
3. A camera is known by its serial number (or its endpoint reference), never by its address.
"""
