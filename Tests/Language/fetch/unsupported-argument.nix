builtins.fetchurl { url = "file:///x"; colour = "red"; }
