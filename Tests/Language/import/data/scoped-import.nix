[ x (import ./scoped-inner.nix) ]
