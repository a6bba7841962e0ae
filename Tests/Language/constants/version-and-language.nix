[ (builtins.typeOf builtins.nixVersion) builtins.langVersion (builtins.isAttrs builtins.builtins) (builtins ? map) builtins.true ]
