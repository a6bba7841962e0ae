builtins.fromJSON ''{"a":1,"a":2,"b":{"c":1}}''
