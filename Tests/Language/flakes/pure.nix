# differs from 2.8.0: builtins.getFlake needs no experimental feature here
builtins.getFlake "/some/path"
