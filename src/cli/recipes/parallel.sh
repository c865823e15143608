#!/bin/bash
# Answers the points of a planned sweep in TASKS shares by GNU parallel, as many at once as there are processors; what is done stays, and the
# same command goes on. --sshlogin HOST,… takes other machines that see the folder.
set -euo pipefail
seq TASKS | parallel --retries 3 queuelab sweep run FOLDER --shard '{}/TASKS' --threads 1 --quiet
queuelab sweep merge FOLDER
