"""One server beside another: what is proven of their ratio, two references of git, and why."""
