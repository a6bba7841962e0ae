# differs from 2.8.0: builtins.fetchTree needs no experimental feature here
builtins.fetchTree { type = "path"; path = "/"; colour = "red"; }
