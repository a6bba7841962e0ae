with { true = 1; map = 2; toString = 3; foo = 4; }; [ true (builtins.isFunction map) foo ]
