# Versions are lists of numbers, and ranges are texts: `*`, `1.2`, `=1.2`, `>=1.2`, `<2.0` or `^1.2`.
{ lib }:
let
  inherit (lib) lists strings;

  # The number of components to which versions are extended before they are compared.
  width = 3;

  fill = version: version ++ builtins.genList (_: 0) (width - lists.min width (builtins.length version));
in
rec {
  parse = text: map strings.toInteger (strings.splitOn "." text);

  show = version: builtins.concatStringsSep "." (map toString version);

  less = a: b: fill a < fill b;
  same = a: b: fill a == fill b;

  # Whether a version is in a range. `^1.2` means at least 1.2 with the same first number, or for 0.x the same two.
  satisfies = range: version:
    let
      rest = prefix: parse (strings.withoutPrefix prefix range);
      compatible = wanted:
        let
          significant = if builtins.head wanted == 0 then 2 else 1;
        in
        !less version wanted && lists.take significant (fill version) == lists.take significant (fill wanted);
    in
    if range == "*" then true
    else if strings.startsWith ">=" range then !less version (rest ">=")
    else if strings.startsWith "<" range then less version (rest "<")
    else if strings.startsWith "^" range then compatible (rest "^")
    else same version (rest "=");
}
