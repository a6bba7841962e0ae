# Builtins have a second name with two underscores where the plain one is not global.
[ (__add 1 2) (__length [ 1 ]) (__typeOf __currentSystem == "string" || true) (__attrNames { a = 1; }) ]
