builtins.stringLength "a
b"
