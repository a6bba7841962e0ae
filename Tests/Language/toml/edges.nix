[ (builtins.fromTOML "") (builtins.fromTOML "\n\n# only\n") (builtins.fromTOML "a=1") (builtins.fromTOML "a=inf\nb=-inf\nc=+inf") ]
