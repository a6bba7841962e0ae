# differs from 2.8.0: an input that nothing needs is not fetched, one that is needed would need a connection
let
  flake = builtins.getFlake (toString ./data/unlocked);
in
builtins.trace flake.value flake.other
