"""What makes the steps run: the worker, its lines to CRM accounts, their leases, rests and tokens."""
