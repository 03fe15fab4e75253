"""What every room needs: errors with a remedy, intervals, numbers in words."""
