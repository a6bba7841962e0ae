# The job of this folder: it resolves what an application needs and prints the plan.
#
# It can be evaluated with `firn eval --strict config/examples/packages/main.nix`, or submitted as a file of a root.
let
  lib = import ./lib;
  registry = import ./registry.nix { inherit lib; };
  resolver = import ./resolver.nix { inherit lib; };
  plan = resolver.resolve registry {
    wanted = {
      webapp = ">=1.2";
      monitor = "*";
    };
  };
in
{
  inherit (plan) order;
  versions = builtins.mapAttrs (name: package: lib.versions.show package.version) plan.packages;
  text = lib.strings.unlines (map (lib.plan.line plan) plan.order);
  sizes = lib.plan.sizes plan;
  licenses = lib.plan.byLicense plan;
  unused = lib.lists.subtract plan.order (builtins.attrNames registry);
  refused = resolver.explain registry { wanted.legacy = "<1.0"; };
}
