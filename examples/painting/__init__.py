"""The painters of the example pictures, each a function of a random generator; see ../paint.py."""
