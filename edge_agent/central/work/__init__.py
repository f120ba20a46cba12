"""What people do at the centre: draw samples, decide, ask for recordings, send messages, rosters and commands."""
