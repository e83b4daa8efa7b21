"""Files and messages that come from vendors and go to them."""
