"""Five real peers under fire: killed, frozen, cut off and out of disk while they write, and nothing is lost."""
