# differs from 2.8.0: builtins.parseFlakeRef came later
builtins.parseFlakeRef "path:/x?colour=red"
