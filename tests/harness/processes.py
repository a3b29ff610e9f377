"""Programs that a test started come to their end."""

import subprocess


def wait_or_kill(process, deadline_s=5):
    """For one that was told to end."""
    try:
        process.wait(deadline_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end(process):
    process.terminate()
    wait_or_kill(process)
