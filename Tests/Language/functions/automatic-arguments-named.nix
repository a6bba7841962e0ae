# Without `...` only the arguments that the pattern names are given.
{ n ? 1, m ? 2 }@all: { inherit m n; names = builtins.attrNames all; }
