"""Looking at an evaluation: tables and curves, thresholds by what is wanted, school profiles, the over-block pack."""
