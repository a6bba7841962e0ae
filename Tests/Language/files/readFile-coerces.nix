builtins.readFile { outPath = toString ./data/text.txt; }
