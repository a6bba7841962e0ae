let
  fixed = attrs: let d = derivation ({ name = "f"; system = "s"; builder = "/b"; } // attrs); in [ d.drvPath d.outPath ];
  dependent = hash: (derivation {
    name = "user"; system = "s"; builder = "/b";
    src = derivation { name = "f"; system = "s"; builder = hash; outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; };
  }).outPath;
in [
  (fixed { outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; })
  (fixed { outputHash = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; outputHashAlgo = "sha1"; outputHashMode = "recursive"; })
  (fixed { outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; outputHashAlgo = ""; })
  (fixed { outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; outputHashMode = "recursive"; })
  (fixed { outputHash = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"; outputHashAlgo = "sha256"; outputHashMode = "flat"; })
  # Whoever makes the contents, what depends on them has one path.
  (dependent "/one" == dependent "/two")
]
