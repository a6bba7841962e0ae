# A number selects from a list only, even if it is in quotes.
{ "0" = 1; }
