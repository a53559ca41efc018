"""What is true about leads, scores and programs. Standard library only; no I/O; time is an argument."""
