"""Everything that each Certpath process needs around the application: settings, connection, logs, servers.

Nothing here knows what a certificate is. Importing this package alone costs no time.
"""
