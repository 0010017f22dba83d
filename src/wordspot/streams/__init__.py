"""How good a recogniser is on long recordings, which are made, heard and scored."""
