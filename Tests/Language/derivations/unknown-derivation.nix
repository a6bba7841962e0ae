# differs from 2.8.0: the message says where the derivation was looked for
derivation {
  name = "x";
  system = "s";
  builder = "b";
  src = builtins.appendContext "text" { "/nix/store/00000000000000000000000000000000-none.drv".outputs = [ "out" ]; };
}
