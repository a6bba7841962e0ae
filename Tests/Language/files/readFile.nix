[ (builtins.readFile ./data/text.txt) (builtins.stringLength (builtins.readFile ./data/text.txt)) ]
