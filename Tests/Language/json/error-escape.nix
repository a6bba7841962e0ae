builtins.fromJSON (''"\x"'')
