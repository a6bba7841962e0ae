{
  inputs = {
    dep.url = "path:./dep";
    plain = { url = "./dep"; flake = false; };
  };
  outputs = { self, dep, plain }: { inherit (dep) name; file = import (plain + "/value.nix"); };
}
