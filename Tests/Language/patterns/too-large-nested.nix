# More states than are admitted.
builtins.split "(a{1,1000}){1000}" "a"
