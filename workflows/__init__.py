"""The durable shell: one Temporal workflow for each candidacy."""

from workflows.certification import CertificationWorkflow

__all__ = ["CertificationWorkflow"]
