"""What CRMs and other senders tell becomes facts in leads' mailboxes."""
