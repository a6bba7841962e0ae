# From n = 1000: a fixed point of overlays, each of which overrides two packages and adds one.
n:
let
  fix = f: let x = f x; in x;
  extends = overlay: f: final: let prev = f final; in prev // overlay final prev;
  name = i: "package${toString i}";
  base = final: builtins.listToAttrs (builtins.genList (i: { name = name i; value = { version = i; }; }) 3000);
  overlay = i: final: prev: {
    ${name i} = prev.${name i} // { version = prev.${name (i + 1)}.version + 1; };
    ${name (i + 1)} = { version = final.${name (i + 2)}.version; };
    ${"new${toString i}"} = final.${name i};
  };
  packages = fix (builtins.foldl' (f: i: extends (overlay i) f) base (builtins.genList (i: i) n));
in builtins.foldl' (sum: i: sum + packages.${"new${toString i}"}.version) 0 (builtins.genList (i: i) n)
