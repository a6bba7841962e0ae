# Reports about a resolved plan.
{ lib }:
let
  inherit (lib) attrs lists strings versions;
in
{
  # One line of a plan: name, version, size and what the package needs.
  line = plan: name:
    let
      package = plan.packages.${name};
      needs = builtins.attrNames package.needs;
    in
    builtins.concatStringsSep " " [
      (strings.padRight 12 name)
      (strings.padRight 8 (versions.show package.version))
      (strings.padLeft 5 (toString package.size))
      (if needs == [ ] then "-" else strings.commas needs)
    ];

  # The sizes of the whole plan, of the largest package, and of each package with everything that it needs.
  sizes = plan:
    let
      all = builtins.attrValues plan.packages;
      below = name:
        map (item: plan.packages.${item.key}) (builtins.genericClosure {
          startSet = [ { key = name; } ];
          operator = item: map (key: { inherit key; }) (builtins.attrNames plan.packages.${item.key}.needs);
        });
    in
    {
      total = lists.sum (map (package: package.size) all);
      largest = (lists.smallest (a: b: a.size > b.size) all).name;
      withNeeds = builtins.mapAttrs (name: _: lists.sum (map (package: package.size) (below name))) plan.packages;
    };

  # The names of the packages under each license.
  byLicense = plan:
    builtins.mapAttrs
      (_: packages: map (package: package.name) packages)
      (attrs.group (package: package.license) (builtins.attrValues plan.packages));
}
