"""`python -m chaos`: plays journeys while workers, server, mail and record fail, and accounts for every effect."""
