"""The documents, the shipped scheme and the deployment files, held to the code; and what people see in a browser."""
