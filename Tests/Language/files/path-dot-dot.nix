builtins.readFile (./data/dir + "/../text.txt")
