#!/bin/bash
# Answers the points of a planned sweep as an array of TASKS tasks: sbatch THIS_FILE, in a folder that all nodes see.
# A task that is requeued goes on where it was stopped. When all have ended: queuelab sweep merge FOLDER
#SBATCH --job-name=queuelab
#SBATCH --array=1-TASKS
#SBATCH --cpus-per-task=2
#SBATCH --requeue
#SBATCH --signal=B:TERM@60

trap 'kill -TERM "$worker"' TERM
queuelab sweep run FOLDER --shard auto --threads "$SLURM_CPUS_PER_TASK" --quiet &
worker=$!
wait "$worker"
wait "$worker"
