# A pattern with `...` is given all arguments of the command line, and a set that it binds has them all.
{ n ? 1, ... }@all: { inherit n; names = builtins.attrNames all; }
