"""What is asked before anything is weighed: who is assessed, and what holds bone-density advice back (section 1)."""
