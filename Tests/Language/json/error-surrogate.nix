builtins.fromJSON (''"\ud800"'')
