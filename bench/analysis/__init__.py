"""What a cell's figures come to: metrics, intervals, percentiles, steadiness."""
