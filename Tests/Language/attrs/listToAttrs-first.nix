# The first of equal names counts; the others need no value.
builtins.listToAttrs [ { name = "a"; value = 1; } { name = "a"; } { name = "b"; value = 2; } { name = "a"; value = throw "no"; } ]
