# differs from 2.8.0: no connection is opened
builtins.fetchClosure { fromStore = "https://cache.nixos.org"; }
