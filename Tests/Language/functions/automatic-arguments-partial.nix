# A function that was given its first argument is called for its second.
(x: { a, ... }@all: [ x a (builtins.attrNames all) ]) 1
