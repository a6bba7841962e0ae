# The error is the size, which is found first.
builtins.match "a{100001,5}(" "a"
