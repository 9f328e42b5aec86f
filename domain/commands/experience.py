"""The message about on-the-job experience."""

from __future__ import annotations

from domain.commands.base import Message
from domain.commands.registration import Experience


class RecordExperience(Message, Experience):
    message = "record_experience"
    about = "records the on-the-job experience"
