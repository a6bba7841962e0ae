let x = "part"; in [ /a/${x} /a/${x}/b /a/x${x}y.nix ./${x} ./a-${x}/../c ]
