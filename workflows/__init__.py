"""The durable shell: one workflow per candidate."""

from workflows.certification import CertificationWorkflow

__all__ = ["CertificationWorkflow"]
