let f = x: x; in map (e: builtins.isFunction e || e == 1) [ f 1 ]
