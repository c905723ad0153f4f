"""What srun does, on one machine: so many processes of a command, which find in their environment what SLURM tells."""

import os
import subprocess
import sys

from shortrun.ranks import FIRST_PORT

command = sys.argv[1 + sys.argv[1:].index("shortrun") :]
asked = dict(word[2:].split("=") for word in sys.argv[1 : -len(command)])
count = int(asked.get("ntasks", 0)) or int(asked["nodes"]) * int(asked["ntasks-per-node"])
told = {
    "SLURM_STEP_NUM_TASKS": str(count),
    "SLURM_JOB_ID": str(int(os.environ["SHORTRUN_FREE_PORT"]) - FIRST_PORT),
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NODELIST": "localhost",
}
tasks = [subprocess.Popen(command, env=os.environ | told | {"SLURM_PROCID": str(i)}) for i in range(count)]
sys.exit(max(task.wait() for task in tasks))
