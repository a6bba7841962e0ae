# The library: one attribute for each file. Every file can use the others.
let
  lib = {
    lists = import ./lists.nix { inherit lib; };
    attrs = import ./attrs.nix { inherit lib; };
    strings = import ./strings.nix { inherit lib; };
    versions = import ./versions.nix { inherit lib; };
    plan = import ./plan.nix { inherit lib; };
  };
in
lib
