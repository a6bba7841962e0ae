# differs from 2.8.0: it has no addDrvOutputDependencies
let
  d = derivation { name = "a"; system = "s"; builder = "/b"; };
  inherit (builtins) getContext addDrvOutputDependencies unsafeDiscardOutputDependency;
  plain = unsafeDiscardOutputDependency d.drvPath;
in
[
  (getContext plain)
  (getContext (addDrvOutputDependencies plain) == getContext d.drvPath)
  # Any text with the context, and again.
  (addDrvOutputDependencies "see ${plain}")
  (getContext (addDrvOutputDependencies d.drvPath) == getContext d.drvPath)
  (getContext (addDrvOutputDependencies { outPath = plain; }) == getContext d.drvPath)
  # What else a string refers to stays.
  (builtins.attrValues (getContext (unsafeDiscardOutputDependency "${d.drvPath} ${d}")))
  (unsafeDiscardOutputDependency "none")
]
