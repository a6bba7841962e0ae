# What coerces to a string copies paths to the store, as interpolation does; toString does not.
let
  path = ./data/file;
  text = "${path}";
in
[
  (builtins.stringLength path == builtins.stringLength text)
  (builtins.substring 11 100 path)
  (builtins.getContext (builtins.substring 0 0 path) == builtins.getContext text)
  (builtins.unsafeDiscardStringContext path == text)
  (builtins.hasContext (builtins.unsafeDiscardStringContext path))
  (builtins.getContext (builtins.unsafeDiscardOutputDependency path) == builtins.getContext text)
  (builtins.concatStringsSep "" [ path ] == text)
  (builtins.hasContext (toString path))
  (builtins.hasContext (builtins.toPath text))
]
