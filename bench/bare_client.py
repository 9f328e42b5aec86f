"""The barest client that can send one message. `starter.py result` is compared with it.

`python bench/bare_client.py ADDRESS NAMESPACE WORKFLOW_ID MESSAGE PAYLOAD` sends it as an update and prints the answer.
"""

import asyncio
import json
import os
import sys

from temporalio.client import Client


async def _send(address: str, namespace: str, workflow_id: str, message: str, payload: str) -> None:
    client = await Client.connect(address, namespace=namespace)
    handle = client.get_workflow_handle(workflow_id)
    print(json.dumps(await handle.execute_update(message, json.loads(payload))), flush=True)


asyncio.run(_send(*sys.argv[1:]))
# Without an ordinary exit, which sometimes crashes after a client was made (sdk-python issue 300).
os._exit(0)
