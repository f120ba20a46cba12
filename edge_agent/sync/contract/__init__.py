"""What the agent and the centre say to each other: the only code that both sides share.

1. Nothing that is hashed or signed is ever serialised a second time: a batch carries the journal's stored bytes, and a
   signature covers the text that is sent.
2. Whatever arrives is decoded here within limits, or refused with a code: `RefusedError` is all that escapes.
3. The schemas under `docs/contract` are made from these types, and a test holds both together.
"""
