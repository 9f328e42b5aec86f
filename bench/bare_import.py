"""The barest program that starts a workflow for each row of a CSV file. `starter.py import` is compared with it.

`python bench/bare_import.py ADDRESS FILE AT_ONCE`. It has no check, no memo, no search attribute and no outcome file.
"""

import asyncio
import csv
import os
import sys

from temporalio.client import Client


async def _start_all(address: str, file: str, at_once: int) -> None:
    client = await Client.connect(address)
    with open(file, newline="") as rows:  # noqa: ASYNC230, PTH123 - the barest program
        waiting = iter(list(csv.DictReader(rows)))

    async def one_after_another() -> None:
        for row in waiting:
            registration = {
                "candidate_id": row["candidate_id"],
                "name": row["name"],
                "email": row["email"],
                "designation": row["designation"],
                "purchase": {"reference": row["purchase_reference"], "purchased_at": row["purchased_at"]},
            }
            await client.start_workflow(
                "CertificationWorkflow",
                registration,
                id=f"certification:{row['designation']}:{row['candidate_id']}",
                task_queue="certification",
            )

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))


asyncio.run(_start_all(sys.argv[1], sys.argv[2], int(sys.argv[3])))
# Without an ordinary exit, which sometimes crashes after a client was made (sdk-python issue 300).
os._exit(0)
