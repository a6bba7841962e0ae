# More states than are admitted.
builtins.match "a{100000}" "a"
