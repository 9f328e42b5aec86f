module certpath-client-example

go 1.23

require go.temporal.io/sdk v1.34.0
