"""登记工位 in a browser: a trainee at a time, from consent to the first sign-in, over one WebSocket.

The page sends commands in JSON (`commands.py`) and, once the consent is given and the card was seen, JPEG frames as a
kiosk does. The server answers each with where the visit stands, and says so again as time goes on.
"""
