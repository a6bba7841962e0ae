# What was evaluated prints whole, whatever it was made of.
let
  set = { list = [ 1 2 ]; function = x: x; nested = { a = -1; b = { }; }; other = [ 1 ]; };
  inherit (set) other;
  pattern = { a ? [ 1 ], b ? 2, ... }@arguments: [ a b arguments ];
in
builtins.seq set.list (builtins.seq set.function (builtins.seq set.nested.a [
  set
  other
  (if true then 1 else 2)
  set.list
  (pattern { })
]))
