"""`python -m chaos`: journeys on real parts while workers, server and mail server fail, and every effect counted."""
