# Only some characters are printed as escapes.
builtins.fromJSON ''"\u0001\u007f\b\f"''
