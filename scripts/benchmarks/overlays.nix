# A package set as a fixed point of many overlays, each overriding some packages.
let
  fix = f: let x = f x; in x;
  extends = overlay: f: final: let prev = f final; in prev // overlay final prev;
  name = i: "package${toString i}";
  make = final: i: {
    version = i;
    needs = if i == 0 then [ ] else [ final.${name (i - 1)} final.${name (i / 2)} ];
    depth = if i == 0 then 0 else 1 + final.${name (i / 2)}.depth;
  };
  base = final: builtins.listToAttrs (builtins.genList (i: { name = name i; value = make final i; }) 2500);
  overlay = k: final: prev: builtins.listToAttrs (builtins.genList (j: let n = name (j * 7 + k); in { name = n; value = prev.${n} // { version = k; }; }) 300);
  overlays = builtins.genList overlay 60;
  set = fix (builtins.foldl' (f: o: extends o f) base overlays);
  weight = p: p.version + p.depth + builtins.foldl' (a: d: a + d.version) 0 p.needs;
  once = r: builtins.foldl' (a: n: a + weight set.${n}) r (builtins.attrNames set);
in builtins.foldl' (a: r: a + once r) 0 (builtins.genList (r: r) 520)
