"""The loop, the schedule, the checkpoint."""
