# From n = 200000: a long text is joined, split and replaced in.
n:
let text = builtins.concatStringsSep "," (builtins.genList (i: "item ${toString i}") n);
in builtins.length (builtins.split "," text) + builtins.stringLength (builtins.replaceStrings [ "1" ] [ "one" ] text)
