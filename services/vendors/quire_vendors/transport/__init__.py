"""How files reach vendors and come from them."""
