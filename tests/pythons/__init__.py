"""Every variant, and a short run, under every interpreter that is found here."""
