# differs from 2.8.0: the newest Nix has short escapes for these two
builtins.toJSON (builtins.fromJSON ''"\u0001\u001f\b\f\n\r\t\u007f"'')
