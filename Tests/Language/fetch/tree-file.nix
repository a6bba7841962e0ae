# differs from 2.8.0: the type `file` came later
builtins.fetchTree { type = "file"; url = "file://${toString ./data}/tree/file"; }
