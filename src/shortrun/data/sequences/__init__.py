"""Letters in columns: aligned proteins, RNA and DNA."""
