# differs from 2.8.0: TOML 1.0 closes it
builtins.fromTOML "a.b = 1\n[a]\nc = 2"
