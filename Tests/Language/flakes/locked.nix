# differs from 2.8.0: builtins.getFlake needs no experimental feature here; relative inputs belong to their flake's tree
(builtins.getFlake (toString ./data/locked)).names
