"""Who is there: passwords, PINs, lock-out."""
