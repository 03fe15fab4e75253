"""What the figures of a run come to: metrics, intervals, pairs, rankings, steadiness."""
