"""One server for one trial: started, proven, watched and ended."""
