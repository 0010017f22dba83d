"""How fast the program is, measured on the machine it runs on."""
