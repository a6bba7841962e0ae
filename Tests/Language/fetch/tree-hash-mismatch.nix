# differs from 2.8.0: builtins.fetchTree needs no experimental feature here
builtins.fetchTree { type = "path"; path = toString ./data/tree; narHash = "sha256-AAAAnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA="; }
