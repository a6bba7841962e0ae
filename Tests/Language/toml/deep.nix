# differs from 2.8.0: nesting has no bound but memory
builtins.fromTOML "a = [${builtins.concatStringsSep "" (builtins.genList (i: "[") 100000)}${builtins.concatStringsSep "" (builtins.genList (i: "]") 100000)}]" ? a
