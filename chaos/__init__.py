"""`python -m chaos`: plays journeys while workers, server and mail server fail, and accounts for every effect."""
