# JSON written and read, several times.
let
  record = i: { id = i; name = "name ${toString i}"; tags = [ "a" "b\n" "c\"" ]; nested = { x = i * 2; y = null; z = true; }; };
  value = builtins.genList record 6000;
  text = builtins.toJSON value;
  round = r: builtins.length (builtins.fromJSON (builtins.toJSON (map (v: v // { inherit r; }) (builtins.fromJSON text))));
in [ (builtins.stringLength text) (map round (builtins.genList (r: r) 32)) ]
