"""The conversation with a kiosk's browser, over one WebSocket.

The browser sends JPEG frames, each after the last was taken in, and says nothing else. The server answers in JSON:
`{"type": "taken"}` asks for the next frame, `board` is what to show while nobody stands there, `said` is guidance or an
outcome in words for the person. Nothing is announced before it is on the record.
"""
