# What says it is a derivation is written whole once.
let d = { type = "derivation"; drvPath = "/a.drv"; outPath = "/o"; x = 1; }; in builtins.toXML [
  d d { type = "derivation"; drvPath = "/b.drv"; outPath = "/p"; inner = d; self.inner = d; }
  { type = "derivation"; outPath = "/q"; y = 1; } { type = "derivation"; drvPath = 1; } { type = "derivation"; } { type = "other"; } { type = 1; }
]
