# Strings of several lines.
builtins.fromTOML (builtins.readFile ./data/lines.toml)
