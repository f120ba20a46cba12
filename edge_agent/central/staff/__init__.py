"""Who works at the centre: accounts, what they may see and do, sessions, and the record of what they did."""
