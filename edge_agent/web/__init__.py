"""Pages and API: what people touch.

Invariants, each with a test that tries to break it:

1. Pages read, the API acts: every change a page makes is a call of `/api/v1`, so both have the same rules and roles.
2. Nobody sees what their role does not allow; a kiosk device shows nobody's data, a trainee only their own.
3. No page asks for an address outside the device; no script or style stands inside a page (Content-Security-Policy).
4. A form can't be sent from another site, and not twice with effect: the session's token, the origin, the visit's id.
5. Nothing here waits for the network: database reads in worker threads, one writer, pictures to a child process.

`site.py` is what handlers are given, `guard.py` who may call them, `api/` the actions and `pages/` the views by noun,
`kiosk/` the conversation with a kiosk's browser, `auth/` passwords and lock-out, `live.py` what tells pages to look
again.
"""
