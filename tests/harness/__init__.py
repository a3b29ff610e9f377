"""What the scenarios share: a server of their own, phones, a browser's view of the API.

Standard library only. Nothing here sleeps to let something happen: every wait is for an event and has
a deadline.
"""
