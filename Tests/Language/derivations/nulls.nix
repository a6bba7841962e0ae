let d = attrs: (derivation ({ name = "n"; system = "s"; builder = "/b"; } // attrs)).drvPath; in
[ (d { x = null; }) (d { x = null; __ignoreNulls = true; }) (d { __ignoreNulls = true; }) (d { x = ""; }) (d { allowedReferences = [ "out" ]; }) ]
