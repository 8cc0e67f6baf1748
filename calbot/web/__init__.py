"""What is served over HTTP below maubot's address of the instance: health, metrics, calendar feeds."""
